/**
 * Reports to an inspector, again and again.
 *
 * Nothing is reported before the inspector has proved that it knows the token. The connection never blocks
 * the program and never fails: it is retried with growing delays, and every new connection starts with all
 * living actors. Messages from before the outcome of the first attempt are kept for it, within a bound;
 * after that, nothing is recorded while no inspector is connected. A slow inspector misses messages and
 * then gets the current states.
 */

import { defer } from '../async/deferred.ts';
import type { Names } from '../core/options.ts';
import { memberOf } from '../core/shape.ts';
import { type ActorFeed, now } from './actor-feed.ts';
import { refusalOf } from './remote-events.ts';
import type { InspectOptions, Inspection } from './report.ts';
import {
  type Connection,
  HANDSHAKE_TIMEOUT_MS,
  type Refusal,
  type Transport,
} from './transport.ts';
import type { InspectorCommand } from './wire.ts';

/** The names of the options of a report to an inspector. */
export const INSPECT_OPTIONS: Names<InspectOptions> = { name: true, sanitize: true, control: true };

/** Messages are left out while more than this waits to be sent. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
/** Messages kept for the first connection. */
const MAX_BACKLOG_MESSAGES = 5_000;
/** The delay between two attempts: doubled each time, up to the maximum. */
const MIN_RECONNECT_MS = 250;
const MAX_RECONNECT_MS = 4_000;
/** An inspector that has never been there is missed after so many attempts: after 1.75 s. */
const ATTEMPTS_BEFORE_WARNING = 4;
/** The deadline of the closing handshake. */
const CLOSE_TIMEOUT_MS = HANDSHAKE_TIMEOUT_MS;

/** Connects one feed to an inspector until it is closed. */
export class Reporter {
  readonly #transport: Transport;
  readonly #feed: ActorFeed;
  readonly #name: string | undefined;
  readonly #control: boolean;
  #connection: Connection | undefined;
  /** Messages kept for the first connection; `undefined` once they were sent or dropped. */
  #backlog: string[] | undefined = [];
  #missedMessages = 0;
  #hasWarned = false;
  /** The attempts that nothing has answered; 0 for ever after the first connection. */
  #unanswered: number | undefined = 0;
  #reconnectMs = MIN_RECONNECT_MS;
  #cancelRetry: () => void = () => undefined;
  /** Resolves when the first attempt has succeeded or failed. */
  readonly #firstAttempt = defer<undefined>();
  /** The result of `close()`, once it was called. */
  #closed: Promise<void> | undefined;

  constructor(transport: Transport, feed: ActorFeed, { name, control = false }: InspectOptions) {
    this.#transport = transport;
    this.#feed = feed;
    this.#name = name;
    this.#control = control;
    if (transport.unable !== undefined) {
      this.#warn(transport.unable);
      this.#backlog = undefined;
      this.#firstAttempt.resolve(undefined);
      return;
    }
    feed.add(this.#sink);
    this.#attempt();
  }

  /** The report, as its user gets it. */
  get inspection(): Inspection {
    const close = () => this.close();
    return { inspect: this.#feed.inspect, close, [Symbol.asyncDispose]: close };
  }

  /** Whether something waits to be sent. */
  get isSending(): boolean {
    return this.#hasBacklog || (this.#connection?.unsentBytes ?? 0) > 0;
  }

  /** Resolves when the first attempt has succeeded or failed. */
  get firstAttempt(): Promise<undefined> {
    return this.#firstAttempt.promise;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#transport.dispose?.();
    this.#cancelRetry();
    this.#feed.remove(this.#sink);
    const timer = setTimeout(() => this.#connection?.terminate(), CLOSE_TIMEOUT_MS);
    if (this.#hasBacklog) await this.#firstAttempt.promise;
    await this.#connection?.close();
    clearTimeout(timer);
  }

  get #hasBacklog(): boolean {
    return this.#backlog !== undefined && this.#backlog.length > 0;
  }

  #attempt(): void {
    this.#connect().catch(() => {
      this.#onDisconnected();
    });
  }

