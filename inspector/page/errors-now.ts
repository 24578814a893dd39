/** What has failed at the shown moment, in one sentence: see `shared/failures.ts` for what counts. */

import { isErrorEvent, isFailed } from '../shared/failures.ts';
import type { ActorState, Entry, Json, StateEntry } from '../shared/view.ts';
import { isEqual } from './diff.ts';
import { adviceFor } from './errors-advice.ts';
import { type ChainedError, chainOf, errorsIn, type FoundError, isError } from './errors.ts';
import { duration, eventText, isRecord, oneLine, valueText } from './format.ts';
import { valueAt } from './json-path.ts';
import type { Model } from './model.ts';
import { errorIn, hasThrown } from './thrown.ts';

/** A failure. */
export interface Failure {
  /** What failed, after what time, and why. */
  readonly sentence: string;
  /** What to do about it, if that is known. */
  readonly advice: string | undefined;
  /** Where the error was found: `the actor`, `context.outcome.cause`. */
  readonly path: string;
  /** The error and its causes, the outermost first. Empty when there is no error. */
  readonly chain: readonly ChainedError[];
  /** The number of the entry at which it happened, if that is kept. */
  readonly seq: number | undefined;
  /** The actor that failed first, if it is another one. */
  readonly from: string | undefined;
}

/** The states of an actor that are searched for the beginning of its failure. */
const MAX_STATES = 1_000;
const MAX_MESSAGE_CHARACTERS = 300;
const MAX_NAME_CHARACTERS = 80;
const MAX_CAUSES = 4;
const UNHANDLED = 'Give the state that invokes the actor an onError.';

/** What has failed of an actor at the selected moment; `undefined` when all is well. */
export function failureOf(model: Model, id: string): Failure | undefined {
  const { entry } = model;
  if (entry?.kind === 'event' && entry.actor === id && isErrorEvent(entry.name))
    return failureOfEvent(model, entry);
  const state = model.stateOf(id);
  if (state === undefined) return undefined;
  const origin = originOf(model, id);
  return origin === undefined && !isFailed(state) ? undefined : failureIn(model, state, origin);
}

function failureIn(model: Model, state: ActorState, origin: StateEntry | undefined): Failure {
  const cause = origin && model.causeOf(origin);
  const { path, error } = errorOf(state, errorIn(cause?.data));
  const chain = error === undefined ? [] : chainOf(error);
  const isEnded = isUnhandled(state) && !hasThrown(state, cause?.data);
  const ended = isEnded
    ? `. No state handles “${eventText(state.event)}”, so XState ended this machine`
    : '';
  return {
    sentence: `${startOf(model, origin)}${reasonOf(chain)}${ended}`,
    advice: isEnded ? UNHANDLED : adviceFor(chain),
    path,
    chain,
    seq: cause !== undefined && isErrorEvent(cause.name) ? cause.seq : origin?.seq,
    from: cause !== undefined && isErrorEvent(cause.name) ? cause.origin : undefined,
  };
}

function failureOfEvent(model: Model, entry: Extract<Entry, { kind: 'event' }>): Failure {
  const error = errorIn(entry.data);
  const chain = error === undefined ? [] : chainOf(error);
  const before = model.stateBefore(entry);
  const where = before === undefined ? '' : ` in ${nameOf(before)}`;
  return {
    sentence: `${eventText(entry.name)}${where}${reasonOf(chain)}`,
    advice: adviceFor(chain),
    path: 'the event',
    chain,
    seq: entry.seq,
    from: entry.origin,
  };
}

/**
 * The state with which the failure began that still lasts: a state lasts as long as its value does not
 * change, and one failure may lead through several states.
 */
function originOf(model: Model, id: string): StateEntry | undefined {
  const states = model.statesOf(id);
  const last = states.findLastIndex(({ seq }) => seq <= model.seq);
  const latest = states[last];
  if (latest === undefined) return undefined;
  let at = last;
  while (at > 0 && last - at < MAX_STATES && !isKnown(states[at])) at -= 1;
  for (; at <= last; at += 1) noteOrigin(model, states[at - 1], states[at]);
  return origins.get(latest)?.origin ?? (isErrorEvent(latest.state.event) ? latest : undefined);
}

