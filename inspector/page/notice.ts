/** One sentence below the header about what has just happened. It goes by itself, or when it is closed. */

import { byId, html } from './dom.ts';

const SHOWN_MS = 12_000;

/** Shows one notice at a time. */
export class Notice {
  readonly #root = byId('notice', HTMLElement);
  readonly #text = html('span', {});
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const close = html('button', { type: 'button' }, 'Close');
    close.addEventListener('click', () => {
      this.hide();
    });
    this.#root.append(this.#text, close);
  }

  show(text: string): void {
    this.#text.textContent = text;
    this.#root.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.hide();
    }, SHOWN_MS);
  }

  get isShown(): boolean {
    return !this.#root.hidden;
  }

  hide(): void {
    clearTimeout(this.#timer);
    this.#root.hidden = true;
  }
}
