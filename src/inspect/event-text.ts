/** The texts of events in messages, as XState 4 and SCXML have them. */

import { type Redacting, standIn } from '../core/redactors.ts';
import { memberOf } from '../core/shape.ts';
import { innerOf, type JsonText, nameText } from './json-text.ts';
import { toV4Name } from './names.ts';
import { shortName } from './short.ts';
import type { Json } from './wire.ts';
import { linkOf } from './wiretap.ts';
import { type AnyEvent, parentOf, snapshotOf, START_EVENT, type WatchableActor } from './xstate.ts';

/** Converts a value to JSON that can be shown. Never throws. */
export type Plain = (value: unknown) => Json;

/** The most messages of an event that are shown. */
const MAX_MESSAGES = 100;

/** An event with its XState 4 name and data, as they stand in a string of a message. */
export interface EventText {
  readonly event: AnyEvent;
  readonly name: string;
  readonly data: string;
}

/** The text of an event that the actor has got. */
export function eventText(event: AnyEvent, actor: WatchableActor, plain: Plain): EventText {
  const name = shortName(toV4Name(event.type));
  const shown = plainEvent(event, actor, plain);
  const data = isObject(shown) ? { ...shown, type: name } : { type: name, hidden: shown };
  return { event, name: nameText(name).inner, data: innerOf(data) };
}

/** The text of the event with which an actor is registered that has got none. */
export const START_TEXT: EventText = /* @__PURE__ */ (() => ({
  event: START_EVENT,
  name: nameText(START_EVENT.type).inner,
  data: innerOf({ type: START_EVENT.type }),
}))();

/**
 * An SCXML event as JSON, as it stands in a string of a message.
 *
 * @param origin - The `sessionId` of its sender.
 */
export function scxmlOf({ name, data }: EventText, origin?: JsonText): string {
  const from = origin === undefined ? '' : `\\"origin\\":${origin.inner},`;
  return `{\\"name\\":${name},\\"data\\":${data}${SCXML}${from}\\"type\\":\\"external\\"}`;
}

const SCXML = ',\\"$$type\\":\\"scxml\\",';

/** What may be shown of an event. A protocol says itself what may be shown of its messages. */
export function plainEvent(event: unknown, actor: WatchableActor, plain: Plain): Json {
  if (!mayHaveMessages(event)) return plain(event);
  const definition = definitionOf(actor);
  return plain(definition?.redact === undefined ? event : withStandIns(event, definition));
}

function mayHaveMessages(event: unknown): event is object {
  if (typeof event !== 'object' || event === null) return false;
  try {
    return 'message' in event || 'messages' in event;
  } catch {
    return true;
  }
}

/** The protocol of a protocol machine, or of the one that this actor does a part of. */
function definitionOf(asked: WatchableActor): Redacting | undefined {
  for (let actor: WatchableActor | undefined = asked; actor; actor = parentOf(actor)) {
    const snapshot = snapshotOf(actor);
    const link = snapshot && linkOf(snapshot);
    if (link !== undefined) return link.definition;
  }
  return undefined;
}

/** Replaces the messages in an event of a protocol by what is shown as its `redact()` says. */
function withStandIns(event: object, definition: Redacting): unknown {
  try {
    return replaceMessages(event, (message) => standIn(message, definition));
  } catch {
    return '[threw while it was read]';
  }
}

function replaceMessages(event: object, shown: (message: unknown) => object): object {
  const messages = memberOf(event, 'messages');
  if (Array.isArray(messages)) {
    const more = messages.length > MAX_MESSAGES ? ['[too large]'] : [];
    return { ...event, messages: [...messages.slice(0, MAX_MESSAGES).map(shown), ...more] };
  }
  return 'message' in event ? { ...event, message: shown(event.message) } : event;
}

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
