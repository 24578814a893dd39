/** Shows the pinned entry: what it was, when, who sent it, and what it has done. */

import type { Entry, Json } from '../shared/view.ts';
import { html, setAttribute } from './dom.ts';
import { bytesIn, hexDump } from './entry-bytes.ts';
import { type Copier, copyText } from './entry-copy.ts';
import { relativeTimes, titleOf } from './entry-facts.ts';
import { type Fact, outcomeFacts, valueChange } from './entry-outcome.ts';
import { disclosure, type FailureLinks, linkTo } from './errors-view.ts';
import { actorName, bytes, clockTime, eventText, oneLine } from './format.ts';
import { JsonTree } from './json-view.ts';
import { longText } from './json-view-text.ts';
import type { Model } from './model.ts';

const MAX_MESSAGE_CHARACTERS = 4_000;

/** The part of the details about the entry of the pinned moment. It is hidden while the page is live. */
export class EntryView {
  readonly element = html('section', { class: 'entry', hidden: true, 'aria-label': 'Entry' });
  readonly #model: Model;
  readonly #links: FailureLinks;
  readonly #copier: Copier;
  #drawn: readonly unknown[] = [undefined];

  constructor(model: Model, links: FailureLinks, copier: Copier) {
    this.#model = model;
    this.#links = links;
    this.#copier = copier;
  }

  draw(): void {
    const { entry } = this.#model;
    const outcome = entry?.kind === 'event' ? this.#model.outcomeOf(entry) : undefined;
    const actor = entry && this.#model.history.actors.get(entry.actor)?.actor;
    const shape = actor?.kind === 'machine' ? this.#model.shapeOf(actor) : undefined;
    const now = [entry, outcome, shape];
    if (now.every((one, at) => one === this.#drawn[at])) return;
    setAttribute(this.element, 'hidden', entry === undefined ? '' : undefined);
    this.element.replaceChildren(...(entry === undefined ? [] : this.#partsOf(entry)));
    this.#drawn = now;
  }

  #partsOf(entry: Entry): (Node | string)[] {
    const facts = [...this.#commonFacts(entry), ...this.#factsOf(entry)];
    return [
      html('div', { class: 'value-title' }, html('h3', {}, titleOf(entry)), this.#buttons(entry)),
      ...this.#contentOf(entry),
      html(
        'dl',
        {},
        ...facts.flatMap(([term, content]) => [html('dt', {}, term), html('dd', {}, content)]),
      ),
    ];
  }

  #commonFacts(entry: Entry): Fact[] {
    const times = [clockTime(entry.at), ...relativeTimes(this.#model, entry)];
    return [
      ['time', times.join(', ')],
      ...(entry.kind === 'problem' ? [] : [['actor', this.#actorLink(entry.actor)] as const]),
    ];
  }

  #factsOf(entry: Entry): Fact[] {
    const model = this.#model;
    switch (entry.kind) {
      case 'event': {
        const outcome = model.outcomeOf(entry);
        const sender: Fact[] =
          entry.origin === undefined ? [] : [['sender', this.#actorLink(entry.origin)]];
        if (outcome === undefined) return [...sender, ['handled', UNKNOWN_OUTCOME]];
        const led: Fact = ['led to', this.#entryLink(titleOf(outcome), outcome.seq)];
        return [...sender, led, ...outcomeFacts(model, outcome)];
      }
      case 'state': {
        const cause = model.causeOf(entry);
        const text = eventText(entry.state.event);
        const event = cause === undefined ? oneLine(text) : this.#entryLink(text, cause.seq);
        return [['caused by', event], ...valueChange(model, entry), ...outcomeFacts(model, entry)];
      }
      case 'message': {
        const skipped =
          entry.skipped === 0 ? [] : [['left out', skippedText(entry.skipped)] as const];
        return [['size', bytes(entry.bytes)], ...skipped];
      }
      case 'start':
      case 'stop':
      case 'problem':
        return [];
    }
  }

  /** The payload of an event, or the text of a message. */
  #contentOf(entry: Entry): Node[] {
    if (entry.kind === 'event') return [this.#tree('Payload', entry.data)];
    if (entry.kind === 'problem')
      return [html('p', { class: 'text' }, ...longText(entry.text, LONG))];
    return entry.kind === 'message' ? this.#message(entry.text) : [];
  }

  #message(text: string): Node[] {
    const reported = bytesIn(text);
    if (reported !== undefined) {
      const { size, bytes: shown } = reported;
      const rest =
        size > shown.length
          ? [html('p', {}, `${String(size - shown.length)} more bytes were not reported.`)]
          : [];
      return [html('pre', { class: 'text' }, hexDump(shown)), ...rest];
    }
    const value = parsed(text);
    const whole = html('pre', { class: 'text' }, ...longText(text, LONG));
    return value === undefined
      ? [whole]
      : [this.#tree('Message', value), disclosure('as text', () => whole)];
  }

  #tree(label: string, value: Json): HTMLElement {
    const tree = new JsonTree(label, [
      {
        name: 'copy',
        key: 'c',
        run: (_, part) => {
          this.#copier.copy(copyText(part), 'the value');
        },
      },
    ]);
    tree.update(value);
    return tree.element;
  }

  #buttons(entry: Entry): HTMLElement {
    const button = (text: string, what: string, copied: Json | object): HTMLElement => {
      const element = html('button', { type: 'button', 'aria-label': `Copy ${what}` }, text);
      element.addEventListener('click', () => {
        this.#copier.copy(copyText(copied), what);
      });
      return element;
    };
    return html(
      'div',
      { class: 'value-tools' },
      ...(entry.kind === 'event' ? [button('Copy payload', 'the payload', entry.data)] : []),
      ...(entry.kind === 'message' ? [button('Copy text', 'the message', entry.text)] : []),
      button('Copy', 'the entry as JSON', entry),
    );
  }

  #actorLink(id: string): Node | string {
    const actor = this.#model.history.actors.get(id)?.actor;
    if (actor === undefined) return `${oneLine(id)} (no longer kept)`;
    return linkTo(oneLine(actorName(actor)), () => {
      this.#links.select(id);
    });
  }

  #entryLink(text: string, seq: number): Node {
    return linkTo(oneLine(text), () => {
      this.#links.pin(seq);
    });
  }
}

const LONG = { most: MAX_MESSAGE_CHARACTERS };
const UNKNOWN_OUTCOME = 'not known: no state was reported after it';

const skippedText = (count: number): string =>
  `${String(count)} messages before this one: there were too many to report`;

/** An object or a list as JSON; `undefined` for other texts. */
function parsed(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