  async #connect(): Promise<void> {
    await this.#transport.ready();
    if (this.#closed !== undefined && !this.#hasBacklog) return;
    const connection = this.#transport.connect({
      onProved: () => {
        this.#onProved(connection);
      },
      onCommand: (command) => {
        this.#handleCommand(command);
      },
      onClosed: (refusal) => {
        if (refusal !== undefined) this.#warn(refusal);
        else this.#countUnanswered();
        this.#onDisconnected();
      },
    });
    this.#connection = connection;
  }

  /** Warns once: a wrong token stays wrong, and every attempt ends in the same way. */
  #warn({ why, advice = USE_THE_URL }: Refusal): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#transport.warn(
      `Nothing is reported to the inspector at ${this.#transport.name}: ${why}. ${advice}`,
    );
  }

  /** An inspector that was there may stop and come again. One that never was is perhaps elsewhere. */
  #countUnanswered(): void {
    if (this.#unanswered === undefined || this.#closed !== undefined) return;
    this.#unanswered += 1;
    if (this.#unanswered !== ATTEMPTS_BEFORE_WARNING) return;
    this.#transport.warn(
      `No inspector answers at ${this.#transport.name}. Start one with 'npx wirechart-inspector'; ` +
        'this program goes on trying, and is shown as soon as one is there',
    );
  }

  #onProved(connection: Connection): void {
    this.#reconnectMs = MIN_RECONNECT_MS;
    this.#unanswered = undefined;
    connection.send(JSON.stringify(this.#transport.introduction(this.#name, this.#control)));
    for (const line of this.#backlog ?? []) connection.send(line);
    this.#backlog = undefined;
    this.#replayMissed();
    this.#firstAttempt.resolve(undefined);
  }

  /** The feed's sink during all connections, and before the first one. */
  readonly #sink = (line: string): void => {
    const connection = this.#connection;
    if (this.#backlog !== undefined) {
      if (this.#backlog.length < MAX_BACKLOG_MESSAGES) this.#backlog.push(line);
      else this.#missedMessages += 1;
    } else if (this.#missedMessages > 0 || (connection?.unsentBytes ?? 0) > MAX_UNSENT_BYTES) {
      if (this.#missedMessages === 0) connection?.onceDrained(this.#replayMissed);
      this.#missedMessages += 1;
    } else {
      connection?.send(line);
    }
  };

  /** Reports how many messages were left out, and sends the current states of all actors. */
  readonly #replayMissed = (): void => {
    if (this.#missedMessages === 0) return;
    const text = `The inspector was too slow; it missed ${String(this.#missedMessages)} messages`;
    this.#missedMessages = 0;
    this.#sink(JSON.stringify({ type: 'wirechart.problem', text, at: now() }));
    this.#feed.replay(this.#sink);
  };

  #handleCommand(command: unknown): void {
    if (this.#closed !== undefined || !isCommand(command)) return;
    if (command.type === 'xstate.inspecting') {
      if (this.#feed.isWatched) this.#feed.replay(this.#sink);
      else this.#feed.add(this.#sink);
    } else if (command.type === 'wirechart.wire') {
      this.#feed.setTapping(command.on);
    } else if (this.#control) {
      this.#feed.send(command, refusalOf);
    } else {
      this.#feed.report(NO_CONTROL);
    }
  }

  /** A connection has ended, or an attempt has failed: tries again after a delay. */
  #onDisconnected(): void {
    this.#backlog = undefined;
    this.#missedMessages = 0;
    this.#firstAttempt.resolve(undefined);
    if (this.#closed !== undefined) return;
    this.#feed.remove(this.#sink);
    this.#cancelRetry = this.#transport.later(() => {
      this.#attempt();
    }, this.#reconnectMs);
    this.#reconnectMs = Math.min(2 * this.#reconnectMs, MAX_RECONNECT_MS);
  }
}

const USE_THE_URL =
  'Use the URL that the running inspector prints, and for a forwarded port the same address and number on both hosts';

const NO_CONTROL =
  'The program refused an event: it takes none from an inspector without `control: true` of inspectTo()';

function isCommand(value: unknown): value is InspectorCommand {
  switch (memberOf(value, 'type')) {
    case 'xstate.inspecting':
      return true;
    case 'wirechart.wire':
      return typeof memberOf(value, 'on') === 'boolean';
    case 'xstate.event':
      return typeof memberOf(value, 'event') === 'string';
    default:
      return false;
  }
}
