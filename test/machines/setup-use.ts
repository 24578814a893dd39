/** What a chart refers to by name, and what its setup defines: neither may have more than the other. */

import { nameOf } from './chart.ts';

/** The part of a transition that refers to implementations. */
interface Arrow {
  readonly actions: readonly unknown[];
  readonly guard?: unknown;
}

/** The part of a state that refers to implementations. */
interface State {
  readonly entry: readonly unknown[];
  readonly exit: readonly unknown[];
  readonly invoke: readonly { readonly src: unknown }[];
  readonly after: readonly { readonly delay: unknown }[];
}

type Kind = 'actions' | 'actors' | 'delays' | 'guards';
type Names = Readonly<Record<Kind, readonly string[]>>;

const names = (references: readonly unknown[]): string[] =>
  [...new Set(references.map(nameOf))].sort();

/** The names that the states and transitions of a chart use. */
export function usedNames(states: readonly State[], arrows: readonly Arrow[]): Names {
  const actions = names([
    ...states.flatMap(({ entry, exit }) => [...entry, ...exit]),
    ...arrows.flatMap((arrow) => arrow.actions),
  ]);
  return {
    // XState's own actions start and stop the timers of an `after`.
    actions: actions.filter((name) => !name.startsWith('xstate.')),
    guards: names(arrows.flatMap(({ guard }) => (guard === undefined ? [] : [guard]))),
    actors: names(states.flatMap(({ invoke }) => invoke.map(({ src }) => src))),
    delays: names(states.flatMap(({ after }) => after.map(({ delay }) => delay))),
  };
}

/** The names that the setup of a machine defines. */
export function definedNames({
  implementations,
}: {
  readonly implementations: Readonly<Record<Kind, object>>;
}): Names {
  const of = (kind: Kind): string[] => Object.keys(implementations[kind]).sort();
  return {
    actions: of('actions'),
    guards: of('guards'),
    actors: of('actors'),
    delays: of('delays'),
  };
}
