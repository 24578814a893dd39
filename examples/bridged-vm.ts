/** Connects the monitor of one virtual machine to a NATS server; see nats-bridge.ts. */

import { setImmediate as turn } from 'node:timers/promises';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  type Address,
  ArgumentError,
  type JsonObject,
  type JsonValue,
  jsonStream,
  printable,
  redactSecrets,
  supervise,
  type Supervisor,
  WirechartError,
} from '../src/index.ts';
import { type AnyQapi, type EventListener, ExecuteError, QmpClient } from '../src/qmp/index.ts';
import type { Outbox } from './outbox.ts';

/** What all virtual machines of a bridge share. */
export interface BridgeContext {
  readonly nc: NatsConnection;
  readonly outbox: Outbox;
  /** Identifies this run of the bridge. */
  readonly run: string;
  /** Whether clients may execute a command. */
  readonly isAllowed: (command: string) => boolean;
  readonly log: (line: string) => void;
  /** Ends the bridge with an error that a retry cannot resolve. */
  readonly fail: (error: Error) => void;
}

type Answer = { return: JsonValue } | { error: { class: string; desc: string } };

/** JSON with exact 64-bit integers, as QMP has them. */
const json = jsonStream<JsonObject, object>({ integers: 'bigint', terminator: '' });
const MAX_PENDING_COMMANDS = 1000;
const COMMAND_TIMEOUT_MS = 60_000;
/** The longest part of an event's name in a subject: those of QEMU have fewer than 40 characters. */
const MAX_TOKEN_CHARACTERS = 64;
/**
 * The subjects that replies are sent to: those that clients of NATS make for themselves. The requester
 * chooses the subject, and we may publish on more subjects than it: it could have a reply sent as the state
 * of another machine.
 */
const INBOX = /^_INBOX(?:\.[^.*>]+)+$/;
const PLAIN_TEXT = /^[!-~]{1,256}$/;

/** Executes commands from NATS, and publishes events and states to it. */
export class BridgedVm {
  readonly name: string;
  readonly #context: BridgeContext;
  /** Passes on the commands and events of any server, whatever they are. */
  readonly #supervisor: Supervisor<QmpClient<AnyQapi>>;
  readonly #commands: Subscription;
  readonly #publishing: Promise<unknown>;
  #events: EventListener | undefined;
  #seq = 0;
  #isUp = false;
  #isEnding = false;
  #pendingCommands = 0;

