/** Draws a machine as Graphviz text. */

import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { childrenOf, initialOf } from './definition.ts';
import { type Arrow, Drawing } from './drawing.ts';

const STYLE = [
  'graph [compound=true, rankdir=LR, fontname="sans-serif", style=rounded, nodesep=0.3]',
  'node [shape=box, style=rounded, fontname="sans-serif", fontsize=11]',
  'edge [fontname="sans-serif", fontsize=9]',
];

/**
 * Draws a machine as a Graphviz `digraph`, for `dot -Tsvg`. States with child states are clusters; the
 * regions of a parallel state are dashed clusters. The content is that of `toMermaid()`. The same machine
 * always gives the same text.
 */
export function toDot(machine: AnyStateMachine): string {
  const drawing = new Drawing(machine);
  const title = [machine.id, ...drawing.globalFacts().map((fact) => `in every state: ${fact}`)];
  const lines = [
    ...STYLE,
    `label=${quoted(title.join('\n'))}`,
    ...contentsOf(drawing, drawing.root),
    ...drawing.arrows().map((arrow) => edgeOf(drawing, arrow)),
  ];
  return ['digraph {', ...lines.map((line) => `  ${line}`), '}'].join('\n');
}

/** How states are drawn that are no ordinary ones. */
const SHAPES: Readonly<Record<string, string>> = {
  final: ', peripheries=2',
  history: ', shape=oval, style=dashed',
};

/** The initial marker and the child states of a state. */
function contentsOf(drawing: Drawing, node: AnyStateNode): string[] {
  const children = childrenOf(node).flatMap((child) =>
    declarationOf(drawing, child, node.type === 'parallel'),
  );
  const initial = childrenOf(node).find(({ key }) => key === initialOf(node));
  if (initial === undefined) return children;
  const marker = `initial ${drawing.idOf(node)}`; // No state has a space in its id.
  const [anchor, bounds] = endOf(drawing, initial, 'lhead');
  return [
    `${quoted(marker)} [shape=point, width=0.1]`,
    ...children,
    `${quoted(marker)} -> ${quoted(anchor)}${bounds === '' ? '' : ` [${bounds}]`}`,
  ];
}

function declarationOf(drawing: Drawing, node: AnyStateNode, isRegion: boolean): string[] {
  const text = [node.key, ...drawing.factsOf(node)].join('\n');
  if (childrenOf(node).length === 0) {
    const shape = SHAPES[node.type] ?? '';
    return [`${quoted(drawing.idOf(node))} [label=${quoted(text)}${shape}]`];
  }
  return [
    `subgraph ${quoted(`cluster_${drawing.idOf(node)}`)} {`,
    `  label=${quoted(text)}`,
    ...(isRegion ? ['  style="rounded,dashed"'] : []),
    ...contentsOf(drawing, node).map((line) => `  ${line}`),
    '}',
  ];
}

function edgeOf(drawing: Drawing, { from, to, labels }: Arrow): string {
  const [tail, tailBounds] = endOf(drawing, from, 'ltail');
  const [head, headBounds] = endOf(drawing, to, 'lhead');
  const label = `label=${quoted(labels.join('\n'))}`;
  const attributes = [label, tailBounds, headBounds].filter((text) => text !== '');
  return `${quoted(tail)} -> ${quoted(head)} [${attributes.join(', ')}]`;
}

/** Graphviz draws edges between nodes only: an edge to a cluster ends at a node in it and is clipped. */
function endOf(drawing: Drawing, node: AnyStateNode, end: 'lhead' | 'ltail'): [string, string] {
  let leaf = node;
  for (let [child] = childrenOf(leaf); child !== undefined; [child] = childrenOf(leaf))
    leaf = child;
  return [
    drawing.idOf(leaf),
    leaf !== node ? `${end}=${quoted(`cluster_${drawing.idOf(node)}`)}` : '',
  ];
}

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
