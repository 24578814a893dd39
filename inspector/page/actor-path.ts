/**
 * Names an actor by its program and its ancestors, for links and for another run of its program: ids are
 * new in each run. Siblings of the same name are told apart by their order.
 */

import type { ActorView, ProgramView } from '../shared/view.ts';

/** A name, and its place among those of the same name, from 0. */
export interface PathStep {
  readonly name: string;
  readonly index: number;
}

/** The program and the ancestors of an actor, the outermost first, and the actor itself. */
export type ActorPath = readonly PathStep[];

/** What is known of programs and actors. */
export interface Known {
  readonly programs: ReadonlyMap<string, ProgramView>;
  actors(): Iterable<ActorView>;
  actorOf(id: string): ActorView | undefined;
}

/** A longer path is no path of the page: actors may be each other's parents. */
export const MAX_STEPS = 100;

/** The path of an actor; `undefined` when it is not known, or nested too deep. */
export function pathOf(known: Known, id: string): ActorPath | undefined {
  const steps: PathStep[] = [];
  let actor = known.actorOf(id);
  if (actor === undefined) return undefined;
  const program = known.programs.get(actor.program);
  if (program === undefined) return undefined;
  while (actor !== undefined) {
    if (steps.length >= MAX_STEPS - 1) return undefined;
    steps.unshift(stepOf([...siblingsOf(known, program.id, parentOf(known, actor))], actor));
    const parent = parentOf(known, actor);
    actor = parent === undefined ? undefined : known.actorOf(parent);
  }
  return [stepOf([...known.programs.values()], program), ...steps];
}

/**
 * The actor at a path, or its nearest ancestor that is known; `undefined` when not even its program is
 * known.
 *
 * @param program - The id of the program, if it is not the one that the path names.
 */
export function actorAt(
  known: Known,
  [first, ...steps]: ActorPath,
  program = first && atStep([...known.programs.values()], first)?.id,
): { readonly id: string; readonly isExact: boolean } | undefined {
  if (program === undefined || steps.length >= MAX_STEPS) return undefined;
  let found: string | undefined;
  for (const step of steps) {
    const next = atStep([...siblingsOf(known, program, found)], step);
    if (next === undefined) return found === undefined ? undefined : { id: found, isExact: false };
    found = next.id;
  }
  return found === undefined ? undefined : { id: found, isExact: true };
}

function parentOf(known: Known, { parent }: ActorView): string | undefined {
  return parent !== undefined && known.actorOf(parent) !== undefined ? parent : undefined;
}

function* siblingsOf(known: Known, program: string, parent: string | undefined) {
  for (const actor of known.actors()) {
    if (actor.program === program && parentOf(known, actor) === parent) yield actor;
  }
}

interface Named {
  readonly id: string;
  readonly name: string;
}

function stepOf(all: readonly Named[], { id, name }: Named): PathStep {
  const same = all.filter((one) => one.name === name);
  return {
    name,
    index: Math.max(
      0,
      same.findIndex((one) => one.id === id),
    ),
  };
}

/** The one at that place, or the last one of that name: the earlier ones may be forgotten. */
function atStep<T extends Named>(all: readonly T[], { name, index }: PathStep): T | undefined {
  const same = all.filter((one) => one.name === name);
  return same[index] ?? same.at(-1);
}
