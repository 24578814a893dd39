/** The messages of QMP, as they are on the wire, and what is known of some commands and events. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';

/** The server's first message (qmp-spec, "Server Greeting"). */
export interface QmpGreeting {
  readonly QMP: {
    readonly version: VersionInfo;
    /** What may be negotiated; `oob` is the only one known. */
    readonly capabilities: readonly string[];
  };
}

/** A command (qmp-spec, "Issuing Commands"); `exec-oob` asks for out-of-band execution. */
export type QmpCommand = ({ readonly execute: string } | { readonly 'exec-oob': string }) & {
  readonly arguments?: object | undefined;
  readonly id?: JsonValue | undefined;
};

/** A reply (qmp-spec, "Commands Responses"). */
export type QmpReply = SuccessReply | ErrorReply;

/** The command succeeded. */
export interface SuccessReply {
  readonly return: JsonValue;
  readonly id?: JsonValue;
}

/** The command failed. */
export interface ErrorReply {
  readonly error: { readonly class: string; readonly desc: string };
  readonly id?: JsonValue;
}

/** An event (qmp-spec, "Asynchronous events"). */
export interface QmpEvent<Data = JsonObject | undefined> {
  readonly event: string;
  readonly data: Data;
  /** When it happened, by the server's clock; both members are -1 if that failed. */
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

/** Nothing: an empty object on the wire. */
export type Empty = Readonly<Record<string, never>>;

/**
 * Commands with what they take and return. The list is short; others take any object and return any
 * JSON value. Add your own by declaration merging:
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

/** Events with their data. See `QmpCommands` for how to add to it. */
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

/** A command's name: a known one, or any other. */
export type CommandName = keyof QmpCommands | (string & NonNullable<unknown>);
/** What a command takes. */
export type Arguments<C> = C extends keyof QmpCommands ? QmpCommands[C]['arguments'] : object;
/** What a command returns. */
export type Returns<C> = C extends keyof QmpCommands ? QmpCommands[C]['returns'] : JsonValue;
/** An event's name: a known one, or any other. */
export type EventName = keyof QmpEvents | (string & NonNullable<unknown>);
/** The event of a name. */
export type EventOf<E> = QmpEvent<
  E extends keyof QmpEvents ? QmpEvents[E] : JsonObject | undefined
>;
