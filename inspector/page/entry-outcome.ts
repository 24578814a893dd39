/** Shows what an event has done: transitions, guards, actions, deadlines and the change of the context. */

import type { ActorState, Json, StateEntry, TakenTransition } from '../shared/view.ts';
import { type Change, differenceOf, textDifferenceOf } from './diff.ts';
import { html } from './dom.ts';
import { deadlineChanges } from './entry-facts.ts';
import { type Candidate, type HandledStep, handlingOf, StatesOfMachine } from './entry-handling.ts';
import { duration, eventText, oneLine, valueText } from './format.ts';
import { pathText } from './json-path.ts';
import { preview } from './json-preview.ts';
import { jsonView } from './json-view.ts';
import type { Model } from './model.ts';
import { hasThrown } from './thrown.ts';

/** A row of a list of terms. */
export type Fact = readonly [term: string, content: Node | string];

const MAX_NAME_CHARACTERS = 300;
const MAX_ITEMS = 50;

/** What is shown of a state that an event has led to. */
export function outcomeFacts(model: Model, outcome: StateEntry): Fact[] {
  const before = model.stateBefore(outcome);
  const { state } = outcome;
  const isMachine = model.history.actors.get(outcome.actor)?.actor.kind === 'machine';
  return [
    ...handlingFacts(model, outcome, before),
    ...listFact('actions', state.actions ?? []),
    ...(state.emitted ?? [])
      .slice(0, MAX_ITEMS)
      .map((event): Fact => ['emitted', jsonView(event, 0, 'Emitted event')]),
    ...deadlineFacts(before, state),
    ...(isMachine ? [['context', contextChanges(before?.context, state.context)] as const] : []),
  ];
}

function handlingFacts(model: Model, outcome: StateEntry, before: ActorState | undefined): Fact[] {
  const { state, actor: id } = outcome;
  const actor = model.history.actors.get(id)?.actor;
  if (actor?.kind !== 'machine' || before === undefined) return [];
  const shape = model.shapeOf(actor);
  const machine = shape && new StatesOfMachine(shape.states);
  const { isHandled, steps, refusedLast } = handlingOf(machine, state.event, before.value, state);
  const isStart = state.event === 'xstate.init';
  if (isStart && !isHandled) return [];
  if (hasThrown(state, model.causeOf(outcome)?.data)) return [['handled', THROWN]];
  const tried = steps.flatMap(({ candidates }) => candidates);
  const verdict = isHandled ? 'yes' : tried.length > 0 ? 'no: the guards refused' : NO_TRANSITION;
  return [
    ['handled', html('span', { class: isHandled ? 'yes' : 'no' }, verdict)],
    ...steps.flatMap(stepFacts),
    ...(refusedLast.length > 0 ? [['then refused', candidateList(refusedLast)] as const] : []),
  ];
}

const THROWN = 'an action or a guard threw';
const NO_TRANSITION = 'no: these states have no transition for this event';

function stepFacts({ event, taken, candidates }: HandledStep): Fact[] {
  const by = event === '' ? 'always' : 'transition';
  const guarded = candidates.some(
    ({ result, transition }) => result !== 'taken' || transition.guard !== undefined,
  );
  return [
    ...taken.slice(0, MAX_ITEMS).map((one): Fact => [by, transitionText(one)]),
    ...(guarded ? [['tried', candidateList(candidates)] as const] : []),
  ];
}

/** `a.b → c (GO)`. */
function transitionText({ source, target, event }: TakenTransition): HTMLElement {
  const to = target.length === 0 ? 'stays' : target.map((id) => short(id)).join(', ');
  const name = event === '' ? '' : ` (${short(eventText(event))})`;
  return html('span', { class: 'transition' }, short(source), ' → ', html('strong', {}, to), name);
}

const RESULTS: Readonly<Record<Candidate['result'], string>> = {
  taken: 'taken',
  refused: 'refused',
  setAside: 'excluded by a transition of another region',
  unknown: 'taken or refused: several have this target',
};

const candidateList = (candidates: readonly Candidate[]): HTMLElement =>
  html(
    'ol',
    { class: 'candidates' },
    ...candidates.slice(0, MAX_ITEMS).map(({ source, transition, result }) => {
      const { guard, event, target } = transition;
      const condition = guard === undefined ? 'no guard' : `[${short(guard)}]`;
      const to = target.length === 0 ? 'stays' : target.map(short).join(', ');
      const name = event === '' ? 'always' : short(eventText(event));
      return html(
        'li',
        { class: result },
        html('strong', {}, condition),
        ` ${RESULTS[result]}: ${short(source)} → ${to} (${name})`,
      );
    }),
  );