  constructor(name: string, address: Address, context: BridgeContext) {
    this.name = name;
    this.#context = context;
    this.#supervisor = supervise(QmpClient<AnyQapi>, address, {
      name,
      // Any failure may be repaired later, and a machine that was shut down may be started again: then the
      // bridge must not need a restart.
      retry: () => true,
      restart: 'always',
      backoff: { max: 5000 },
    });
    // In a queue group, each command goes to one subscriber, even if two bridges have the same machine.
    const options = { queue: 'wirechart', callback: this.#onCommand };
    this.#commands = context.nc.subscribe(`vm.${name}.execute`, options);
    // After the subscription, so that a client that sees the first state can send commands.
    this.#publishing = Promise.all([this.#publishStates(), this.#publishEvents()]);
  }

  /** Accepts no more commands: from then on NATS answers them with "no responders". */
  stopCommands(): Promise<void> {
    return this.#commands.drain();
  }

  /** Ends the session, and publishes that. Pending commands are answered with an error. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#supervisor.stop();
    await turn(); // For `#publishEvents()` to read the last events.
    await this.#events?.return();
    await this.#publishing;
    this.#publishDown('The bridge has stopped');
  }

  async #publishStates(): Promise<void> {
    this.#publishDown('The bridge has started');
    for await (const state of this.#supervisor.states()) {
      if ((state === 'UP') !== this.#isUp) this.#publishChange();
      if (state === 'STOPPED') return;
    }
  }

  #publishChange(): void {
    this.#isUp = !this.#isUp;
    if (this.#isUp) this.#publish('state', { state: 'UP' });
    else this.#publishDown(this.#reason());
  }

  /** Gets through whatever the peer has said: the reason is cut, or left out. */
  #publishDown(reason: string): void {
    const down = (text: string) => ({ state: 'DOWN', reason: text });
    this.#publish(
      'state',
      down(reason),
      down('The NATS server does not allow the length of the reason'),
    );
  }

  /** Shortened, as it may be a text of the peer. */
  #reason(): string {
    return cut(this.#supervisor.failures.at(-1)?.cause.message ?? 'There has been no session yet');
  }

  /** A listener that is created when a session has ended receives all events of the next one. */
  async #publishEvents(): Promise<void> {
    while (!this.#isEnding) {
      // Without a limit of their number: events move on at once to the outbox, which has one.
      const options = { limit: Infinity, overflow: 'drop-oldest' } as const;
      this.#events = this.#supervisor.client.events(undefined, options);
      try {
        await this.#publishEventsOf(this.#events);
      } catch {
        // The session has failed: the state DOWN has the reason.
      }
    }
  }

  async #publishEventsOf(events: EventListener): Promise<void> {
    let dropped = 0;
    for await (const { event, data, timestamp } of events) {
      const missed = events.dropped - dropped;
      dropped += missed;
      this.#seq += missed;
      this.#context.outbox.lose(this.name, missed);
      // In a subject, dots, spaces and wildcards have special meanings.
      const token = event.slice(0, MAX_TOKEN_CHARACTERS).replaceAll(/[^\w-]/g, '_') || '_';
      this.#publish(`event.${token}`, { event, data, timestamp });
    }
  }

  /**
   * Numbers the message, so that subscribers detect duplicates and gaps.
   *
   * @param short - What is sent if the server does not allow the size of `content`.
   */
  #publish(topic: string, content: object, short?: object): void {
    const seq = (this.#seq += 1);
    const { outbox, run } = this.#context;
    let data: string;
    try {
      data = json.encode({ seq, ...content });
    } catch {
      outbox.lose(this.name); // Nested more deeply than the codec writes.
      return;
    }
    outbox.add({
      vm: this.name,
      subject: `vm.${this.name}.${topic}`,
      data,
      id: `${run}.${this.name}.${String(seq)}`,
      shorten: short && (() => JSON.stringify({ seq, ...short })),
    });
  }

  readonly #onCommand = (error: Error | null, message: Msg): void => {
    const { reply = '' } = message;
    // The server denied the subscription. The bridge would run without ever receiving a command.
    if (error !== null) this.#context.fail(error);
    else if (reply !== '' && !(INBOX.test(reply) && PLAIN_TEXT.test(reply))) {
      const shown = printable(cut(reply, 100));
      this.#context.log(
        `${this.name}: refused a command, as its reply is not to _INBOX.: ${shown}`,
      );
    } else
      void this.#answer(message.data).then((answer) => {
        this.#reply(reply, answer);
      });
  };

  async #answer(data: Uint8Array): Promise<Answer> {
    if (this.#supervisor.state !== 'UP') {
      return failure('ERR_STATE', `${this.name} is not up: ${this.#reason()}`);
    }
    if (this.#pendingCommands >= MAX_PENDING_COMMANDS) {
      const count = String(MAX_PENDING_COMMANDS);
      return failure('ERR_LIMIT', `${this.name} has ${count} pending commands`);
    }
    this.#pendingCommands += 1;
    try {
      const [command, args] = commandOf(data);
      if (!this.#context.isAllowed(command)) {
        return failure('ERR_NOT_ALLOWED', `The bridge does not allow '${cut(command, 100)}'`);
      }
      const { client } = this.#supervisor;
      return { return: await client.execute(command, args, { timeout: COMMAND_TIMEOUT_MS }) };
    } catch (error) {
      if (error instanceof ExecuteError) return failure(error.errorClass, error.description);
      if (error instanceof WirechartError) return failure(error.code, error.message);
      // A mistake in the bridge must not end it for all machines.
      this.#context.log(`${this.name}: ${printable(cut(String(error)))}`);
      return failure('ERR_BRIDGE', 'The bridge has failed to execute the command');
    } finally {
      this.#pendingCommands -= 1;
    }
  }

  #reply(subject: string, answer: Answer): void {
    const { outbox, log } = this.#context;
    if (subject === '') {
      const shown = JSON.stringify(redactSecrets(answer, { also: CONTENTS }), plainNumbers);
      log(`${this.name}: no reply was requested: ${printable(cut(shown))}`);
      return;
    }
    const shorten = (maxBytes: number) => {
      const why = `The reply is larger than the ${String(maxBytes)} bytes that the NATS server allows`;
      return JSON.stringify(failure('ERR_LIMIT', why));
    };
    outbox.add({ vm: this.name, subject, data: textOf(answer), shorten });
  }
}

/** Members of replies with the contents of files of a guest, and what its programs print. */
const CONTENTS = ['buf-b64', 'out-data', 'err-data'];

const plainNumbers = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;

function textOf(answer: Answer): string {
  try {
    return json.encode(answer);
  } catch {
    const why = 'The reply is nested more deeply than the bridge can write';
    return JSON.stringify(failure('ERR_LIMIT', why));
  }
}

/** The longest text of a peer that is passed on. */
const MAX_TEXT_CHARACTERS = 4096;

const cut = (text: string, max = MAX_TEXT_CHARACTERS): string =>
  text.length <= max ? text : `${text.slice(0, max)}…`;

const failure = (code: string, desc: string): Answer => ({ error: { class: code, desc } });

/**
 * Parses a request.
 *
 * @throws {CodecError} When it is not JSON.
 * @throws {ArgumentError} When it is not a command. Unknown members are rejected: if a misspelt member
 *   "argument" were ignored, the command would do something else than intended.
 */
function commandOf(data: Uint8Array): [string, JsonObject | undefined] {
  const decoder = json.createDecoder({});
  decoder.write(data);
  const message = decoder.read();
  const isOne = message !== undefined && decoder.read() === undefined;
  decoder.end();
  const { command, arguments: args, ...others } = isOne ? message : {};
  if (typeof command !== 'string' || command === '' || Object.keys(others).length > 0) {
    throw new ArgumentError(
      'Send one JSON object: { "command": a name, "arguments": an object (optional) }',
    );
  }
  if (args === undefined) return [command, undefined];
  if (typeof args === 'object' && args !== null && !Array.isArray(args)) return [command, args];
  throw new ArgumentError('"arguments" must be an object');
}
