/** A connection without the types of a schema: what the helpers that run several commands work with. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import type { Passing } from '../core/passing.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { WaitForOptions, Wanted } from './events/event-wait.ts';
import type { EventFilter, EventListener, EventListenerOptions } from './events/events.ts';
import type { ExecuteOptions, ReplyOptions } from './commands/exchange.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

/** The member of a `QmpConnection` that returns it. */
export const LOOSE = Symbol('loose');

/** The untyped inside of a `QmpConnection`. */
export interface LooseClient {
  readonly protocol: AsyncProtocol<JsonObject, QmpCommand, QmpGreeting>;
  readonly greeting: QmpGreeting | undefined;
  /** See `QmpConnection.execute()`. */
  execute(command: string, args?: object, options?: ExecuteOptions): Promise<JsonValue>;
  /** The same for a command with a descriptor, which is passed right before it. */
  executeWith(
    passing: Passing,
    command: string,
    args: object,
    options: ReplyOptions,
  ): Promise<JsonValue>;
  /** See `QmpConnection.waitFor()`. Throws `ArgumentError` for options that cannot be used. */
  waitFor(wanted: Wanted, options?: WaitForOptions): Promise<QmpEvent>;
  /** See `QmpConnection.events()`. */
  listen(filter?: EventFilter, options?: EventListenerOptions): EventListener;
}
