/** Shows what has failed: one sentence first, then the error with all its causes. */

import { html, setAttribute } from './dom.ts';
import { type ChainedError, chainOf, errorsIn } from './errors.ts';
import { type Failure, failureOf } from './errors-now.ts';
import { actorName } from './format.ts';
import { jsonView } from './json-view.ts';
import { longText } from './json-view-text.ts';
import type { Model } from './model.ts';

/** A longer message of an error is cut. */
const MAX_MESSAGE_CHARACTERS = 4_000;

/** What an alarm links to. */
export interface FailureLinks {
  readonly select: (id: string) => void;
  readonly pin: (seq: number) => void;
}

/** The alarm of an actor that has failed at the shown moment. It is hidden when all is well. */
export class FailureView {
  readonly element = html('section', { class: 'error', hidden: true, 'aria-label': 'Failure' });
  readonly #model: Model;
  readonly #links: FailureLinks;
  #drawn = '';
  #examined: readonly unknown[] = [];

  constructor(model: Model, links: FailureLinks) {
    this.#model = model;
    this.#links = links;
  }

  get isShown(): boolean {
    return this.#drawn !== '';
  }

  draw(): void {
    const { selected, state, cursor } = this.#model;
    const now = [selected, state, cursor];
    if (now.every((one, at) => one === this.#examined[at])) return;
    this.#examined = now;
    const failure = selected === undefined ? undefined : failureOf(this.#model, selected);
    const key = failure === undefined ? '' : JSON.stringify([selected, failure]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    setAttribute(this.element, 'hidden', failure === undefined ? '' : undefined);
    // An alarm that is hidden has no texts, so that a search in the page does not find them.
    this.element.replaceChildren(...(failure === undefined ? [] : this.#partsOf(failure)));
  }

  #partsOf(failure: Failure): HTMLElement[] {
    const advice =
      failure.advice === undefined ? [] : [html('p', { class: 'advice' }, failure.advice)];
    const links = this.#linksOf(failure);
    return [
      html('p', { class: 'sentence' }, failure.sentence),
      ...advice,
      ...(links.length > 0 ? [html('p', { class: 'links' }, ...links)] : []),
      ...(failure.chain.length > 0 ? [chainList(failure.chain, failure.path)] : []),
    ];
  }

  #linksOf({ seq, from }: Failure): HTMLElement[] {
    const { model, links } = { model: this.#model, links: this.#links };
    const isHere = seq === undefined || seq === model.cursor;
    const actor = from === undefined ? undefined : model.actorOf(from);
    return [
      ...(isHere
        ? []
        : [
            linkTo('Show when it happened', () => {
              links.pin(seq);
            }),
          ]),
      ...(actor === undefined
        ? []
        : [
            linkTo(`Show ${actorName(actor)}, which failed first`, () => {
              links.select(actor.id);
            }),
          ]),
    ];
  }
}

/** A button that looks like a link. */
export function linkTo(text: string, run: () => void): HTMLElement {
  const button = html('button', { type: 'button', class: 'link' }, text);
  button.addEventListener('click', run);
  return button;
}

/** An error and its causes, the outermost first. */
function chainList(chain: readonly ChainedError[], path: string): HTMLElement {
  const items = chain.map(({ title, message, whole }) =>
    html(
      'li',
      {},
      html(
        'p',
        {},
        html('strong', {}, ...longText(title)),
        title === '' ? '' : ' ',
        ...longText(message, { most: MAX_MESSAGE_CHARACTERS }),
      ),
      whole === undefined ? undefined : disclosure('details', () => jsonView(whole, 0, 'Error')),
    ),
  );
  return html('ol', { 'aria-label': `Error in ${path}, and its causes` }, ...items);
}

/** A part that is closed at first, and made when it is opened. */
export function disclosure(summary: string, content: () => HTMLElement): HTMLDetailsElement {
  const details = html('details', {}, html('summary', {}, summary));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(content());
  });
  return details;
}

/** Where machines of this library keep errors of earlier sessions, and of no importance. */
const OWN = /^context\.(?:outcome|cause|suppressed|link|outage)\b/;

/** The errors that a state merely holds: values like any other, in a neutral colour. */
export class HeldErrors {
  readonly element = html('section', {
    class: 'held',
    hidden: true,
    'aria-label': 'Errors in values',
  });
  readonly #model: Model;
  #examined: unknown;
  #drawn = '[]';

  constructor(model: Model) {
    this.#model = model;
  }

  /** @param isFailure - Whether the alarm shows an error already. */
  draw(isFailure: boolean): void {
    const { state } = this.#model;
    if (state === this.#examined) return;
    this.#examined = state;
    const found = state === undefined ? [] : errorsIn(state).filter(({ path }) => !OWN.test(path));
    const held = isFailure ? [] : found;
    const key = JSON.stringify(held);
    if (key === this.#drawn) return;
    this.#drawn = key;
    setAttribute(this.element, 'hidden', held.length === 0 ? '' : undefined);
    this.element.replaceChildren(
      ...held.map(({ path, error }) =>
        html(
          'details',
          { class: 'error held' },
          html('summary', {}, `${path} holds an error`),
          chainList(chainOf(error), path),
        ),
      ),
    );
  }
}
