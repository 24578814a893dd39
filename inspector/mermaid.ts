/** A statechart as text that Mermaid draws. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';

/**
 * The picture of a machine, as a Mermaid `stateDiagram-v2`: its states with the actors that they
 * run, and its arrows with the events that they are for. The same machine gives the same text.
 *
 * An event that changes no state is no arrow; it is listed in its state, or, for the whole machine,
 * in a comment. Guards are shown, but for `isFinite`, which only says that a deadline may be Infinity.
 */
export function toMermaid(machine: AnyStateMachine): string {
  const root: AnyStateNode = machine.root;
  const lines = ['stateDiagram-v2', ...factsOf(root).map((fact) => `%% in every state: ${fact}`)];
  lines.push(...inside(root), ...arrowsOf(root));
  return lines.map((line, at) => (at === 0 ? line : `  ${line}`)).join('\n');
}

/** The initial marker and the states of a compound state. */
function inside(node: AnyStateNode): string[] {
  const initial = node.initial.target.map((target) => `[*] --> ${idOf(target)}`);
  return [...initial, ...childrenOf(node).flatMap(declarationOf)];
}

function declarationOf(node: AnyStateNode): string[] {
  const id = idOf(node);
  if (node.type === 'final') return [`state "${node.key}" as ${id}`, `${id} --> [*]`];
  const facts = factsOf(node);
  if (childrenOf(node).length === 0) {
    // Further descriptions stand below the name, apart from it.
    return [`state "${node.key}" as ${id}`, ...facts.map((fact) => `${id} : ${fact}`)];
  }
  const title = facts.length === 0 ? node.key : `${node.key} (${facts.join(', ')})`;
  return [`state "${title}" as ${id} {`, ...inside(node).map((line) => `  ${line}`), '}'];
}

/** What a state does beside leading to others: the actors that it runs, the events that it notes. */
function factsOf(node: AnyStateNode): string[] {
  const actors = node.invoke.map(({ id }) => id);
  const own = new Set(actors.map((id) => `xstate.error.actor.${id}`));
  const noted = transitionsOf(node)
    .filter(({ target, eventType }) => target === undefined && !own.has(eventType))
    .map(labelOf);
  return [
    ...(actors.length === 0 ? [] : [`runs ${actors.join(', ')}`]),
    ...(noted.length === 0 ? [] : [`notes ${noted.join(', ')}`]),
  ];
}

/** The arrows that start in a state or below it; those between the same two states are one. */
function arrowsOf(node: AnyStateNode): string[] {
  const labels = new Map<string, string[]>();
  for (const transition of transitionsOf(node)) {
    for (const target of transition.target ?? []) {
      const ends = `${idOf(node)} --> ${idOf(target)}`;
      labels.set(ends, [...(labels.get(ends) ?? []), labelOf(transition)]);
    }
  }
  const arrows = [...labels].map(([ends, events]) => `${ends} : ${events.join('<br/>')}`);
  return [...arrows, ...childrenOf(node).flatMap(arrowsOf)];
}

interface Transition {
  readonly eventType: string;
  readonly target: readonly AnyStateNode[] | undefined;
  readonly guard?: unknown;
}

const transitionsOf = (node: AnyStateNode): Transition[] => [...node.transitions.values()].flat();

const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

const idOf = (node: AnyStateNode): string => node.path.join('_');

const labelOf = ({ eventType, guard }: Transition): string => {
  const name = guardName(guard);
  return name === undefined || name === 'isFinite'
    ? eventName(eventType)
    : `${eventName(eventType)} [${name}]`;
};

/** A guard is a name, or an object or function with one. */
const guardName = (guard: unknown): string | undefined => {
  if (typeof guard === 'string' || guard === undefined) return guard;
  const isNamed = (typeof guard === 'object' && guard !== null) || typeof guard === 'function';
  return isNamed && 'type' in guard ? String(guard.type) : 'guarded';
};

/** XState's own events, in words. */
const eventName = (type: string): string =>
  type
    .replace(/^xstate\.done\.actor\.(.+)$/, '$1 done')
    .replace(/^xstate\.error\.actor\.(.+)$/, '$1 failed')
    .replace(/^xstate\.after\.([^.]+)\..*$/, 'after $1')
    .replace(/^xstate\.done\.state\..*$/, 'done');
