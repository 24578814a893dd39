/** A statechart as text that Mermaid draws. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { childrenOf } from './definition.ts';
import { Drawing } from './drawing.ts';

/**
 * The picture of a machine, as a Mermaid `stateDiagram-v2`: its states with the actors that they
 * run, and its arrows with the events that they are for. The same machine gives the same text.
 *
 * An event that changes no state is no arrow; it is listed in its state. What the whole machine does
 * in every state is a comment, because Mermaid has no place for it. Guards are shown, but for
 * `isFinite`, which only says that a deadline may be Infinity.
 */
export function toMermaid(machine: AnyStateMachine): string {
  const drawing = new Drawing(machine);
  const lines = [
    ...drawing.everywhere().map((fact) => `%% in every state: ${fact.replaceAll('\n', ' ')}`),
    ...whole(drawing),
    ...drawing.arrows().map(({ from, to, labels }) => {
      const label = labels.map(escaped).join('<br/>');
      return `${drawing.idOf(from)} --> ${drawing.idOf(to)} : ${label}`;
    }),
  ];
  return ['stateDiagram-v2', ...lines.map((line) => `  ${line}`)].join('\n');
}

/** The states of the machine; in a state of its own where they are regions, which need one. */
const whole = (drawing: Drawing): string[] =>
  drawing.root.type === 'parallel'
    ? declarationOf(drawing, drawing.root)
    : inside(drawing, drawing.root);

/** The initial marker and the states of a compound state; the regions of a parallel one. */
function inside(drawing: Drawing, node: AnyStateNode): string[] {
  const children = childrenOf(node);
  if (node.type === 'parallel') {
    return children.flatMap((child, at) => [
      ...(at === 0 ? [] : ['--']),
      ...declarationOf(drawing, child),
    ]);
  }
  const initial = node.initial.target.map((target) => `[*] --> ${drawing.idOf(target)}`);
  return [...initial, ...children.flatMap((child) => declarationOf(drawing, child))];
}

function declarationOf(drawing: Drawing, node: AnyStateNode): string[] {
  const id = drawing.idOf(node);
  const name = escaped(node.key) || id; // Mermaid takes no empty one.
  if (node.type === 'final') return [`state "${name}" as ${id}`, `${id} --> [*]`];
  const facts = drawing.factsOf(node).map(escaped);
  if (childrenOf(node).length === 0) {
    // Further descriptions stand below the name, apart from it.
    return [`state "${name}" as ${id}`, ...facts.map((fact) => `${id} : ${fact}`)];
  }
  const title = facts.length === 0 ? name : `${name} (${facts.join(', ')})`;
  return [`state "${title}" as ${id} {`, ...inside(drawing, node).map((line) => `  ${line}`), '}'];
}

/** What Mermaid would read as syntax, as the character codes that it takes instead. */
const escaped = (text: string): string =>
  text.replace(/["#;:{}<>%\n]/g, (character) => `#${String(character.charCodeAt(0))};`);
