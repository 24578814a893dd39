/** Saves and opens recordings, by buttons or by dropping files on the page. */

import type { ServerMessage } from '../shared/view.ts';
import { byId } from './dom.ts';
import { bytes } from './format.ts';

type Opening = Extract<ServerMessage, { type: 'opening' }>;

/** Connects the controls of the header. */
export class RecordingControls {
  readonly #token: string;
  readonly #problem = byId('open-problem', HTMLElement);
  readonly #open = byId('open', HTMLButtonElement);
  /** How much of each recording has been read. */
  readonly #opening = new Map<number, number>();

  constructor(token: string) {
    this.#token = encodeURIComponent(token);
    const file = byId('file', HTMLInputElement);
    this.#open.addEventListener('click', () => {
      file.click();
    });
    file.addEventListener('change', () => {
      void this.#openAll([...(file.files ?? [])]).then(() => {
        // The same file can be chosen again.
        file.value = '';
      });
    });
    byId('save', HTMLAnchorElement).href = `/recording?token=${this.#token}`;
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      void this.#openAll([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** Whether a long recording is being read. */
  get isOpening(): boolean {
    return this.#opening.size > 0;
  }

  /** Shows how much of a recording the inspector has read. */
  onOpening({ id, bytes: count, isDone }: Opening): void {
    if (isDone) this.#opening.delete(id);
    else this.#opening.set(id, count);
    this.#open.textContent = this.#text();
  }

  /** The inspector does not tell a page that connects again how far it is. */
  reset(): void {
    this.#opening.clear();
    this.#open.textContent = this.#text();
  }

  #text(): string {
    if (this.#opening.size === 0) return 'Open…';
    const total = [...this.#opening.values()].reduce((sum, count) => sum + count, 0);
    return `Opening: ${bytes(total)} read`;
  }

  /** Opens all that can be opened. Only the latest problem is shown. */
  async #openAll(files: readonly File[]): Promise<void> {
    this.#problem.textContent = '';
    for (const file of files) {
      try {
        const url = `/recording?token=${this.#token}&name=${encodeURIComponent(file.name)}`;
        const response = await fetch(url, { method: 'POST', body: file });
        if (!response.ok) throw new Error(await response.text());
      } catch (error) {
        this.#problem.textContent = `Cannot open '${file.name}': ${reasonOf(error)}`;
      }
    }
  }
}

/** A browser's own error says only that it failed. */
function reasonOf(error: unknown): string {
  if (error instanceof TypeError)
    return 'the inspector cannot be reached, or the file cannot be read';
  return error instanceof Error ? error.message : 'it cannot be read';
}
