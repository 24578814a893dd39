/** The chosen machine's statechart: where it is, how it came there, where it may go, and what it waits for. */

import type { ActorState, ActorView, Chart, ChartEdge, ChartNode } from '../shared/view.ts';
import { byId, html, setAttribute, setText, svg } from './dom.ts';
import { activePaths, countdown } from './format.ts';
import type { Model } from './model.ts';

/** As in the layout. */
const LINE = 16;
const LABEL_LINE = 14;
const FIRST_LINE = 17;
const ZOOM = 1.25;
/** At less than this, its texts cannot be read. */
const LEAST_READABLE = 0.6;

interface Line {
  readonly element: SVGTextElement;
  readonly node: ChartNode;
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

interface Drawn {
  readonly chart: Chart;
  readonly nodes: ReadonlyMap<string, SVGGElement>;
  readonly edges: readonly (readonly [ChartEdge, SVGGElement])[];
  readonly lines: readonly Line[];
}

/** See the module's comment. */
export class ChartPane {
  readonly #model: Model;
  readonly #choose: (id: string) => void;
  readonly #root = byId('chart', HTMLElement);
  #drawn: Drawn | undefined;
  #shown: unknown;
  /** Chosen by the user; `undefined` until then. */
  #scale: number | undefined;
  #followed: string | undefined;

  constructor(model: Model, choose: (id: string) => void) {
    this.#model = model;
    this.#choose = choose;
    const zoom = (id: string, factor: number | undefined) => {
      byId(id, HTMLButtonElement).addEventListener('click', () => {
        this.#zoom(factor);
      });
    };
    zoom('zoom-in', ZOOM);
    zoom('zoom-out', 1 / ZOOM);
    zoom('zoom-fit', undefined);
    this.#root.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.#zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM);
    });
    new ResizeObserver(() => {
      this.#followed = undefined;
      this.#fit();
    }).observe(this.#root);
  }

  draw(): void {
    const { actor, state } = this.#model;
    const chart = actor && this.#model.chartOf(actor);
    if (chart !== this.#shown) this.#show(chart);
    if (this.#drawn === undefined || actor === undefined || state === undefined) return;
    this.#light(this.#drawn, actor, state);
  }

  #show(chart: Chart | string | undefined): void {
    this.#shown = chart;
    this.#drawn = undefined;
    if (chart === undefined) {
      this.#root.replaceChildren();
    } else if (typeof chart === 'string') {
      this.#root.replaceChildren(html('p', { class: 'hint' }, `There is no chart: ${chart}`));
    } else {
      const { picture, drawn } = drawingOf(chart);
      this.#drawn = drawn;
      this.#root.replaceChildren(picture);
      for (const line of drawn.lines) this.#link(line);
      this.#followed = undefined;
      this.#fit();
    }
  }

  /** An invoked actor can be looked at, while it is there. */
  #link({ element, kind, name }: Line): void {
    if (kind !== 'actor') return;
    element.addEventListener('click', () => {
      const child = this.#childNamed(name);
      if (child !== undefined) this.#choose(child);
    });
  }

  #childNamed(name: string): string | undefined {
    const { selected } = this.#model;
    for (const { actor } of this.#model.history.lives.values()) {
      const isChild = actor.parent === selected && actor.name === name;
      if (isChild && this.#model.isAlive(actor.id)) return actor.id;
    }
    return undefined;
  }

  #light(drawn: Drawn, actor: ActorView, state: ActorState): void {
    const { chart, nodes, edges, lines } = drawn;
    const root = chart.nodes[0]?.id ?? '';
    const active = activeNodes(chart, root, state);
    this.#follow(drawn, active);
    for (const [id, element] of nodes) setAttribute(element, 'data-active', flag(active.has(id)));
    const taken = takenEdges(state);
    const isAlive = this.#model.isAlive(actor.id);
    for (const [{ source, target }, element] of edges) {
      setAttribute(element, 'data-possible', flag(isAlive && active.has(source)));
      setAttribute(element, 'data-taken', flag(taken.has(`${source}\n${target}`)));
    }
    for (const line of lines) this.#lightLine(line, active, actor, state);
  }

  #lightLine(
    { element, node, kind, name, text }: Line,
    active: ReadonlySet<string>,
    actor: ActorView,
    { deadlines }: ActorState,
  ): void {
    const isHere = active.has(node.id);
    if (kind === 'actor') {
      setAttribute(element, 'data-on', flag(isHere && this.#childNamed(name) !== undefined));
    } else if (kind === 'deadline') {
      const running = isHere ? deadlines?.find(({ event }) => event === name) : undefined;
      const left = running && running.startedAt + running.ms - this.#model.clockOf(actor.program);
      setText(element, left === undefined ? `◷ ${text}` : `◷ ${text} ${countdown(left)}`);
      setAttribute(element, 'data-on', flag(running !== undefined));
    }
  }

  /** @param factor - All of it, when it is `undefined`. */
  #zoom(factor: number | undefined): void {
    const current = this.#scale ?? this.#readable();
    this.#scale = Math.min(
      4,
      Math.max(0.1, factor === undefined ? this.#fitting() : current * factor),
    );
    this.#fit();
  }

  #fit(): void {
    const picture = this.#root.firstElementChild;
    if (this.#drawn === undefined || !(picture instanceof SVGSVGElement)) return;
    const { width, height } = this.#drawn.chart;
    const scale = this.#scale ?? this.#readable();
    picture.setAttribute('width', String(Math.floor(width * scale)));
    picture.setAttribute('height', String(Math.floor(height * scale)));
  }

  /** The scale at which all of it can be seen. */
  #fitting(): number {
    if (this.#drawn === undefined) return 1;
    const { width, height } = this.#drawn.chart;
    const { clientWidth, clientHeight } = this.#root;
    return Math.min(1.2, (clientWidth - 8) / width, (clientHeight - 8) / height);
  }

  /** The same, as long as it can still be read; what is active is followed then. */
  #readable(): number {
    return Math.max(LEAST_READABLE, this.#fitting());
  }

  /** Brings the innermost active state into view, when it has changed. */
  #follow({ chart }: Drawn, active: ReadonlySet<string>): void {
    const node = chart.nodes.findLast(({ id }) => active.has(id));
    if (node === undefined || node.id === this.#followed) return;
    this.#followed = node.id;
    const scale = this.#scale ?? this.#readable();
    const { clientWidth, clientHeight } = this.#root;
    this.#root.scrollTo({
      left: (node.x + node.width / 2) * scale - clientWidth / 2,
      top: (node.y + node.height / 2) * scale - clientHeight / 2,
    });
  }
}

