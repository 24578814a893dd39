/**
 * The pane "Details": the pinned entry, and the selected actor at the selected moment. Its parts are updated
 * in place, so that what is open, the focus and the scroll position stay as they are.
 */

import type { ActorState, ActorView } from '../shared/view.ts';
import { pathOf } from './actor-path.ts';
import { Facts } from './detail-facts.ts';
import { TimesView } from './detail-times-view.ts';
import { ValueSection } from './detail-value.ts';
import { byId, html, setAttribute } from './dom.ts';
import { Copier } from './entry-copy.ts';
import { EntryView } from './entry-view.ts';
import { FailureView, HeldErrors } from './errors-view.ts';
import { showName } from './actor-name.ts';
import type { JsonPath } from './json-path.ts';
import type { Model } from './model.ts';
import { type PinRoot, Pins } from './pins.ts';
import { PinsPanel } from './pins-panel.ts';
import { ofTab, storedText, storeText } from './settings.ts';

const PINS = 'pins';

/** Draws the pane "Details". */
export class Detail {
  readonly #model: Model;
  readonly #root = byId('detail', HTMLElement);
  readonly #title = html('h2');
  readonly #copier = new Copier();
  readonly #pins = new Pins({
    read: () => storedText(ofTab, PINS),
    write: (text) => {
      storeText(ofTab, PINS, text);
    },
  });
  readonly #failure: FailureView;
  readonly #held: HeldErrors;
  readonly #entry: EntryView;
  readonly #facts: Facts;
  readonly #panel: PinsPanel;
  readonly #output: ValueSection;
  readonly #emitted: ValueSection;
  readonly #context: ValueSection;
  readonly #times: TimesView;
  /** The actor that the parts were put into the pane for. */
  #drawn: string | undefined;
  #wasLive = true;

  constructor(model: Model) {
    this.#model = model;
    const links = {
      select: (id: string) => {
        model.selected = id;
      },
      pin: (seq: number) => {
        model.pin(seq);
      },
    };
    const value = (title: string, root: PinRoot) =>
      new ValueSection(title, { copier: this.#copier, root, pin: this.#pinOf(root) });
    this.#failure = new FailureView(model, links);
    this.#held = new HeldErrors(model);
    this.#entry = new EntryView(model, links, this.#copier);
    this.#facts = new Facts(model);
    this.#panel = new PinsPanel(model, this.#pins, links);
    this.#output = value('Output', 'output');
    this.#emitted = new ValueSection('Emitted', { copier: this.#copier, root: 'emitted' });
    this.#context = value('Context', 'context');
    this.#times = new TimesView(model);
    this.#root.replaceChildren(html('p', { class: 'hint' }, 'Select an actor.'));
  }

  draw(): void {
    const { actor, state } = this.#model;
    if (actor === undefined || state === undefined) this.#clear();
    else this.#drawActor(actor, state);
  }

  #clear(): void {
    if (this.#drawn === undefined) return;
    this.#root.replaceChildren(html('p', { class: 'hint' }, 'Select an actor.'));
    this.#drawn = undefined;
  }

  #drawActor(actor: ActorView, state: ActorState): void {
    if (actor.id !== this.#drawn) this.#show(actor);
    showName(this.#title, actor);
    this.#copier.draw();
    this.#showEntry();
    this.#failure.draw();
    this.#held.draw(this.#failure.isShown);
    this.#entry.draw();
    this.#facts.draw(actor, state);
    this.#panel.draw();
    this.#output.update(state.output);
    this.#emitted.update(this.#model.isLive ? state.emitted : undefined);
    this.#context.update(actor.kind === 'machine' ? state.context : undefined);
    this.#times.draw(actor);
  }

  #show(actor: ActorView): void {
    this.#root.replaceChildren(
      this.#title,
      this.#copier.status,
      this.#failure.element,
      this.#entry.element,
      this.#facts.element,
      this.#panel.element,
      this.#held.element,
      this.#output.element,
      this.#emitted.element,
      this.#context.element,
      this.#times.element,
    );
    this.#root.scrollTop = 0;
    setAttribute(this.#copier.status, 'aria-live', 'polite');
    this.#drawn = actor.id;
  }

  /** The pane goes to the entry that is chosen while it is live, and else stays where it is. */
  #showEntry(): void {
    const { isLive, cursor, history } = this.#model;
    if (this.#wasLive && !isLive && cursor !== history.newest) this.#root.scrollTop = 0;
    this.#wasLive = isLive;
  }

  /** Pins a value of the selected actor, or takes it back. */
  #pinOf(root: PinRoot): (path: JsonPath) => void {
    return (path) => {
      const { selected } = this.#model;
      const actor = selected === undefined ? undefined : pathOf(this.#model, selected);
      if (actor === undefined) return;
      const isPinned = this.#pins.toggle({ actor, root, path });
      this.#copier.say(isPinned ? 'Pinned.' : 'Not pinned any more.');
    };
  }
}
