/** Draws the panes so that a failure of one ends nothing but its own drawing. */

import { html } from './dom.ts';

/** Something that is drawn at each frame. */
export interface Pane {
  draw(): void;
}

/** After a failure the pane is drawn again at this interval: it may fail only for what is selected. */
const RETRY_MS = 500;

/** A pane that says so when it cannot be drawn. */
export class GuardedPane implements Pane {
  readonly #pane: Pane;
  readonly #section: Element;
  readonly #isShown: () => boolean;
  readonly #notice = html('p', { class: 'failed', role: 'alert' });
  #failedAt: number | undefined;

  /**
   * @param section - Where the failure is shown.
   * @param isShown - Whether it is drawn now.
   */
  constructor(pane: Pane, section: Element, isShown: () => boolean = () => true) {
    this.#pane = pane;
    this.#section = section;
    this.#isShown = isShown;
  }

  draw(): void {
    if (!this.#isShown()) return;
    const now = performance.now();
    if (this.#failedAt !== undefined && now - this.#failedAt < RETRY_MS) return;
    try {
      this.#pane.draw();
      if (this.#failedAt !== undefined) this.#notice.remove();
      this.#failedAt = undefined;
    } catch (error) {
      this.#failedAt = now;
      this.#show(error);
    }
  }

  #show(error: unknown): void {
    const name = this.#section.getAttribute('aria-label') ?? 'part';
    const text = `The pane '${name}' cannot be drawn: ${messageOf(error)}. Select something else.`;
    if (this.#notice.isConnected && this.#notice.textContent === text) return;
    console.error(text, error);
    this.#notice.textContent = text;
    this.#section.querySelector('.bar')?.after(this.#notice);
    if (!this.#notice.isConnected) this.#section.prepend(this.#notice);
  }
}

/** The message of an error; its texts may come from a program. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 300);
