/** The messages of QMP as they are on the wire, and the types of some commands and events. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';

/** The server's first message (qmp-spec, "Server Greeting"). */
export interface QmpGreeting {
  /** The version of the server, and the capabilities that can be negotiated. */
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
  /** The return value of the command. */
  readonly return: JsonValue;
  /** The id of the command; absent if the command had none. */
  readonly id?: JsonValue;
}

/** The reply of a command that failed. */
export interface ErrorReply {
  /** Why: a class to compare, such as `CommandNotFound`, and a text for people. */
  readonly error: { readonly class: string; readonly desc: string };
  /** The id of the command; absent if the server could not read one. */
  readonly id?: JsonValue;
}

/** An event (qmp-spec, "Asynchronous events"). */
export interface QmpEvent<Data = JsonObject | undefined, Name extends string = string> {
  /** The name of the event. */
  readonly event: Name;
  /** The data of the event; `undefined` if it has none. */
  readonly data: Data;
  /** The time of the event by the server's clock; both members are -1 if the clock could not be read. */
  readonly timestamp: { readonly seconds: number; readonly microseconds: number };
}

/** What `query-version` returns. */
export interface VersionInfo {
  /** The version of QEMU. */
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
  /** The version of the package that QEMU came in; may be empty. */
  readonly package: string;
}

/** What `query-status` returns. */
export interface StatusInfo {
  /** The run state, such as `running`, `paused` or `prelaunch`. */
  readonly status: string;
  /** Whether the virtual CPUs run. */
  readonly running: boolean;
}

/** An empty object on the wire. */
export type Empty = Readonly<Record<string, never>>;

/**
 * The types of the arguments and the return value of some commands. Any other command takes any object
 * and returns any JSON value. Add commands by declaration merging:
 *
 * @example
 * declare module 'wirechart/qmp' {
 *   interface QmpCommands {
 *     'x-mine': { arguments: { size: number }; returns: { ok: boolean } };
 *   }
 * }
 */
export interface QmpCommands {
  /** Ends the negotiation. `QmpClient` executes it in the handshake. */
  qmp_capabilities: { arguments: { enable?: string[] }; returns: Empty };
  /** Ends QEMU at once, without asking the guest. */
  quit: { arguments: Empty; returns: Empty };
  /** Pauses the virtual CPUs. */
  stop: { arguments: Empty; returns: Empty };
  /** Lets the virtual CPUs run, or run again. */
  cont: { arguments: Empty; returns: Empty };
  /** Resets the machine, as its reset button does. */
  system_reset: { arguments: Empty; returns: Empty };
  /** Asks the guest to power off, as its power button does. */
  system_powerdown: { arguments: Empty; returns: Empty };
  /** Returns the version of QEMU. */
  'query-version': { arguments: Empty; returns: VersionInfo };
  /** Returns whether the guest runs, and its run state. */
  'query-status': { arguments: Empty; returns: StatusInfo };
  /** Returns the name that the guest was given. */
  'query-name': { arguments: Empty; returns: { readonly name?: string } };
  /** Returns the names of all commands. */
  'query-commands': { arguments: Empty; returns: readonly { readonly name: string }[] };
  /** Returns the names of all events. */
  'query-events': { arguments: Empty; returns: readonly { readonly name: string }[] };
  /** Returns the instances whose connections `yank` can break. */
  'query-yank': { arguments: Empty; returns: readonly JsonObject[] };
}

/** The types of the data of some events. Add events by declaration merging, as for `QmpCommands`. */
export interface QmpEvents {
  /** The virtual CPUs were paused. */
  STOP: undefined;
  /** The virtual CPUs run, or run again. */
  RESUME: undefined;
  /** The guest has gone to sleep. */
  SUSPEND: undefined;
  /** The guest has woken up. */
  WAKEUP: undefined;
  /** The guest is asked to power off. */
  POWERDOWN: undefined;
  /** The machine shuts down; whether the guest wanted it, and why. */
  SHUTDOWN: { readonly guest: boolean; readonly reason: string };
  /** The machine was reset; whether the guest wanted it, and why. */
  RESET: { readonly guest: boolean; readonly reason: string };
  /** A job has another status. */
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
/** An event of this name; of several names, a union that the name tells apart. */
export type EventOf<E> = E extends keyof QmpEvents ? QmpEvent<QmpEvents[E], E> : QmpEvent;
