/** Draws a machine as Mermaid text. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { childrenOf } from './definition.ts';
import { Drawing } from './drawing.ts';

/**
 * Draws a machine as a Mermaid `stateDiagram-v2`: its states with the actors that they run, and its
 * transitions as arrows, labelled with their events and guards. The same machine always gives the same
 * text.
 *
 * An event that changes no state is listed in its state. What the machine does in every state becomes a
 * comment, because Mermaid cannot draw it. The guard `isFinite` is left out: it only says that a
 * deadline may be Infinity.
 */
export function toMermaid(machine: AnyStateMachine): string {
  const drawing = new Drawing(machine);
  const lines = [
    ...drawing.globalFacts().map((fact) => `%% in every state: ${fact.replaceAll('\n', ' ')}`),
    ...statesOf(drawing),
    ...drawing.arrows().map(({ from, to, labels }) => {
      const label = labels.map(escaped).join('<br/>');
      return `${drawing.idOf(from)} --> ${drawing.idOf(to)} : ${label}`;
    }),
  ];
  return ['stateDiagram-v2', ...lines.map((line) => `  ${line}`)].join('\n');
}

/** The machine's states. Regions need a state around them, so a parallel root is drawn as one. */
const statesOf = (drawing: Drawing): string[] =>
  drawing.root.type === 'parallel'
    ? declarationOf(drawing, drawing.root)
    : contentsOf(drawing, drawing.root);

/** The initial marker and the states of a compound state; the regions of a parallel one. */
function contentsOf(drawing: Drawing, node: AnyStateNode): string[] {
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
  const name = escaped(node.key) || id; // Mermaid rejects an empty name.
  if (node.type === 'final') return [`state "${name}" as ${id}`, `${id} --> [*]`];
  const facts = drawing.factsOf(node).map(escaped);
  if (childrenOf(node).length === 0) {
    // Mermaid draws further descriptions below the name.
    return [`state "${name}" as ${id}`, ...facts.map((fact) => `${id} : ${fact}`)];
  }
  const title = facts.length === 0 ? name : `${name} (${facts.join(', ')})`;
  return [
    `state "${title}" as ${id} {`,
    ...contentsOf(drawing, node).map((line) => `  ${line}`),
    '}',
  ];
}

/** Replaces the characters that Mermaid reads as syntax by their codes. */
const escaped = (text: string): string =>
  text.replace(/["#;:{}<>%\n]/g, (character) => `#${String(character.charCodeAt(0))};`);
