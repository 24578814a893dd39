/** One connection of a scripted peer: its script, and the messages that the script has not received. */

import { setImmediate } from 'node:timers/promises';
import { abortable } from '../async/abort.ts';
import { type Deferred, deferHandled, markHandled } from '../async/deferred.ts';
import { checkTimeout, startTimer } from '../async/timer.ts';
import type { Codec } from '../core/codec.ts';
import { ClosedError, describe, isWirechartError, type WirechartError } from '../core/errors.ts';
import type { Clock, ProtocolDefinition, Session } from '../core/types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { shown } from './codec-check-error.ts';
import { bytesOf } from './codec-frames.ts';
import { chunksOf } from './codec-stream.ts';
import type {
  Expected,
  PeerAnswer,
  PeerScript,
  ScriptedSendOptions,
  ScriptedSession,
} from './peer-script.ts';
import { outputCodec, type PeerOutput } from './peer-output.ts';
import { isSame } from './same-value.ts';
import { Fault } from './script.ts';
import { ScriptError, toError } from './script-error.ts';

/** What all connections of a peer have in common. */
export interface PeerContext<In, Out> {
  readonly codec: Codec<In, Out>;
  readonly clock: Clock | undefined;
  readonly script: PeerScript<In, Out> | undefined;
  readonly handshake: ((session: Session<In, Out>) => Promise<unknown>) | undefined;
  /** Called with every message. */
  readonly onMessage: (message: In) => void;
  /** Returns the answer to a message; `undefined` if no reply is for it. */
  readonly answer: (
    message: In,
    session: ScriptedSession<In, Out>,
  ) => (() => Promise<PeerAnswer<Out>>) | undefined;
  /** Called when a script, or a message, is not as it must be. */
  readonly onFailure: (error: Error) => void;
  /** Called at the end of a session, with its cause. */
  readonly onEnd: (cause: WirechartError | undefined) => void;
}

/** One connection: its definition, for the protocol that runs it, and its session, for the script. */
export class ScriptedConnection<In, Out> {
  readonly definition: ProtocolDefinition<In, PeerOutput<Out>>;
  readonly session: ScriptedSession<In, Out>;
  readonly #context: PeerContext<In, Out>;
  readonly #protocol: () => AsyncProtocol<In, PeerOutput<Out>>;
  /** That of the handshake, if it has switched to another. */
  #codec: Codec<In, Out>;
  readonly #ended = new AbortController();
  readonly #finished = deferHandled<undefined>();
  #isScripted: boolean;
  #hasFailed = false;
  /** Messages that the script has not received. */
  readonly #waiting: { readonly message: In }[] = [];
  #receiver: Deferred<In> | undefined;
  /** What the script waits for, in words. */
  #awaits: string | undefined;
  /** Resolves when the script waits in `receive()`. */
  #idle = deferHandled<undefined>();
  /** Settles when all messages so far are answered: they are answered in order. */
  #answered: Promise<void> = Promise.resolve();

