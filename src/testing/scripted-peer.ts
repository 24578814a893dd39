/** The other side of any protocol, for tests: it does what a script says, and reports what it did not expect. */

import { markHandled, rejectHandled } from '../async/deferred.ts';
import { checkTimeout } from '../async/timer.ts';
import type { Codec } from '../core/codec.ts';
import { checkCodec } from '../core/definition.ts';
import { ClosedError, ConnectError, RefusedError } from '../core/errors.ts';
import { checkKinds, type Names, pickOptions } from '../core/options.ts';
import { memberOf } from '../core/shape.ts';
import type {
  Address,
  BoundAddress,
  ListenAddress,
  Session,
  StreamAddress,
} from '../core/types.ts';
import { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { ProtocolOptions } from '../protocol/machine.ts';
import { checkProtocolOptions, PROTOCOL_OPTIONS } from '../protocol/options.ts';
import { ProtocolServer } from '../server/protocol-server.ts';
import type {
  Expected,
  PeerAnswer,
  PeerReply,
  PeerReplyFunction,
  PeerScript,
  ScriptedSession,
} from './peer-script.ts';
import type { PeerOutput } from './peer-output.ts';
import type { Fault } from './script.ts';
import { Verdict } from './script-verdict.ts';
import { isMatch, type PeerContext, ScriptedConnection } from './scripted-connection.ts';

/** The options of a scripted peer. */
export interface ScriptedPeerOptions<In, Out = In> extends ProtocolOptions {
  /** The codec of this side: it decodes what the side under test sends. */
  readonly codec: Codec<In, Out>;
  /** What the peer does on each connection. Default: it only answers, see `reply()`. */
  readonly script?: PeerScript<In, Out> | undefined;
  /**
   * Runs before the script, as `handshake` of a definition does, with the same session. For what only a
   * handshake can do, such as TLS in the middle of the stream. Default: none.
   */
  readonly handshake?: ((session: Session<In, Out>) => Promise<unknown>) | undefined;
  /** Where `listen()` listens. Default: a free TCP port of 127.0.0.1. */
  readonly address?: ListenAddress | undefined;
  /** How long `done()` waits for the script, in ms of real time. Default 2 000. */
  readonly timeout?: number | undefined;
}

const OPTIONS: Names<ScriptedPeerOptions<never>> = {
  ...PROTOCOL_OPTIONS,
  codec: true,
  script: true,
  handshake: true,
  address: true,
  timeout: true,
};

/** No deadline of the peer's own: the side under test may take as long as its test does. */
const NO_TIMEOUTS = {
  handshake: Infinity,
  drain: Infinity,
  flush: Infinity,
  close: Infinity,
};

/** One call of `reply()`. */
interface Rule<In, Out> {
  readonly when: Expected<In>;
  readonly reply: PeerReply<In, Out>;
}

/**
 * The other side of a client, or of a server, in a test. It listens, dials, or stands at the other end of a
 * stream, for any number of connections, and runs its script on each of them.
 *
 * A failure of the script drops its connection, and `done()` rejects with it: a message that was not expected,
 * one that never came, bytes that are no message, an error of the script itself.
 *
 * @example
 * await using peer = new ScriptedPeer({
 *   codec: lines(),
 *   script: async ({ expect, send }) => {
 *     await send('welcome');
 *     await expect('hello');
 *   },
 * });
 * await client.connect(await peer.listen());
 * await client.send('hello');
 * await peer.done();
 *
 * @typeParam In - What the peer receives.
 * @typeParam Out - What it sends.
 */
export class ScriptedPeer<In, Out = In> implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'ScriptedPeer';

  /** All messages received so far, of all connections, in order. */
  readonly received: In[] = [];

  readonly #options: ScriptedPeerOptions<In, Out>;
  readonly #context: PeerContext<In, Out>;
  readonly #server: ProtocolServer<In, PeerOutput<Out>>;
  readonly #dialled: AsyncProtocol<In, PeerOutput<Out>>[] = [];
  readonly #verdict: Verdict<ScriptedConnection<In, Out>>;
  /** The connections whose script has not begun. */
  readonly #arriving = new Set<ScriptedConnection<In, Out>>();
  /** The last rule is the first to be tried. */
  readonly #rules: Rule<In, Out>[] = [];
  #bound: Promise<BoundAddress> | undefined;
  #refusals = 0;

  /**
   * @param options - The codec, the script, and the options of every protocol. With a `clock`, the delays of
   *   the script are on it.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(options: ScriptedPeerOptions<In, Out>) {
    checkOptions(options);
    this.#options = options;
    this.#verdict = new Verdict(options.timeout ?? DEFAULT_TIMEOUT_MS, this.received);
    this.#context = this.#createContext(options);
    this.#server = this.#createServer();
    void this.#runAll();
  }

  /**
   * Starts to listen, and resolves with the address for a client's `connect()`. Later calls resolve with the
   * same address.
   *
   * @throws {ConnectError} When the address cannot be bound, or the peer was closed.
   */
  listen(): Promise<BoundAddress> {
    if (this.#verdict.isClosed) return closedRejection();
    this.#bound ??= this.#server.listen(this.#options.address ?? { port: 0 });
    return this.#bound;
  }

  /**
   * Stands at the other end of a stream, such as one of a `streamPair()`. The peer owns the stream from the call
   * on. Resolves when its script runs.
   *
   * @throws {ConnectError} When the session was not established, or the peer was closed.
   */
  adopt(stream: StreamAddress['stream']): Promise<void> {
    if (this.#verdict.isClosed) return closedRejection();
    const adopted = this.#server.adopt(stream).then((protocol) => {
      this.#beginOn(protocol);
    });
    return markHandled(adopted);
  }

  /**
   * Dials a server under test. Resolves when the script runs.
   *
   * @throws {ConnectError} When the server cannot be reached, or the peer was closed.
   */
  connect(address: Address): Promise<void> {
    return this.#verdict.isClosed ? closedRejection() : markHandled(this.#connect(address));
  }

  /**
   * Answers each message that is like `when`; the script does not receive it. The last rule that fits counts.
   *
   * @param when - A message, compared deeply, or a function that accepts messages.
   * @param reply - The answer, a fault, or a function that returns one of these, or nothing, for the message.
   */
  reply(when: Expected<In>, reply: PeerReply<In, Out>): this {
    this.#rules.unshift({ when, reply });
    return this;
  }

  /** Destroys the next connections as soon as they are open, before their handshake and their script. */
  refuse(count = 1): void {
    this.#refusals = count;
  }

  /**
   * Sends a message on the newest connection, as the script's `send()` does. Waits for the first one.
   *
   * @throws {ScriptError} When there is no connection after `timeout` ms.
   */
  send(message: Out): Promise<void> {
    return markHandled(this.#newest().then((session) => session.send(message)));
  }

  /**
   * Shows a fault on the newest connection. Waits for the first one.
   *
   * @throws {ScriptError} When there is no connection after `timeout` ms.
   */
  show(fault: Fault): Promise<void> {
    return markHandled(this.#newest().then((session) => session.show(fault)));
  }

  /**
   * Resolves when the script of each connection is done, and every message is answered; with a script, there
   * must be one connection at least. Waits for `timeout` ms at most.
   *
   * @throws The first failure: a `ScriptError`, or what the script has thrown. Each is thrown once, here or
   *   at the end of `await using`.
   */
  async done(): Promise<void> {
    const least = this.#options.script === undefined ? 0 : 1;
    await this.#verdict.until(least, ({ finished }) => finished);
    this.#verdict.throwFailure();
  }

  /** Stops listening and destroys all streams. Resolves when nothing is left open. Never rejects. */
  async close(): Promise<void> {
    this.#verdict.close();
    await Promise.all([
      this.#server.close({ force: true }),
      ...this.#dialled.map((protocol) => protocol.disconnect({ force: true }).catch(ignore)),
    ]);
  }

  /**
   * For `await using`: gives scripts that wait in `expect()`, `send()` or `delay()` the time of `done()`, closes
   * the peer, and throws the first failure that `done()` has not thrown.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#verdict.until(0, ({ settled }) => settled);
    await this.close();
    this.#verdict.throwFailure();
  }

  #createContext(options: ScriptedPeerOptions<In, Out>): PeerContext<In, Out> {
    const { codec, clock, script, handshake } = options;
    return {
      codec,
      clock,
      script,
      handshake,
      onMessage: (message) => this.received.push(message),
      answer: (message, session) => {
        const rule = this.#rules.find(({ when }) => isMatch(when, message));
        return rule && (() => answerOf(rule.reply, message, session));
      },
      onFailure: (error) => {
        this.#verdict.fail(error);
      },
      onEnd: (cause) => {
        this.#verdict.judge(cause);
      },
    };
  }

  #createServer(): ProtocolServer<In, PeerOutput<Out>> {
    const { limits, timeouts, ...options } = this.#protocolOptions();
    return new ProtocolServer<In, PeerOutput<Out>>(
      (number, peer) => {
        const connection = new ScriptedConnection(number, this.#context, peer);
        if (this.#refusals === 0) {
          this.#arriving.add(connection);
          return connection.definition;
        }
        this.#refusals -= 1;
        const refused = new RefusedError('The script refuses the connection');
        return { ...connection.definition, handshake: () => Promise.reject(refused) };
      },
      {
        ...options,
        timeouts: { ...timeouts, backlog: Infinity },
        limits: { ...limits, maxPeers: Infinity, maxHandshakes: Infinity },
        onPeerError: (error, { number }) => {
          const isArriving = ({ session }: ScriptedConnection<In, Out>): boolean =>
            session.number === number;
          // The failures of others are known from the end of their sessions.
          if ([...this.#arriving].some(isArriving)) this.#verdict.judge(error);
        },
      },
    );
  }

  #protocolOptions(): ProtocolOptions {
    const { timeouts, ...options } = pickOptions(this.#options, PROTOCOL_OPTIONS);
    return { ...options, timeouts: { ...NO_TIMEOUTS, ...timeouts } };
  }

  async #runAll(): Promise<void> {
    for await (const protocol of this.#server) this.#beginOn(protocol);
  }

  #beginOn(protocol: AsyncProtocol<In, PeerOutput<Out>>): void {
    const connection = [...this.#arriving].find((each) => each.isOf(protocol));
    if (connection !== undefined) this.#begin(connection);
  }

  #begin(connection: ScriptedConnection<In, Out>): void {
    this.#arriving.delete(connection);
    this.#verdict.add(connection);
    void connection.run();
  }

  async #connect(address: Address): Promise<void> {
    const number = this.#verdict.connections.length + this.#arriving.size + 1;
    const connection = new ScriptedConnection(number, this.#context, () => protocol);
    const protocol: AsyncProtocol<In, PeerOutput<Out>> = new AsyncProtocol<In, PeerOutput<Out>>(
      connection.definition,
      this.#protocolOptions(),
    );
    this.#dialled.push(protocol);
    await protocol.connect(address);
    this.#begin(connection);
  }

  async #newest(): Promise<ScriptedSession<In, Out>> {
    const { connections } = this.#verdict;
    if (connections.length === 0) await this.#verdict.until(1, () => Promise.resolve());
    const connection = connections.at(-1);
    if (connection !== undefined) return connection.session;
    this.#verdict.throwFailure();
    throw closedError();
  }
}

/** The deadline of `done()`. */
const DEFAULT_TIMEOUT_MS = 2_000;
const closedError = (): ConnectError =>
  new ConnectError('connection', new ClosedError('The scripted peer was closed'));

const closedRejection = (): Promise<never> => rejectHandled(closedError());

const ignore = (): undefined => undefined;

function checkOptions<In, Out>(options: ScriptedPeerOptions<In, Out>): void {
  const owner = 'new ScriptedPeer()';
  checkProtocolOptions(owner, options, OPTIONS);
  checkKinds(owner, options, { script: 'function', handshake: 'function' });
  checkCodec(owner, memberOf(options, 'codec'));
  checkTimeout(options.timeout);
}

async function answerOf<In, Out>(
  reply: PeerReply<In, Out>,
  message: In,
  session: ScriptedSession<In, Out>,
): Promise<PeerAnswer<Out>> {
  return isReplyFunction(reply) ? reply(message, session) : reply;
}

const isReplyFunction = <In, Out>(reply: PeerReply<In, Out>): reply is PeerReplyFunction<In, Out> =>
  typeof reply === 'function';
