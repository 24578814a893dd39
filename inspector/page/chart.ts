/**
 * The selected machine's statechart: its active states, the transitions last taken and possible now, and
 * the running deadlines.
 */

import type { ActorState, ActorView, Chart, Json } from '../shared/view.ts';
import { type DrawnChart, drawChart, type StateLine } from './chart-drawing.ts';
import { byId, html, setAttribute, setText } from './dom.ts';
import { activeBelow, countdown } from './format.ts';
import type { Model } from './model.ts';

const ZOOM_STEP = 1.25;
/** At a smaller scale the texts are illegible. */
const MIN_READABLE_SCALE = 0.6;

/** Draws the chart, and highlights it at each frame. */
export class ChartPane {
  readonly #model: Model;
  readonly #select: (id: string) => void;
  readonly #root = byId('chart', HTMLElement);
  #drawn: DrawnChart | undefined;
  #below: StatesBelow = new Map();
  #shown: unknown;
  #childrenKey = '';
  #childrenByName: ReadonlyMap<string, string> = new Map();
  /** The scale that the user has chosen. */
  #userScale: number | undefined;
  /** The node that was last scrolled into view. */
  #scrolledTo: string | undefined;

  constructor(model: Model, select: (id: string) => void) {
    this.#model = model;
    this.#select = select;
    const zoom = (id: string, factor: number | undefined) => {
      byId(id, HTMLButtonElement).addEventListener('click', () => {
        this.#zoom(factor);
      });
    };
    zoom('zoom-in', ZOOM_STEP);
    zoom('zoom-out', 1 / ZOOM_STEP);
    zoom('zoom-fit', undefined);
    this.#root.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.#zoom(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
    });
    new ResizeObserver(() => {
      this.#scrolledTo = undefined;
      this.#applyScale();
    }).observe(this.#root);
  }

  draw(): void {
    const { actor, state } = this.#model;
    const chart = actor && this.#model.chartOf(actor);
    if (chart !== this.#shown) this.#show(chart);
    if (this.#drawn === undefined || actor === undefined || state === undefined) return;
    this.#highlight(this.#drawn, actor, state);
  }

  #show(chart: Chart | string | undefined): void {
    this.#shown = chart;
    this.#drawn = undefined;
    if (chart === undefined) {
      this.#root.replaceChildren();
    } else if (typeof chart === 'string') {
      this.#root.replaceChildren(html('p', { class: 'hint' }, `No chart: ${chart}.`));
    } else {
      const { picture, drawn } = drawChart(chart);
      this.#below = statesBelow(chart);
      this.#drawn = drawn;
      this.#root.replaceChildren(picture);
      for (const line of drawn.lines) this.#addLink(line);
      this.#scrolledTo = undefined;
      this.#applyScale();
    }
  }

  /** A click on an invoked actor selects it while it is alive. */
  #addLink({ element, kind, name }: StateLine): void {
    if (kind !== 'actor') return;
    element.addEventListener('click', () => {
      const child = this.#childNamed(name);
      if (child !== undefined) this.#select(child);
    });
  }

  #childNamed(name: string): string | undefined {
    return this.#children().get(name);
  }

  /** The living actors that the selected one has invoked or spawned, by their names. */
  #children(): ReadonlyMap<string, string> {
    const { selected, actorsVersion, seq } = this.#model;
    const key = [selected, actorsVersion, this.#model.isLive || seq].join();
    if (key === this.#childrenKey) return this.#childrenByName;
    const children = new Map<string, string>();
    for (const { actor } of this.#model.history.actors.values()) {
      const isChild = actor.parent === selected && !children.has(actor.name);
      if (isChild && this.#model.isAlive(actor.id)) children.set(actor.name, actor.id);
    }
    this.#childrenKey = key;
    this.#childrenByName = children;
    return children;
  }

  #highlight(drawn: DrawnChart, actor: ActorView, state: ActorState): void {
    const { chart, nodes, edges, lines } = drawn;
    const root = chart.nodes[0]?.id ?? '';
    const active = activeNodes(this.#below, root, state.value);
    this.#scrollToActive(drawn, active);
    for (const [id, element] of nodes) setAttribute(element, 'data-active', flag(active.has(id)));
    const taken = takenEdges(state);
    const isAlive = this.#model.isAlive(actor.id);
    for (const [{ source, target }, element] of edges) {
      setAttribute(element, 'data-possible', flag(isAlive && active.has(source)));
      setAttribute(element, 'data-taken', flag(taken.has(`${source}\n${target}`)));
    }
    for (const line of lines) this.#updateLine(line, active, actor, state);
  }

  #updateLine(
    { element, node, kind, name, text }: StateLine,
    active: ReadonlySet<string>,
    actor: ActorView,
    { deadlines }: ActorState,
  ): void {
    const isActive = active.has(node.id);
    if (kind === 'actor') {
      setAttribute(element, 'data-on', flag(isActive && this.#childNamed(name) !== undefined));
    } else if (kind === 'deadline') {
      const running = isActive ? deadlines?.find(({ event }) => event === name) : undefined;
      const left = running && running.startedAt + running.ms - this.#model.clockOf(actor.program);
      setText(element, left === undefined ? `◷ ${text}` : `◷ ${text} ${countdown(left)}`);
      setAttribute(element, 'data-on', flag(running !== undefined));
    }
  }

  /** @param factor - `undefined` fits the whole chart. */
  #zoom(factor: number | undefined): void {
    const scale = factor === undefined ? this.#fittingScale() : this.#scale() * factor;
    this.#userScale = Math.min(4, Math.max(0.1, scale));
    this.#applyScale();
  }

  #applyScale(): void {
    const picture = this.#root.firstElementChild;
    if (this.#drawn === undefined || !(picture instanceof SVGSVGElement)) return;
    const { width, height } = this.#drawn.chart;
    const scale = this.#scale();
    picture.setAttribute('width', String(Math.floor(width * scale)));
    picture.setAttribute('height', String(Math.floor(height * scale)));
  }

  /** The scale at which the whole chart fits into the pane. */
  #fittingScale(): number {
    if (this.#drawn === undefined) return 1;
    const { width, height } = this.#drawn.chart;
    const { clientWidth, clientHeight } = this.#root;
    return Math.min(1.2, (clientWidth - 8) / width, (clientHeight - 8) / height);
  }

  /** The current scale. By default the chart fits, unless it would be illegible. */
  #scale(): number {
    return this.#userScale ?? Math.max(MIN_READABLE_SCALE, this.#fittingScale());
  }

  /** Scrolls the innermost active state into view when it has changed. */
  #scrollToActive({ chart }: DrawnChart, active: ReadonlySet<string>): void {
    const node = chart.nodes.findLast(({ id }) => active.has(id));
    if (node === undefined || node.id === this.#scrolledTo) return;
    this.#scrolledTo = node.id;
    const scale = this.#scale();
    const { clientWidth, clientHeight } = this.#root;
    this.#root.scrollTo({
      left: (node.x + node.width / 2) * scale - clientWidth / 2,
      top: (node.y + node.height / 2) * scale - clientHeight / 2,
    });
  }
}