  /** @param protocol - Returns the protocol that runs the definition. */
  constructor(
    number: number,
    context: PeerContext<In, Out>,
    protocol: () => AsyncProtocol<In, PeerOutput<Out>>,
  ) {
    this.#context = context;
    this.#protocol = protocol;
    this.#codec = context.codec;
    this.#isScripted = context.script !== undefined;
    this.definition = this.#define();
    this.session = {
      number,
      signal: this.#ended.signal,
      receive: () => markHandled(this.#receive('receive()')),
      expect: (expected) => markHandled(this.#expect(expected)),
      send: (message, options) => markHandled(this.#send(message, options)),
      show: (fault) => markHandled(this.#show(fault)),
      encode: (message) => bytesOf(this.#codec.encode(message)),
      delay: (ms) => markHandled(this.#delay(ms)),
    };
  }

  /** Whether it runs on this protocol. */
  isOf(protocol: AsyncProtocol<In, PeerOutput<Out>>): boolean {
    return this.#protocol() === protocol;
  }

  /** What the script waits for, for an error. */
  get awaits(): string {
    return this.#awaits ?? 'something that its own code awaits';
  }

  /** Resolves when the script is done or has failed, and every message is answered. */
  get finished(): Promise<unknown> {
    return this.#finished.promise;
  }

  /** Resolves when the script is finished, or waits in `receive()` for a message that may come or not. */
  get settled(): Promise<unknown> {
    return Promise.race([this.#finished.promise, this.#idle.promise]);
  }

  /** The session is RUNNING: runs the script, and notices the end. */
  async run(): Promise<void> {
    void this.#protocol().closed.then(({ cause }) => {
      this.#end(cause);
    });
    try {
      await this.#context.script?.(this.session);
    } catch (error) {
      if (!this.#isEnd(error)) this.#fail(error);
    }
    this.#isScripted = false;
    const [left] = this.#waiting.splice(0);
    if (left !== undefined) this.#refuse(left.message);
    await this.#answered;
    this.#finished.resolve(undefined);
  }

  #define(): ProtocolDefinition<In, PeerOutput<Out>> {
    const { onMessage, handshake } = this.#context;
    return {
      codec: this.#outputCodec(this.#codec),
      inbound: (message) => {
        onMessage(message);
        return message;
      },
      handshake: async (session) => {
        await handshake?.(this.#sessionOf(session));
      },
      onMessage: (message) => {
        this.#take(message);
      },
    };
  }

  /** The session of the handshake: a codec that it switches to can send faults, too. */
  #sessionOf(session: Session<In, PeerOutput<Out>>): Session<In, Out> {
    const { receive, send, upgrade, negotiated, signal } = session;
    return {
      receive,
      send,
      upgrade,
      negotiated,
      signal,
      get remote() {
        return session.remote;
      },
      switchCodec: (codec: Codec<In, Out>) => {
        session.switchCodec(this.#outputCodec(codec));
        this.#codec = codec;
      },
    };
  }

  #outputCodec(codec: Codec<In, Out>): Codec<In, PeerOutput<Out>> {
    return outputCodec(codec, (cause) => {
      const text = `The peer received bytes that are not a message: ${describe(cause)}`;
      this.#fail(new ScriptError(text, { cause }));
    });
  }

  /** Answers a message, or leaves it to the script. */
  #take(message: In): void {
    const answer = this.#context.answer(message, this.session);
    const receiver = this.#receiver;
    if (answer !== undefined) {
      this.#answered = this.#answered.then(() => this.#answer(answer));
    } else if (receiver !== undefined) {
      this.#receiver = undefined;
      this.#idle = deferHandled<undefined>();
      receiver.resolve(message);
    } else if (this.#isScripted) {
      this.#waiting.push({ message });
    } else {
      this.#refuse(message);
    }
  }

  async #answer(answer: () => Promise<PeerAnswer<Out>>): Promise<void> {
    try {
      const output = await answer();
      if (output instanceof Fault) await this.#show(output);
      else if (output !== undefined) await this.#send(output);
    } catch (error) {
      if (!this.#isEnd(error)) this.#fail(error);
    }
  }

  async #receive(awaits: string): Promise<In> {
    const [first] = this.#waiting.splice(0, 1);
    if (first !== undefined) return first.message;
    if (this.#receiver !== undefined) {
      throw new ScriptError(`The script called ${awaits} while it waits for ${this.awaits}.`);
    }
    this.#receiver = deferHandled<In>();
    if (awaits === 'receive()') this.#idle.resolve(undefined);
    return this.#wait(awaits, this.#receiver.promise);
  }

  async #expect(expected: Expected<In>): Promise<In> {
    const wanted = shown(expected);
    try {
      const message = await this.#receive(`expect(${wanted})`);
      if (isMatch(expected, message)) return message;
      const text = `The script expected ${wanted}, but received ${shown(message)}.`;
      const compared = typeof expected === 'function' ? {} : { expected };
      throw new ScriptError(text, { ...compared, actual: message });
    } catch (error) {
      if (!this.#isEnd(error)) throw this.#fail(error);
      const text = `The script expected ${wanted}, but the session has ended: ${describe(error)}`;
      throw this.#fail(new ScriptError(text, { cause: error }));
    }
  }

  async #send(message: Out, { cuts = [] }: ScriptedSendOptions = {}): Promise<void> {
    if (cuts.length === 0) {
      await this.#output(message);
      return;
    }
    for (const part of chunksOf(this.session.encode(message), cuts)) {
      await this.#output(new Fault('raw', part));
      // What is written in one turn may arrive as one chunk.
      await setImmediate();
    }
  }

  async #show({ kind, bytes }: Fault): Promise<void> {
    if (bytes.length > 0) await this.#output(new Fault('raw', bytes));
    if (kind === 'end' || kind === 'drop') this.#disconnect(kind === 'drop');
  }

  /** Sends something, if there is still a session. */
  async #output(output: PeerOutput<Out>): Promise<void> {
    try {
      await this.#protocol().send(output);
      await this.#protocol().flush();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #delay(ms: number): Promise<void> {
    checkTimeout(ms);
    const passed = deferHandled<undefined>();
    const expire = (): void => {
      passed.resolve(undefined);
    };
    const cancel = startTimer(ms, expire, this.#context.clock);
    try {
      await this.#wait(`delay(${String(ms)})`, passed.promise);
    } finally {
      cancel();
    }
  }

  async #wait<T>(awaits: string, promise: Promise<T>): Promise<T> {
    this.#awaits = awaits;
    try {
      return await abortable(promise, this.#ended.signal);
    } finally {
      this.#awaits = undefined;
    }
  }

  #end(cause: WirechartError | undefined): void {
    if (!this.#hasFailed) this.#context.onEnd(cause);
    this.#ended.abort(new ClosedError('The other side has left', { cause }));
  }

  /** Whether an error says no more than that the session has ended. */
  #isEnd(error: unknown): boolean {
    return this.#ended.signal.aborted && error === this.#ended.signal.reason;
  }

  /** A message came that nothing in the script is for. */
  #refuse(message: In): void {
    const when = this.#context.script === undefined ? '' : ' after its script was done';
    const text = `The peer received ${shown(message)}${when}, and no reply() is for it.`;
    this.#fail(new ScriptError(text, { actual: message }));
  }

  #fail(thrown: unknown): Error {
    const error = toError(thrown);
    if (!this.#hasFailed) this.#context.onFailure(error);
    this.#hasFailed = true;
    this.#disconnect(true);
    return error;
  }

  #disconnect(force: boolean): void {
    this.#protocol()
      .disconnect({ force })
      .catch(() => undefined);
  }
}

/** Whether a message is the expected one. */
export function isMatch<In>(expected: Expected<In>, message: In): boolean {
  return isPredicate(expected) ? expected(message) : isSame(message, expected);
}

const isPredicate = <In>(expected: Expected<In>): expected is (message: In) => boolean =>
  typeof expected === 'function';

/** Whether an error says that there is no session to send in. */
const isGone = (error: unknown): boolean =>
  isWirechartError(error) && error.code !== 'ERR_CODEC' && error.code !== 'ERR_LIMIT';