/** With which state the failure of a state began; without one, there was no failure. */
const origins = new WeakMap<StateEntry, { readonly origin: StateEntry | undefined }>();

const isKnown = (entry: StateEntry | undefined): boolean =>
  entry === undefined || origins.has(entry);

function noteOrigin(
  model: Model,
  previous: StateEntry | undefined,
  entry: StateEntry | undefined,
): void {
  if (entry === undefined || origins.has(entry)) return;
  const before = previous?.state ?? model.stateBefore(entry);
  const isSame = before !== undefined && isEqual(before.value, entry.state.value, 1_000);
  const earlier = previous && origins.get(previous)?.origin;
  const origin = isFailing(entry.state, isSame) ? (earlier ?? entry) : isSame ? earlier : undefined;
  origins.set(entry, { origin });
}

/** Whether a state says itself that something has failed, or was entered because an actor has failed. */
const isFailing = (state: ActorState, isSame: boolean): boolean =>
  isFailed(state) || (!isSame && isErrorEvent(state.event)) || isEnding(state);

/** Whether a connection of this library ends because of a failure. */
const isEnding = ({ value, context }: ActorState): boolean =>
  isRecord(value) && 'DISCONNECTING' in value && isErrorAt(context, ['cause']);

const isErrorAt = (value: Json, path: readonly string[]): boolean => {
  const error = valueAt(value, path);
  return isRecord(error) && isError(error);
};

/** Where the machines of this library keep the error of a failure. */
const OWN_PLACES: readonly (readonly string[])[] = [['outcome', 'cause'], ['cause']];

/** The error of a failure, from the most telling place. */
function errorOf(
  state: ActorState,
  reported: Json | undefined,
): Partial<FoundError> & { path: string } {
  if (state.error !== undefined) return { path: 'the actor', error: state.error };
  const isBusy = state.tags?.includes('busy') === true;
  const places = state.tags === undefined ? [] : isBusy ? OWN_PLACES.slice(1) : OWN_PLACES;
  for (const place of places) {
    const error = valueAt(state.context, place);
    if (isRecord(error) && isError(error)) return { path: `context.${place.join('.')}`, error };
  }
  if (reported !== undefined) return { path: 'the event', error: reported };
  return errorsIn(state)[0] ?? { path: 'the actor' };
}

/** Whether XState ended a machine because no state of it handles the failure of an actor. */
const isUnhandled = ({ status, event, microsteps }: ActorState): boolean =>
  status === 'error' &&
  isErrorEvent(event) &&
  microsteps?.some(({ transitions }) => transitions.length > 0) !== true;

/** `CONNECTING failed after 31 ms`. */
function startOf(model: Model, origin: StateEntry | undefined): string {
  const before = origin && model.stateBefore(origin);
  if (origin === undefined || before === undefined) return 'It failed';
  const ms = model.changeOf(origin)?.ms ?? 0;
  const name = before.value === 'active' ? 'It' : nameOf(before);
  return `${name} failed${ms > 0 ? ` after ${duration(ms)}` : ''}`;
}

const nameOf = ({ value }: ActorState): string => oneLine(valueText(value), MAX_NAME_CHARACTERS);

/** `: connect ECONNREFUSED (Error ECONNREFUSED), caused by …`. */
function reasonOf(chain: readonly ChainedError[]): string {
  let said = '';
  for (const [at, { title, message }] of chain.slice(0, MAX_CAUSES).entries()) {
    const text = oneLine(message, MAX_MESSAGE_CHARACTERS);
    // Many messages repeat those of their causes.
    const isSaid = at > 0 && (text === '' || said.includes(text));
    const name = title === '' || text === '' || isSaid ? title : ` (${title})`;
    said += `${at === 0 ? ': ' : ', caused by '}${isSaid ? '' : text}${name || (isSaid ? text : '')}`;
  }
  return said + (chain.length > MAX_CAUSES ? ', …' : '');
}