const flag = (is: boolean): string | undefined => (is ? '' : undefined);

/** The ids of the states that are active; the machine itself always is. */
function activeNodes(chart: Chart, root: string, { value }: ActorState): ReadonlySet<string> {
  const paths = new Map<string, string>();
  const byNode = new Map(chart.nodes.map((node) => [node.id, node]));
  for (const node of chart.nodes) paths.set(pathOf(node, byNode), node.id);
  const active = activePaths(value).map((path) => paths.get(path));
  return new Set([root, ...active.filter((id) => id !== undefined)]);
}

/** The keys from the outermost state in: ids can be anything. */
function pathOf(node: ChartNode, nodes: ReadonlyMap<string, ChartNode>): string {
  const parent = node.parent === undefined ? undefined : nodes.get(node.parent);
  if (parent === undefined) return '';
  const path = pathOf(parent, nodes);
  return path === '' ? node.key : `${path}.${node.key}`;
}

const takenEdges = ({ microsteps = [] }: ActorState): ReadonlySet<string> =>
  new Set(
    microsteps.flatMap(({ transitions }) =>
      transitions.flatMap(({ source, target }) => target.map((id) => `${source}\n${id}`)),
    ),
  );

function drawingOf(chart: Chart): { picture: SVGSVGElement; drawn: Drawn } {
  const lines: Line[] = [];
  const nodes = new Map<string, SVGGElement>();
  for (const node of chart.nodes) nodes.set(node.id, nodeGroup(node, lines));
  const edges = chart.edges.map((edge): [ChartEdge, SVGGElement] => [edge, edgeGroup(edge)]);
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${String(chart.width)} ${String(chart.height)}`,
      role: 'img',
      'aria-label': `Statechart of ${chart.nodes[0]?.key ?? 'a machine'}`,
    },
    svg('defs', {}, arrowhead('arrow'), arrowhead('arrow-taken'), arrowhead('arrow-possible')),
    ...nodes.values(),
    ...edges.map(([, element]) => element),
  );
  return { picture, drawn: { chart, nodes, edges, lines } };
}

const arrowhead = (id: string): SVGMarkerElement =>
  svg(
    'marker',
    {
      id,
      viewBox: '0 0 8 8',
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      markerUnits: 'userSpaceOnUse',
      orient: 'auto',
    },
    svg('path', { d: 'M0,0.5 L8,4 L0,7.5 z' }),
  );

const MARKS = { actor: '▸', deadline: '◷', event: '·' } as const;

function nodeGroup(node: ChartNode, lines: Line[]): SVGGElement {
  const { x, y, width, height, kind } = node;
  if (kind === 'initial') {
    const dot = svg('circle', { cx: x + width / 2, cy: y + height / 2, r: width / 2 });
    return svg('g', { class: 'initial' }, dot);
  }
  const isRegion = kind === 'parallel';
  const box = svg('rect', { x, y, width, height, rx: 6 });
  const inner =
    kind === 'final' &&
    svg('rect', { x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: 4 });
  const name = svg('text', { x: x + 12, y: y + FIRST_LINE, class: 'key' }, nameOf(node));
  const below = node.lines.map((line, at) => {
    const text = `${MARKS[line.kind]} ${line.text}`;
    const position = { x: x + 12, y: y + FIRST_LINE + (at + 1) * LINE };
    const element = svg('text', { ...position, class: `line ${line.kind}` }, text);
    lines.push({ element, node, kind: line.kind, name: line.name, text: line.text });
    return element;
  });
  const title = node.description === undefined ? undefined : svg('title', {}, node.description);
  return svg(
    'g',
    { class: `node ${kind}`, 'data-node': node.id, 'data-region': isRegion },
    title,
    box,
    inner || undefined,
    name,
    ...below,
  );
}

const nameOf = ({ key, kind }: ChartNode): string => (kind === 'history' ? `${key} (H)` : key);

function edgeGroup({ source, target, labels, points, at }: ChartEdge): SVGGElement {
  const [first, ...rest] = points;
  const d =
    first === undefined
      ? ''
      : `M${String(first[0])},${String(first[1])} ${rest.map(([x, y]) => `L${String(x)},${String(y)}`).join(' ')}`;
  const [x, y] = at ?? [0, 0];
  const top = y - (labels.length * LABEL_LINE) / 2 + 11;
  const texts = labels.map((label, row) =>
    svg('text', { x, y: top + row * LABEL_LINE, 'text-anchor': 'middle' }, label.text),
  );
  return svg(
    'g',
    { class: 'edge', 'data-source': source, 'data-target': target },
    svg('path', { d }),
    ...texts,
  );
}
