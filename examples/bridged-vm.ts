/** One virtual machine between its monitor and a NATS server; see nats-bridge.ts. */

import { setImmediate as turn } from 'node:timers/promises';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import {
  type Address,
  ArgumentError,
  type JsonObject,
  type JsonValue,
  jsonStream,
  supervise,
  type Supervisor,
  WirechartError,
} from '../src/index.ts';
import { type EventListener, ExecuteError, QmpClient } from '../src/qmp/index.ts';
import type { Outbox } from './outbox.ts';

/** What all virtual machines of a bridge have in common. */
export interface House {
  readonly nc: NatsConnection;
  readonly outbox: Outbox;
  /** Tells this run of the bridge from any other. */
  readonly run: string;
  readonly log: (line: string) => void;
  /** There is no going on. */
  readonly fail: (error: Error) => void;
}

type Answer = { return: JsonValue } | { error: { class: string; desc: string } };

/** JSON, in which the 64-bit integers of QMP keep all their digits. */
const json = jsonStream<JsonObject, object>({ integers: 'bigint', terminator: '' });
/** How many commands may wait for their replies, and how long. */
const MOST_COMMANDS = 1000;
const PATIENCE_MS = 60_000;

/** See the module's comment. */
export class BridgedVm {
  readonly name: string;
  readonly #house: House;
  readonly #kept: Supervisor<QmpClient>;
  readonly #commands: Subscription;
  readonly #watching: Promise<unknown>;
  #events: EventListener | undefined;
  #seq = 0;
  #isUp = false;
  #isEnding = false;
  #executing = 0;

  constructor(name: string, address: Address, house: House) {
    this.name = name;
    this.#house = house;
    this.#kept = supervise(QmpClient, address, {
      name,
      // Somebody will mend it, whatever it is, and should not have to come here afterwards.
      retry: () => true,
      backoff: { max: 5000 },
    });
    // One queue group: if two bridges keep the same machine, no command is executed twice.
    const options = { queue: 'wirechart', callback: this.#onCommand };
    this.#commands = house.nc.subscribe(`vm.${name}.execute`, options);
    // From its first words on, it can be asked.
    this.#watching = Promise.all([this.#tellStates(), this.#tellEvents()]);
  }

  /** Takes no more commands: from here on NATS itself answers them, with "no responders". */
  deafen(): Promise<void> {
    return this.#commands.drain();
  }

  /** Ends the session, and says so. Commands that wait are answered with an error. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#kept.stop();
    await turn(); // Lets the last events be read.
    await this.#events?.return();
    await this.#watching;
    this.#publish('state', { state: 'DOWN', reason: 'The bridge has ended' });
  }

  async #tellStates(): Promise<void> {
    this.#publish('state', { state: 'DOWN', reason: 'The bridge has begun' });
    for await (const state of this.#kept.states()) {
      if ((state === 'UP') !== this.#isUp) this.#tellChange();
      if (state !== 'STOPPED') continue;
      if (this.#isEnding) return;
      // It was told to quit, and will be wanted again.
      this.#kept.start();
    }
  }

  #tellChange(): void {
    this.#isUp = !this.#isUp;
    const down = { state: 'DOWN', reason: this.#reason() };
    this.#publish('state', this.#isUp ? { state: 'UP' } : down);
  }

  #reason(): string {
    return this.#kept.failures.at(-1)?.cause.message ?? 'There was no session yet';
  }

  /** A listener that is made right after a session hears the next one from its first event on. */
  async #tellEvents(): Promise<void> {
    while (!this.#isEnding) {
      // Unlimited, because whatever comes is at once with the outbox, which is not.
      this.#events = this.#kept.client.events(undefined, { limit: Infinity });
      for await (const { event, data, timestamp } of this.#events) {
        // The name goes into a subject, where dots, spaces and wildcards have meanings.
        const token = event.replaceAll(/[^\w-]/g, '_') || '_';
        this.#publish(`event.${token}`, { event, data, timestamp });
      }
    }
  }

  /** Numbered, so that whoever listens sees what came twice, and that something is missing. */
  #publish(topic: string, what: object): void {
    const seq = (this.#seq += 1);
    this.#house.outbox.add({
      vm: this.name,
      subject: `vm.${this.name}.${topic}`,
      data: String(json.encode({ seq, ...what })),
      id: `${this.#house.run}.${this.name}.${String(seq)}`,
    });
  }

  readonly #onCommand = (error: Error | null, message: Msg): void => {
    // The server does not let us listen: nobody would ever notice.
    if (error !== null) this.#house.fail(error);
    else
      void this.#answer(message.data).then((answer) => {
        this.#reply(message, answer);
      });
  };

  async #answer(data: Uint8Array): Promise<Answer> {
    if (this.#kept.state !== 'UP') {
      return failure('ERR_STATE', `${this.name} is not up: ${this.#reason()}`);
    }
    if (this.#executing >= MOST_COMMANDS) {
      return failure('ERR_LIMIT', `${this.name} has ${String(MOST_COMMANDS)} commands to answer`);
    }
    this.#executing += 1;
    try {
      const [command, args] = commandOf(data);
      return { return: await this.#kept.client.execute(command, args, { timeout: PATIENCE_MS }) };
    } catch (error) {
      if (error instanceof ExecuteError) return failure(error.errorClass, error.description);
      if (error instanceof WirechartError) return failure(error.code, error.message);
      throw error;
    } finally {
      this.#executing -= 1;
    }
  }

  #reply({ reply = '' }: Msg, answer: Answer): void {
    const { nc, outbox, log } = this.#house;
    const most = nc.info?.max_payload ?? Infinity;
    let data = String(json.encode(answer));
    if (Buffer.byteLength(data) > most) {
      const why = `The reply is larger than the ${String(most)} bytes that the NATS server allows`;
      data = JSON.stringify(failure('ERR_LIMIT', why));
    }
    if (reply === '') log(`${this.name}: nobody asked for the reply ${data}`);
    else outbox.add({ vm: this.name, subject: reply, data });
  }
}

const failure = (code: string, desc: string): Answer => ({ error: { class: code, desc } });

/**
 * What is to be executed.
 *
 * @throws {CodecError} When it is not JSON.
 * @throws {ArgumentError} When it is not a command. A member that nobody knows is a mistake: a command
 *   whose "argument" were ignored would do something else than was meant.
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
      'Send one JSON object: { "command": a name, "arguments": an object, if any }',
    );
  }
  if (args === undefined) return [command, undefined];
  if (typeof args === 'object' && args !== null && !Array.isArray(args)) return [command, args];
  throw new ArgumentError('The arguments of a command are an object');
}
