/** The texts of events in messages, as XState 4 and SCXML have them. */

import { innerOf, type JsonText, nameText } from './json-text.ts';
import { toV4Name } from './names.ts';
import { shortName } from './short.ts';
import type { Json } from './wire.ts';
import { type AnyEvent, START_EVENT } from './xstate.ts';

/** An event with its XState 4 name and data, as they stand in a string of a message. */
export interface EventText {
  readonly event: AnyEvent;
  readonly name: string;
  readonly data: string;
}

/**
 * The text of an event.
 *
 * @param shown - What is shown of it.
 */
export function eventText(event: AnyEvent, shown: Json): EventText {
  const name = shortName(toV4Name(event.type));
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

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