const flag = (is: boolean): string | undefined => (is ? '' : undefined);

/** The ids of the states below each state, by their names. */
type StatesBelow = ReadonlyMap<string, ReadonlyMap<string, string>>;

function statesBelow({ nodes }: Chart): StatesBelow {
  const below = new Map<string, Map<string, string>>();
  for (const { id, key, kind, parent } of nodes) {
    if (parent === undefined || kind === 'initial') continue;
    const siblings = below.get(parent) ?? new Map<string, string>();
    below.set(parent, siblings.set(key, id));
  }
  return below;
}

/** The ids of the active states, including the root. */
function activeNodes(below: StatesBelow, root: string, value: Json): ReadonlySet<string> {
  const active = new Set([root]);
  const visit = (parent: string, value: Json): void => {
    for (const [name, inner] of activeBelow(value)) {
      const id = below.get(parent)?.get(name);
      if (id === undefined) continue;
      active.add(id);
      visit(id, inner);
    }
  };
  visit(root, value);
  return active;
}

/** The edges that were taken to get to a state. There may be thousands, and every frame needs them. */
function takenEdges(state: ActorState): ReadonlySet<string> {
  const known = taken.get(state);
  if (known !== undefined) return known;
  const edges = new Set(
    (state.microsteps ?? []).flatMap(({ transitions }) =>
      transitions.flatMap(({ source, target }) => target.map((id) => `${source}\n${id}`)),
    ),
  );
  taken.set(state, edges);
  return edges;
}

const taken = new WeakMap<ActorState, ReadonlySet<string>>();
