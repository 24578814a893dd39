/** The messages of QMP as they are on the wire, and how the types of commands and events are looked up in a schema. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import type { Qapi } from '../qapi/11.1.ts';
import type { Empty } from '../qapi/base.ts';

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

/**
 * A schema: the types of the commands and events of one version of QEMU. `wirechart/qapi/7.2`, `/10.0` and
 * `/11.1` have one each, called `Qapi`; `QmpClient` has the newest by default.
 *
 * @example
 * import type { Qapi } from 'wirechart/qapi/7.2';
 *
 * const qmp = new QmpClient<Qapi>();
 */
export interface QapiSchema {
  /** By the name of a command, `{ arguments, returns }`. */
  readonly commands: object;
  /** By the name of an event, the type of its data; `undefined` if it has none. */
  readonly events: object;
  /** Whether other commands and events are allowed, too: with any object, returning any JSON value. */
  readonly open?: boolean;
}

/**
 * A schema with the commands and events of another one, which also allows all others.
 *
 * @example
 * const qmp = new QmpClient<OpenQapi>();
 * await qmp.execute('x-mine', { size: 1 });
 */
export interface OpenQapi<S extends QapiSchema = Qapi> {
  readonly commands: CommandsOf<S>;
  readonly events: EventsOf<S>;
  readonly open: true;
}

/** A schema that knows no command and no event, and allows all. */
export interface AnyQapi extends QapiSchema {
  readonly open: true;
}

/**
 * The commands of a schema. `QapiSchema` itself stands for the default: that is what TypeScript infers where the class
 * `QmpClient` is passed without a schema, as to `supervise()`.
 */
export type CommandsOf<S extends QapiSchema = Qapi> = QapiSchema extends S
  ? Qapi['commands']
  : S['commands'];

/** The same for the events. */
export type EventsOf<S extends QapiSchema = Qapi> = QapiSchema extends S
  ? Qapi['events']
  : S['events'];

/** Any other name. Written so that editors offer the names of a schema. */
type AnyOther<S extends QapiSchema> = S['open'] extends true
  ? string & NonNullable<unknown>
  : never;

/** The name of a command of a schema. */
export type CommandName<S extends QapiSchema = Qapi> = (keyof CommandsOf<S> & string) | AnyOther<S>;

/** The arguments of a command. */
export type Arguments<C, S extends QapiSchema = Qapi> = C extends keyof CommandsOf<S>
  ? CommandsOf<S>[C] extends { readonly arguments: infer A extends object }
    ? A
    : object
  : object;

/** The return value of a command. */
export type Returns<C, S extends QapiSchema = Qapi> = C extends keyof CommandsOf<S>
  ? CommandsOf<S>[C] extends { readonly returns: infer R }
    ? R
    : JsonValue
  : JsonValue;

/**
 * What follows the name of a command in a call: its arguments, then options. The arguments can be left out if
 * none of them is required.
 */
export type CommandRest<C, Options, S extends QapiSchema = Qapi> =
  Empty extends Arguments<C, S>
    ? [args?: Arguments<C, S> | undefined, options?: Options]
    : [args: Arguments<C, S>, options?: Options];

/** The name of an event of a schema. */
export type EventName<S extends QapiSchema = Qapi> = (keyof EventsOf<S> & string) | AnyOther<S>;

/** An event of this name; of several names, a union that the name tells apart. */
export type EventOf<E, S extends QapiSchema = Qapi> = E extends keyof EventsOf<S> & string
  ? QmpEvent<EventsOf<S>[E], E>
  : QmpEvent;

/** Any event of a schema: a union that the name tells apart. */
export type AnyEventOf<S extends QapiSchema = Qapi> = [keyof EventsOf<S>] extends [never]
  ? QmpEvent
  : EventOf<keyof EventsOf<S> & string, S>;

/** What `query-status` returns. */
export type StatusInfo = Returns<'query-status'>;
