/** The empty page: the lines that connect a program, ready to be copied. */

import { byId, html } from './dom.ts';
import type { Model } from './model.ts';
import { copyText } from './page-link.ts';
import { type Way, waysFor } from './welcome-ways.ts';

/** What is missing until there is something to show. */
type Missing = 'program' | 'actor';

/** Shows the empty page in place of the chart. */
export class Welcome {
  readonly #model: Model;
  readonly #token: string | undefined;
  readonly #root = byId('welcome', HTMLElement);
  readonly #chart = byId('chart', HTMLElement);
  #shown: Missing | undefined;

  constructor(model: Model, token: string | undefined) {
    this.#model = model;
    this.#token = token;
  }

  draw(): void {
    const missing = this.#missing();
    if (missing === this.#shown) return;
    this.#shown = missing;
    this.#root.hidden = missing === undefined;
    this.#chart.hidden = missing !== undefined;
    if (missing !== undefined) this.#fill(missing);
  }

  #missing(): Missing | undefined {
    const { programs, connection, history } = this.#model;
    if (history.actors.size > 0) return undefined;
    if (programs.size > 0) return 'actor';
    return connection === 'open' ? 'program' : undefined;
  }

  #fill(missing: Missing): void {
    const url = `${location.origin}/?token=${encodeURIComponent(this.#token ?? '')}`;
    const [title, text] = TEXTS[missing];
    this.#root.replaceChildren(
      html('h2', {}, title),
      html('p', {}, text),
      ...waysFor(url).flatMap(snippet),
      html('p', { class: 'hint' }, SECRET),
    );
  }
}

const TEXTS: Readonly<Record<Missing, readonly [title: string, text: string]>> = {
  program: [
    'No program is connected',
    'Copy the lines for yours, or drop a recording on this page.',
  ],
  actor: [
    'A program is connected, but it has reported no actor yet',
    'Pass its `inspect` to createActor() or useMachine(), as below. An actor that runs already is added with `inspect.attach(actor)`.',
  ],
};

const SECRET =
  'The URL contains the token of this inspector. A program that has it sees what all programs report.';

function snippet({ title, lines }: Way): HTMLElement[] {
  const text = lines.join('\n');
  const copy = html('button', { type: 'button', 'aria-label': `Copy: ${title}` }, 'Copy');
  copy.addEventListener('click', () => {
    void copyText(text).then((isCopied) => {
      copy.textContent = isCopied ? 'Copied' : 'Select and copy it';
      setTimeout(() => {
        copy.textContent = 'Copy';
      }, 2_000);
    });
  });
  const code = html('pre', { tabindex: 0 }, text);
  return [html('h3', {}, title), html('div', { class: 'snippet' }, code, copy)];
}
