/**
 * The selected machine's statechart: its active states, the transitions last taken and possible now, and
 * the running deadlines. It can be moved, scaled, searched, collapsed and exported.
 */

import type { ActorView, Chart, ChartNode } from '../shared/view.ts';
import { ChartBar } from './chart-bar.ts';
import { type ExportFormat, saveChart } from './chart-export.ts';
import { ChartSearch } from './chart-find.ts';
import { ChartGestures } from './chart-gestures.ts';
import { type ChartHooks, ChartPanel, type ChartSelection } from './chart-panel.ts';
import { LivingChildren, progressText, Voice } from './chart-parts.ts';
import { ChartScene } from './chart-scene.ts';
import { ChartSource } from './chart-source.ts';
import { ChartViewport } from './chart-viewport.ts';
import { isDirection, nextState } from './chart-walk.ts';
import { byId, html, setAttribute, setText } from './dom.ts';
import { actorName, clockTime, valueText } from './format.ts';
import { messageOf } from './guarded.ts';
import type { Model } from './model.ts';

/** The chart follows the active states at most at this interval: more would be unrest. */
const FOLLOW_MS = 400;

/** Draws the chart, and highlights it at each frame. */
export class ChartPane {
  readonly #model: Model;
  readonly #select: (id: string) => void;
  readonly #root = byId('chart', HTMLElement);
  readonly #viewport = new ChartViewport();
  readonly #source: ChartSource;
  readonly #children: LivingChildren;
  readonly #bar: ChartBar;
  readonly #panel: ChartPanel;
  readonly #gestures: ChartGestures;
  readonly #progress = html('output', { class: 'chart-progress', hidden: true });
  readonly #spoken = html('output', { class: 'chart-spoken', 'aria-live': 'polite' });
  readonly #voice = new Voice(this.#spoken);
  #scene: ChartScene | undefined;
  #shown: Chart | string | undefined;
  #shownActor: string | undefined;
  #selection: ChartSelection | undefined;
  readonly #search = new ChartSearch();
  #followed: { node: ChartNode | undefined; at: number } = { node: undefined, at: 0 };
  #isMoved = true;

  /**
   * @param select - Selects an actor.
   * @param hooks - What other parts of the page know of states.
   */
  constructor(model: Model, select: (id: string) => void, hooks: ChartHooks = {}) {
    this.#model = model;
    this.#select = select;
    this.#source = new ChartSource(model);
    this.#children = new LivingChildren(model);
    const onChange = () => {
      this.#isMoved = true;
      this.#root.removeAttribute('data-smooth');
    };
    this.#gestures = new ChartGestures(this.#root, { viewport: this.#viewport, onChange });
    this.#panel = new ChartPanel(
      hooks,
      (id) => {
        this.selectState(id);
      },
      () => {
        this.#choose(undefined);
        this.#root.focus();
      },
    );
    const section = this.#root.closest('.pane') ?? document.body;
    this.#bar = new ChartBar(section.querySelector('.bar') ?? section, this.#actions());
    const area = html('div', { class: 'chart-area' });
    this.#root.replaceWith(area);
    area.append(this.#root, this.#panel.element, this.#progress, this.#spoken);
    this.#listen();
  }

