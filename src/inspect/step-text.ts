/** The texts of microsteps and of the transitions that were taken in them. */

import { jsonOf, listOf, nameText } from './json-text.ts';
import { toV4Name } from './names.ts';
import { shortName, shortStateId } from './short.ts';
import type { Json } from './wire.ts';
import type { TakenStep } from './xstate.ts';

/** The text of a microstep, see `Microstep` in `wire.ts`. */
export function stepText(event: string, value: Json, transitions: readonly TakenStep[]): string {
  const name = nameText(shortName(toV4Name(event))).json;
  const taken = listOf(transitions.map(transitionText));
  return `{"event":${name},"value":${jsonOf(value)},"transitions":${taken}}`;
}

/** A machine takes the same transitions again and again: they are members of its states. */
const transitionTexts = /* @__PURE__ */ new WeakMap<TakenStep, string>();

function transitionText(step: TakenStep): string {
  const known = transitionTexts.get(step);
  if (known !== undefined) return known;
  const text = jsonOf(takenTransition(step));
  transitionTexts.set(step, text);
  return text;
}

/** A `TakenTransition`. */
function takenTransition(step: TakenStep): Json {
  const { source, eventType, target = [] } = step;
  const index = indexOf(step);
  return {
    source: shortStateId(source.id),
    event: shortName(toV4Name(eventType)),
    target: target.map(({ id }) => shortStateId(id)),
    ...(index > 0 && { index }),
  };
}

/** Where a transition is in the definition, among those of its state for its event. */
function indexOf(step: TakenStep): number {
  const { source, eventType } = step;
  const candidates = eventType === '' ? source.always : source.transitions.get(eventType);
  return candidates?.indexOf(step) ?? -1;
}