const short = (text: string): string => oneLine(text, MAX_NAME_CHARACTERS);

const listFact = (term: string, names: readonly string[]): Fact[] =>
  names.length === 0 ? [] : [[term, names.slice(0, MAX_ITEMS).map(short).join(', ')]];

function deadlineFacts(before: ActorState | undefined, after: ActorState): Fact[] {
  const { started, fired, cancelled } = deadlineChanges(before, after);
  const textOf = ({ event, ms }: { readonly event: string; readonly ms: number }) =>
    isTimed(event) ? eventText(event) : `${short(eventText(event))} (${duration(ms)})`;
  return [
    ...listFact('deadline set', started.map(textOf)),
    ...listFact('deadline passed', fired.map(textOf)),
    ...listFact('deadline cancelled', cancelled.map(textOf)),
  ];
}

/** Whether the name of a deadline is its time. */
const isTimed = (event: string): boolean => /^xstate\.after\(\d+\)#/.test(event);

/** `a.b → a.c`, with the time that the first one lasted. */
export function valueChange(model: Model, entry: StateEntry): Fact[] {
  const before = model.stateBefore(entry);
  if (before === undefined) return [];
  const [from, to] = [short(valueText(before.value)), short(valueText(entry.state.value))];
  const ms = model.changeOf(entry)?.ms;
  const time = ms === undefined ? '' : ` after ${duration(ms)}`;
  return [['state', from === to ? `${to}, as before` : `${from} → ${to}${time}`]];
}

/** The changes of a context, as a list. */
function contextChanges(before: Json | undefined, after: Json): HTMLElement {
  if (before === undefined) return html('span', {}, 'what it was before is no longer kept');
  const { changes, isCut } = differenceOf(before, after);
  if (changes.length === 0)
    return html('span', {}, isCut ? 'too large to be compared' : 'unchanged');
  const list = html('ul', { class: 'changes', 'aria-label': 'Changes of the context' });
  const show = (from: number, to: number) => {
    list.append(...changes.slice(from, to).map(changeItem));
  };
  show(0, MAX_ITEMS);
  if (changes.length > MAX_ITEMS) {
    const more = html(
      'button',
      { type: 'button', class: 'more' },
      `… ${String(changes.length)} changes`,
    );
    more.addEventListener('click', () => {
      more.remove();
      show(MAX_ITEMS, changes.length);
    });
    return html('div', {}, list, more);
  }
  return isCut ? html('div', {}, list, 'and more') : list;
}

const MARKS = { added: '+', removed: '−', changed: '~' } as const;
const MAX_VALUE_CHARACTERS = 200;

function changeItem({ kind, path, before, after }: Change): HTMLElement {
  const name = pathText('context', path);
  const values =
    typeof before === 'string' && typeof after === 'string'
      ? textChange(before, after)
      : [before, after]
          .filter((value) => value !== undefined)
          .map((value) => preview(value, MAX_VALUE_CHARACTERS));
  const nodes = values.flatMap((text, at) => [
    ...(at > 0 ? [' → '] : []),
    html(
      'span',
      { class: kind === 'removed' || (kind === 'changed' && at === 0) ? 'old' : 'new' },
      text,
    ),
  ]);
  const mark = html('span', { class: 'mark', title: kind }, MARKS[kind]);
  return html(
    'li',
    { class: kind },
    mark,
    ' ',
    html('span', { class: 'key' }, short(name)),
    ': ',
    ...nodes,
  );
}

/** A text that is longer is shown around the place where it has changed. */
const MAX_TEXT_CHARACTERS = 80;
const AROUND = 20;

function textChange(before: string, after: string): readonly [string, string] {
  if (before.length <= MAX_TEXT_CHARACTERS && after.length <= MAX_TEXT_CHARACTERS)
    return [preview(before, MAX_VALUE_CHARACTERS), preview(after, MAX_VALUE_CHARACTERS)];
  const { start, end } = textDifferenceOf(before, after);
  const around = (text: string): string => {
    const [from, to] = [
      Math.max(0, start - AROUND),
      Math.min(text.length, text.length - end + AROUND),
    ];
    const cut = preview(text.slice(from, to), MAX_VALUE_CHARACTERS);
    return `${from > 0 ? `…${String(from)} characters ` : ''}${cut}${to < text.length ? ` ${String(text.length - to)} characters…` : ''}`;
  };
  return [around(before), around(after)];
}
