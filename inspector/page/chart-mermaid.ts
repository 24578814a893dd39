/** Writes a drawn chart as the text of a Mermaid diagram. */

import type { Chart, ChartEdge, ChartNode } from '../shared/view.ts';

/** Mermaid has no history states: they are states with the usual sign and a round border. */
const HISTORY_STYLE = 'classDef history rx:20px,ry:20px,font-weight:bold';

/**
 * A `stateDiagram-v2` with the drawn states and transitions. Collapsed states are without their states.
 * Transitions from and to the root, which is not a state in a diagram, become comments.
 */
export function mermaidOf(chart: Chart): string {
  const diagram = new MermaidDiagram(chart);
  return ['stateDiagram-v2', ...diagram.lines().map((line) => `  ${line}`)].join('\n') + '\n';
}

class MermaidDiagram {
  readonly #chart: Chart;
  readonly #children = new Map<string, ChartNode[]>();
  readonly #ids = new Map<string, string>();
  readonly #initial = new Map<string, string>();

  constructor(chart: Chart) {
    this.#chart = chart;
    for (const node of chart.nodes) {
      if (node.isHidden === true || node.kind === 'initial') continue;
      this.#ids.set(node.id, `s${String(this.#ids.size)}`);
      if (node.parent === undefined) continue;
      const siblings = this.#children.get(node.parent) ?? [];
      siblings.push(node);
      this.#children.set(node.parent, siblings);
    }
    for (const { source, target } of chart.edges) this.#initial.set(source, target);
  }

  lines(): string[] {
    const [root] = this.#chart.nodes;
    if (root === undefined) return [];
    const isState = root.kind === 'parallel' || this.#childrenOf(root).length === 0;
    const drawn = this.#chart.edges.filter(({ labels }) => labels.length > 0);
    const history = this.#chart.nodes.some(({ kind, isHidden }) => kind === 'history' && !isHidden);
    return [
      ...(history ? [HISTORY_STYLE] : []),
      ...(isState ? this.#declarationOf(root) : this.#contentsOf(root)),
      ...drawn.flatMap((edge) => this.#arrowOf(edge, isState ? undefined : root.id)),
    ];
  }

  #childrenOf = (node: ChartNode): readonly ChartNode[] => this.#children.get(node.id) ?? [];

  #contentsOf(node: ChartNode): string[] {
    const children = this.#childrenOf(node);
    if (node.kind === 'parallel') {
      return children.flatMap((child, at) => [
        ...(at === 0 ? [] : ['--']),
        ...this.#declarationOf(child),
      ]);
    }
    const first = this.#ids.get(this.#initial.get(`${node.id}:initial`) ?? '');
    return [
      ...(first === undefined ? [] : [`[*] --> ${first}`]),
      ...children.flatMap((child) => this.#declarationOf(child)),
    ];
  }

  #declarationOf(node: ChartNode): string[] {
    const id = this.#ids.get(node.id) ?? 's';
    if (node.kind === 'history') {
      return [`state "${node.history === 'deep' ? 'H*' : 'H'}" as ${id}`, `class ${id} history`];
    }
    const children = this.#childrenOf(node);
    const name = escaped(node.key) || id;
    if (children.length > 0) {
      const contents = this.#contentsOf(node).map((line) => `  ${line}`);
      return [`state "${name}" as ${id} {`, ...contents, '}'];
    }
    const texts = [...node.notes, ...node.lines].map(({ text }) => `${id} : ${escaped(text)}`);
    return [
      `state "${name}${node.isCollapsed === true ? ' …' : ''}" as ${id}`,
      ...texts,
      ...(node.kind === 'final' ? [`${id} --> [*]`] : []),
    ];
  }

  #arrowOf({ source, target, labels }: ChartEdge, root: string | undefined): string[] {
    const label = labels.map(({ lines }) => escaped(lines.join(' '))).join('<br/>');
    if (source === root || target === root) {
      const [from, to] = [source, target].map((id) =>
        id === root ? 'the machine' : this.#ids.get(id),
      );
      return [`%% ${from ?? ''} to ${to ?? ''}: ${label}`];
    }
    return [`${this.#ids.get(source) ?? 's'} --> ${this.#ids.get(target) ?? 's'} : ${label}`];
  }
}

/** Replaces the characters that Mermaid reads as syntax by their codes. */
const escaped = (text: string): string =>
  text
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .replace(/["#;:{}<>%[\]]/g, (character) => `#${String(character.charCodeAt(0))};`)
    .trim();
