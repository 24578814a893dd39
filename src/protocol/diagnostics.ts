/**
 * What the library publishes with `node:diagnostics_channel`, for tracing and metrics.
 *
 * Whether a channel has subscribers is asked once for each attempt at a session, and once for each command:
 * without subscribers nothing else is done.
 */

import { channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { WirechartError } from '../core/errors.ts';
import type { Remote } from '../core/remote.ts';
import type { Runstate } from '../core/runstate.ts';
import { isSealed } from '../core/sealed-address.ts';
import type { SessionOutcome } from '../core/types.ts';
import { messageToPlain, type Redacting } from '../inspect/sanitize.ts';
import type { Link } from '../machines/link.ts';
import type { ProtocolEmitted } from '../machines/protocol-types.ts';

/** The part of a connection's facade that is published. */
export interface TracedProtocol {
  /** The option `name`. */
  readonly name: string | undefined;
  /** The current state. */
  readonly runstate: Runstate;
  /** Who is at the other end. */
  readonly remote: Remote | undefined;
  /** Returns a short text. */
  toString(): string;
}

/** What all messages of the channels have. */
export interface SessionTrace {
  /** The `AsyncProtocol`: the same object in all messages of one connection. */
  readonly protocol: TracedProtocol;
  /** The option `name`. */
  readonly name: string | undefined;
  /** Counts the attempts of this connection, from 1. */
  readonly session: number;
  /** Who is at the other end; `undefined` until the stream is open. */
  readonly remote: Remote | undefined;
}

/** The message of `tracing:wirechart.connect:*`: an attempt at a session, from CONNECTING to RUNNING. */
export interface ConnectTrace extends SessionTrace {
  /** Where it dials, or listens, without secrets; a stream only by its class. */
  readonly address: unknown;
  /** Why the attempt failed: set for `error`, and from then on. */
  readonly error?: WirechartError;
}

/** The message of `tracing:wirechart.disconnect:*`: the end of a session, from DISCONNECTING to IDLE. */
export interface DisconnectTrace extends SessionTrace {
  /** How the session has ended: set from `asyncStart` on. */
  readonly outcome?: SessionOutcome;
  /** Why the session failed: set for `error`, and from then on. */
  readonly error?: WirechartError;
}

/** The message of `wirechart.message`: one message that was received or sent. */
export interface MessageTrace extends SessionTrace {
  /** `<--` inbound, `-->` outbound. */
  readonly arrow: '<--' | '-->';
  /**
   * The message as JSON, shortened, and without secrets: as `ProtocolDefinition.redact()` returns it. It is
   * converted when this member is read first; read it while the subscriber is called.
   */
  readonly message: unknown;
}

/** The message of `tracing:wirechart.execute:*`: a command of a client, until its reply. */
export interface ExecuteTrace extends SessionTrace {
  /** The name of the command. */
  readonly command: string;
  /** The command with its arguments, as `MessageTrace.message`. */
  readonly message: unknown;
  /** What the call rejects with: set for `error`, and from then on. Also of an error reply. */
  readonly error?: unknown;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The channels of one kind of operation. */
type Tracing<T extends object> = TracingChannel<unknown, T>;

const CONNECT: Tracing<ConnectTrace> = /* @__PURE__ */ tracingChannel('wirechart.connect');
const DISCONNECT: Tracing<DisconnectTrace> = /* @__PURE__ */ tracingChannel('wirechart.disconnect');
const EXECUTE: Tracing<ExecuteTrace> = /* @__PURE__ */ tracingChannel('wirechart.execute');
const MESSAGE = /* @__PURE__ */ channel('wirechart.message');

/** Whether any of the channels has subscribers. */
const isTraced = <T extends object>(tracing: Tracing<T>): boolean =>
  tracing.start.hasSubscribers ||
  tracing.asyncEnd.hasSubscribers ||
  tracing.error.hasSubscribers ||
  tracing.end.hasSubscribers ||
  tracing.asyncStart.hasSubscribers;

/** Publishes that an operation has begun. */
function begin<T extends object>(tracing: Tracing<T>, trace: T): void {
  tracing.start.publish(trace);
  tracing.end.publish(trace);
}

/** Publishes that an operation has ended: as failed, if `trace` has an `error`. */
function finish<T extends { readonly error?: unknown }>(tracing: Tracing<T>, trace: T): void {
  if (trace.error !== undefined) tracing.error.publish(trace);
  tracing.asyncStart.publish(trace);
  tracing.asyncEnd.publish(trace);
}

/** The connection whose sessions are traced. */
export interface TraceSource {
  readonly protocol: TracedProtocol;
  readonly link: Pick<Link<unknown, unknown>, 'definition' | 'observe' | 'remote'>;
  /** The address of the attempt under way. */
  readonly address: unknown;
}

/** Publishes one session, from the beginning of the attempt to its end. */
export class SessionTracer {
  readonly #source: TraceSource;
  readonly #session: number;
  #connect: Mutable<ConnectTrace> | undefined;
  #disconnect: Mutable<DisconnectTrace> | undefined;
  readonly #untap: (() => void) | undefined;

  private constructor(source: TraceSource, session: number) {
    this.#source = source;
    this.#session = session;
    this.#connect = { ...this.#trace(), address: shown(source.address) };
    this.#untap = MESSAGE.hasSubscribers ? this.#tap() : undefined;
    begin(CONNECT, this.#connect);
  }

  /**
   * Takes notice of what the machine emits.
   *
   * @param tracer - That of the session under way, if it is traced.
   * @returns The same, or that of a session that begins; `undefined` when none is under way or it is not traced.
   */
  static report(
    tracer: SessionTracer | undefined,
    emitted: ProtocolEmitted,
    source: () => TraceSource,
  ): SessionTracer | undefined {
    if (tracer !== undefined) return tracer.#report(emitted) ? tracer : undefined;
    const isBeginning = emitted.type === 'runstate' && emitted.runstate === 'CONNECTING';
    return isBeginning && isAnyTraced() ? new SessionTracer(source(), emitted.session) : undefined;
  }

  /** Returns whether the session is still under way. */
  #report(emitted: ProtocolEmitted): boolean {
    if (emitted.type === 'runstate') this.#enter(emitted.runstate);
    if (emitted.type !== 'closed') return true;
    this.#end(emitted.outcome);
    return false;
  }

  #enter(runstate: Runstate): void {
    if (runstate === 'RUNNING' && this.#connect !== undefined) {
      this.#connect.remote = this.#source.link.remote;
      finish(CONNECT, this.#connect);
      this.#connect = undefined;
    }
    if (runstate === 'DISCONNECTING' && this.#connect === undefined) this.#beginEnd();
  }

  #end(outcome: SessionOutcome): void {
    const { cause } = outcome;
    this.#untap?.();
    if (this.#connect !== undefined) {
      this.#connect.remote = this.#source.link.remote;
      if (cause !== undefined) this.#connect.error = cause;
      finish(CONNECT, this.#connect);
      return;
    }
    const trace = this.#disconnect ?? this.#beginEnd();
    trace.outcome = outcome;
    if (cause !== undefined) trace.error = cause;
    finish(DISCONNECT, trace);
  }

  #beginEnd(): Mutable<DisconnectTrace> {
    const trace = this.#trace();
    this.#disconnect = trace;
    begin(DISCONNECT, trace);
    return trace;
  }

  #tap(): () => void {
    const { link } = this.#source;
    return link.observe((arrow, message) => {
      MESSAGE.publish(new TracedMessage(this.#trace(), arrow, message, link.definition));
    });
  }

  #trace(): SessionTrace {
    const { protocol, link } = this.#source;
    return { protocol, name: protocol.name, session: this.#session, remote: link.remote };
  }
}

const isAnyTraced = (): boolean =>
  isTraced(CONNECT) || isTraced(DISCONNECT) || MESSAGE.hasSubscribers;

/** A message that is converted when it is read. */
class Shown {
  readonly #message: unknown;
  readonly #definition: Redacting;
  #shown: unknown;

  constructor(message: unknown, definition: Redacting) {
    this.#message = message;
    this.#definition = definition;
  }

  get message(): unknown {
    this.#shown ??= messageToPlain(this.#message, this.#definition);
    return this.#shown;
  }
}

class TracedMessage extends Shown implements MessageTrace {
  readonly protocol: TracedProtocol;
  readonly name: string | undefined;
  readonly session: number;
  readonly remote: Remote | undefined;
  readonly arrow: '<--' | '-->';

  constructor(
    { protocol, name, session, remote }: SessionTrace,
    arrow: '<--' | '-->',
    message: unknown,
    definition: Redacting,
  ) {
    super(message, definition);
    this.protocol = protocol;
    this.name = name;
    this.session = session;
    this.remote = remote;
    this.arrow = arrow;
  }
}

/** A client's command, for `CommandTracer`. */
interface TracedCommand {
  readonly command: string;
  readonly message: unknown;
  readonly definition: Redacting;
}

class Execution extends Shown implements ExecuteTrace {
  readonly protocol: TracedProtocol;
  readonly name: string | undefined;
  readonly session: number;
  readonly remote: Remote | undefined;
  readonly command: string;
  error?: unknown;

  constructor(protocol: CommandSource, { command, message, definition }: TracedCommand) {
    super(message, definition);
    this.protocol = protocol;
    this.name = protocol.name;
    this.session = protocol.stats.attempts;
    this.remote = protocol.remote;
    this.command = command;
  }
}

/** The connection that a client's commands are sent over. */
interface CommandSource extends TracedProtocol {
  readonly stats: { readonly attempts: number };
}

/** Publishes one command of a client, from its creation on. */
export class CommandTracer {
  readonly #trace: Execution;

  constructor(protocol: CommandSource, command: TracedCommand) {
    this.#trace = new Execution(protocol, command);
    begin(EXECUTE, this.#trace);
  }

  /** Whether there are subscribers. */
  static get isWanted(): boolean {
    return isTraced(EXECUTE);
  }

  /** @param error - Why it has failed. */
  finish(error?: unknown): void {
    if (error !== undefined) this.#trace.error = error;
    finish(EXECUTE, this.#trace);
  }
}

/** An address as it may be shown: the machine keeps it sealed where it has secrets. */
const shown = (address: unknown): unknown => (isSealed(address) ? address.toJSON() : address);
