/** The empty page: the lines that connect a program, ready to be copied. */

import { byId, html } from './dom.ts';
import type { Model } from './model.ts';
import { copyText } from './page-link.ts';

/** A way to connect a program. */
interface Way {
  readonly title: string;
  readonly lines: readonly string[];
}

/** @param url - The URL of the inspector, with its token. It has no quotes: it is from the address bar. */
export const waysFor = (url: string): readonly Way[] => [
  {
    title: 'A Node program with XState 5: npm install wirechart-inspect',
    lines: [
      "import { inspectTo } from 'wirechart-inspect';",
      `const { inspect } = inspectTo('${url}');`,
      'createActor(machine, { inspect }).start();',
    ],
  },
  {
    title: 'A web page or worker: the same, in a module of its own',
    lines: [
      "// inspect.js: import { inspect } from './inspect.js'; createActor(machine, { inspect })",
      "import { inspectTo } from 'wirechart-inspect';",
      `export const { inspect } = inspectTo('${url}');`,
    ],
  },
  {
    title: 'React, with @xstate/react',
    lines: [
      "import { inspectTo } from 'wirechart-inspect';",
      `const { inspect } = inspectTo('${url}'); // outside of the component`,
      'const [state, send] = useMachine(machine, { inspect });',
    ],
  },
  {
    title: 'A program that uses wirechart',
    lines: [`WIRECHART_INSPECT='${url}' node program.js`],
  },
];

/** Shows the empty page in place of the chart. */
export class Welcome {
  readonly #model: Model;
  readonly #token: string | undefined;
  readonly #root = byId('welcome', HTMLElement);
  readonly #chart = byId('chart', HTMLElement);
  #isFilled = false;

  constructor(model: Model, token: string | undefined) {
    this.#model = model;
    this.#token = token;
  }

  draw(): void {
    const isEmpty = this.#model.programs.size === 0 && this.#model.connection === 'open';
    if (isEmpty && !this.#isFilled) this.#fill();
    if (this.#root.hidden !== isEmpty) return;
    this.#root.hidden = !isEmpty;
    this.#chart.hidden = isEmpty;
  }

  #fill(): void {
    this.#isFilled = true;
    const url = `${location.origin}/?token=${encodeURIComponent(this.#token ?? '')}`;
    this.#root.replaceChildren(
      html('h2', {}, 'No program is connected'),
      html('p', {}, 'Copy the lines for yours, or drop a recording on this page.'),
      ...waysFor(url).flatMap(snippet),
      html(
        'p',
        { class: 'hint' },
        'The URL contains the token of this inspector: a program that has it sees what all programs report.',
      ),
    );
  }
}

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
