/** The messages of QMP as they are on the wire, and the types of some commands and events. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';

/** The server's first message (qmp-spec, "Server Greeting"). */
export interface QmpGreeting {
  readonly QMP: {
    readonly version: VersionInfo;
    /** The capabilities that the server offers; `oob` is the only one defined. */
    readonly capabilities: readonly string[];
  };
}

/** A command (qmp-spec, "Issuing Commands"); `exec-oob` requests out-of-band execution. */
export type QmpCommand = ({ readonly execute: string } | { readonly 'exec-oob': string }) & {
  readonly arguments?: object | undefined;
  readonly id?: JsonValue | undefined;
};

/** A reply (qmp-spec, "Commands Responses"). */
export type QmpReply = SuccessReply | ErrorReply;

/** The reply of a command that succeeded. */
export interface SuccessReply {
  readonly return: JsonValue;
  readonly id?: JsonValue;
}

/** The reply of a command that failed. */
export interface ErrorReply {
  readonly error: { readonly class: string; readonly desc: string };
  readonly id?: JsonValue;
}

/** An event (qmp-spec, "Asynchronous events"). */
export interface QmpEvent<Data = JsonObject | undefined> {
  readonly event: string;
  readonly data: Data;
  /** The time of the event by the server's clock; both members are -1 if the clock could not be read. */
  readonly timestamp: { readonly seconds: number; readonly microseconds: number };
}

/** What `query-version` returns. */
export interface VersionInfo {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
  readonly package: string;
}

/** What `query-status` returns. */
export interface StatusInfo {
  readonly status: string;
  readonly running: boolean;
}

/** An empty object on the wire. */
export type Empty = Readonly<Record<string, never>>;

/**
 * The types of the arguments and the return value of some commands. Any other command takes any object
 * and returns any JSON value. Add commands by declaration merging:
 *
 * @example
 *   declare module 'wirechart/qmp' {
 *     interface QmpCommands {
 *       'x-mine': { arguments: { size: number }; returns: { ok: boolean } };
 *     }
 *   }
 */
export interface QmpCommands {
  qmp_capabilities: { arguments: { enable?: string[] }; returns: Empty };
  quit: { arguments: Empty; returns: Empty };
  stop: { arguments: Empty; returns: Empty };
  cont: { arguments: Empty; returns: Empty };
  system_reset: { arguments: Empty; returns: Empty };
  system_powerdown: { arguments: Empty; returns: Empty };
  'query-version': { arguments: Empty; returns: VersionInfo };
  'query-status': { arguments: Empty; returns: StatusInfo };
  'query-name': { arguments: Empty; returns: { readonly name?: string } };
  'query-commands': { arguments: Empty; returns: readonly { readonly name: string }[] };
  'query-events': { arguments: Empty; returns: readonly { readonly name: string }[] };
  'query-yank': { arguments: Empty; returns: readonly JsonObject[] };
}

/** The types of the data of some events. Add events by declaration merging, as for `QmpCommands`. */
export interface QmpEvents {
  STOP: undefined;
  RESUME: undefined;
  SUSPEND: undefined;
  WAKEUP: undefined;
  POWERDOWN: undefined;
  SHUTDOWN: { readonly guest: boolean; readonly reason: string };
  RESET: { readonly guest: boolean; readonly reason: string };
  JOB_STATUS_CHANGE: { readonly id: string; readonly status: string };
}

/** The name of a command: one of `QmpCommands`, or any other. */
export type CommandName = keyof QmpCommands | (string & NonNullable<unknown>);
/** The arguments of a command. */
export type Arguments<C> = C extends keyof QmpCommands ? QmpCommands[C]['arguments'] : object;
/** The return value of a command. */
export type Returns<C> = C extends keyof QmpCommands ? QmpCommands[C]['returns'] : JsonValue;
/** The name of an event: one of `QmpEvents`, or any other. */
export type EventName = keyof QmpEvents | (string & NonNullable<unknown>);
/** An event of this name. */
export type EventOf<E> = QmpEvent<
  E extends keyof QmpEvents ? QmpEvents[E] : JsonObject | undefined
>;