  draw(): void {
    const { actor, state } = this.#model;
    const chart = actor && this.#source.drawingFor(actor);
    // Until another drawing of the same chart has come, the present one stays.
    const isWaiting = chart === undefined && this.#scene?.chart.id === actor?.chart;
    if ((chart !== this.#shown || actor?.id !== this.#shownActor) && !isWaiting)
      this.#show(chart, actor);
    this.#drawProgress(actor, chart);
    const scene = this.#scene;
    if (scene !== undefined && actor !== undefined && state !== undefined) {
      scene.draw(this.#model, actor, state, (name) => this.#children.byName.has(name));
      this.#source.expandActive(scene.chart, scene.states, scene.active);
      this.#follow(scene);
      this.#voice.note(`${actorName(actor)}: ${valueText(state.value)}`);
    }
    this.#drawControls();
    if (this.#isMoved) this.#applyView();
  }

  /** Selects a state of the shown chart, and brings it into view. */
  selectState(id: string): void {
    const node = this.#scene?.states.byId.get(id);
    if (node === undefined) return;
    this.#choose({ kind: 'state', node });
    this.#reveal(node);
  }

  #show(chart: Chart | string | undefined, actor: ActorView | undefined): void {
    const before = this.#scene;
    const isSame = typeof chart === 'object' && before?.chart.id === chart.id;
    const isSameActor = this.#shownActor === actor?.id;
    this.#shown = chart;
    this.#shownActor = actor?.id;
    if (isSame && chart === before.chart) {
      this.#followed = { node: undefined, at: 0 };
      return;
    }
    this.#scene = typeof chart === 'object' ? new ChartScene(chart) : undefined;
    if (chart === undefined) this.#root.replaceChildren();
    else if (typeof chart === 'string') {
      this.#root.replaceChildren(html('p', { class: 'hint' }, `No chart: ${chart}.`));
    } else {
      this.#root.replaceChildren(
        ...[this.#scene?.drawn.picture].filter((one) => one !== undefined),
      );
      this.#viewport.show(chart, isSame);
    }
    this.#followed = { node: undefined, at: 0 };
    this.#isMoved = true;
    this.#root.removeAttribute('data-smooth');
    this.#reselect(isSame && isSameActor);
    this.#find(this.#search.text);
  }

  /** The same state in the new drawing. */
  #reselect(isSame: boolean): void {
    const selection = this.#selection;
    const id = selection?.kind === 'state' ? selection.node.id : selection?.source.id;
    const node = isSame && id !== undefined ? this.#scene?.states.byId.get(id) : undefined;
    this.#choose(node && { kind: 'state', node });
  }

  #choose(selection: ChartSelection | undefined): void {
    this.#selection = selection;
    this.#scene?.select(selection);
    this.#drawPanel();
    const id = selection?.kind === 'state' ? selection.node.id : selection?.source.id;
    const node = id === undefined ? undefined : this.#scene?.states.drawn(id);
    // The panel does not cover what is selected.
    const side = node !== undefined && this.#viewport.isRight(node) ? 'left' : 'right';
    setAttribute(this.#panel.element, 'data-side', side);
  }

  #drawPanel(): void {
    const scene = this.#scene;
    this.#panel.draw(this.#selection, {
      isActive: (id) => scene?.active.has(id) ?? false,
      isAlive: this.#model.isAlive(this.#model.selected ?? ''),
      nameOf: (id) => scene?.states.byId.get(id)?.key ?? id,
    });
  }

  #drawProgress(actor: ActorView | undefined, chart: Chart | string | undefined): void {
    const states = actor && this.#source.statesBeingLaidOut(actor);
    const text = progressText(states, typeof chart === 'object' ? chart : undefined);
    setText(this.#progress, text);
    if (this.#progress.hidden !== (text === '')) this.#progress.hidden = text === '';
  }

  #drawControls(): void {
    const scene = this.#scene;
    const hasParents = scene?.states.hasParents ?? false;
    const isCollapsed = scene?.drawn.inside.size !== 0;
    this.#bar.draw({
      isFollowing: !this.#viewport.hasMoved,
      hasDetails: scene?.chart.details ?? false,
      collapse: !hasParents ? undefined : isCollapsed ? 'Expand' : 'Collapse',
      found: this.#search.summary,
    });
    this.#drawPanel();
  }

  #actions(): ConstructorParameters<typeof ChartBar>[1] {
    const withChart = (run: (scene: ChartScene) => void) => () => {
      if (this.#scene !== undefined) run(this.#scene);
      this.#isMoved = true;
    };
    return {
      zoom: (factor) => {
        this.#viewport.zoom(factor);
        this.#applyView();
      },
      fit: () => {
        this.#viewport.fit();
        this.#applyView();
      },
      follow: (on) => {
        this.#viewport.hasMoved = !on;
        this.#followed = { node: undefined, at: 0 };
      },
      details: (on) => {
        withChart(({ chart }) => {
          this.#source.setDetails(chart, on);
        })();
      },
      collapse: withChart(({ chart, states }) => {
        this.#source.toggleAll(chart, states);
      }),
      find: (text) => {
        this.#find(text);
      },
      next: () => {
        this.selectState(this.#search.next() ?? '');
      },
      save: (format) => {
        void this.#save(format);
      },
    };
  }

  #find(text: string): void {
    this.#search.text = text;
    this.#search.show(this.#scene?.find(text) ?? []);
  }

  async #save(format: ExportFormat): Promise<void> {
    const scene = this.#scene;
    const { actor, state } = this.#model;
    if (scene === undefined || actor === undefined) return;
    const at = this.#model.moment?.at ?? state?.at;
    const name = [actorName(actor), ...(at === undefined ? [] : [clockTime(at)])].join('-');
    try {
      await saveChart({ chart: scene.chart, picture: scene.drawn.picture, name }, format);
    } catch (error) {
      this.#voice.say(`The chart was not saved: ${messageOf(error)}`);
    }
  }

  #listen(): void {
    this.#root.addEventListener('click', (event) => {
      if (event.target instanceof Element) this.#click(event.target);
    });
    this.#root.addEventListener('dblclick', (event) => {
      if (event.target instanceof Element) this.#toggle(event.target);
    });
    this.#root.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.#press(event.key)) event.preventDefault();
    });
    this.#panel.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#press(event.key)) event.preventDefault();
    });
    new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      this.#viewport.pane = { width, height };
      this.#followed = { node: undefined, at: 0 };
      this.#isMoved = true;
    }).observe(this.#root);
  }

  #click(target: Element): void {
    if (target.closest('.caret') !== null) {
      this.#toggle(target);
      return;
    }
    const line = this.#scene?.drawn.lines.find(({ element }) => element === target);
    const child = line?.line.kind === 'actor' && this.#children.byName.get(line.line.name);
    // A click on an invoked actor selects it while it is alive.
    if (typeof child === 'string') this.#select(child);
    else this.#choose(this.#scene?.selectionAt(target));
  }

  #toggle(target: Element): void {
    const id = target.closest<SVGElement>('.node')?.dataset['node'];
    const scene = this.#scene;
    if (id === undefined || scene === undefined || id === scene.states.root) return;
    if (scene.states.childrenOf(id).length > 0) this.#source.toggle(scene.chart, id);
  }

  /** Handles a key. Returns whether it was one. */
  #press(key: string): boolean {
    const scene = this.#scene;
    if (scene === undefined) return false;
    const node = this.#selection?.kind === 'state' ? this.#selection.node : undefined;
    if (key === 'Escape' && this.#selection !== undefined) {
      this.#choose(undefined);
      this.#root.focus();
      return true;
    }
    if (key === 'Enter') {
      if (node === undefined) this.#walkTo(scene.current);
      else if (scene.states.childrenOf(node.id).length > 0 && node.id !== scene.states.root) {
        this.#source.toggle(scene.chart, node.id);
      }
      return true;
    }
    if (node !== undefined && isDirection(key)) {
      this.#walkTo(nextState(scene.chart.nodes, scene.states.drawn(node.id) ?? node, key));
      return true;
    }
    return this.#gestures.press(key);
  }

  #walkTo(node: ChartNode | undefined): void {
    if (node === undefined) return;
    this.selectState(node.id);
    const isActive = this.#scene?.active.has(node.id) === true;
    this.#voice.say(`${node.key}${isActive ? ', active' : ''}`);
  }

  #reveal(node: ChartNode): void {
    const drawn = this.#scene?.states.drawn(node.id) ?? node;
    if (!this.#viewport.reveal(drawn)) return;
    this.#isMoved = true;
    setAttribute(this.#root, 'data-smooth', '');
  }

  /** Keeps the state that has become active in view, unless the user has moved the chart. */
  #follow(scene: ChartScene): void {
    const node = scene.current;
    const now = performance.now();
    const isFirst = this.#followed.node === undefined;
    if (node === this.#followed.node || this.#viewport.hasMoved) return;
    if (!isFirst && now - this.#followed.at < FOLLOW_MS) return;
    this.#followed = { node, at: now };
    if (node === undefined || this.#viewport.isWhole || !this.#viewport.reveal(node)) return;
    this.#isMoved = true;
    if (!isFirst) this.#root.setAttribute('data-smooth', '');
  }

  #applyView(): void {
    this.#isMoved = false;
    const picture = this.#scene?.drawn.picture;
    if (picture === undefined) return;
    const { size, position } = this.#viewport;
    setAttribute(picture, 'width', String(size.width));
    setAttribute(picture, 'height', String(size.height));
    picture.style.transform = `translate(${String(position[0])}px, ${String(position[1])}px)`;
  }
}
