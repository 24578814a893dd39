/** Saves and opens recordings, by buttons or by dropping files on the page. */

import { byId } from './dom.ts';

/** Connects the controls of the header. */
export class RecordingControls {
  readonly #token: string;
  readonly #problem = byId('open-problem', HTMLElement);

  constructor(token: string) {
    this.#token = encodeURIComponent(token);
    const file = byId('file', HTMLInputElement);
    byId('open', HTMLButtonElement).addEventListener('click', () => {
      file.click();
    });
    file.addEventListener('change', () => {
      void this.#openAll(file.files);
    });
    byId('save', HTMLAnchorElement).href = `/recording?token=${this.#token}`;
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      void this.#openAll(event.dataTransfer?.files ?? null);
    });
  }

  async #openAll(files: FileList | null): Promise<void> {
    this.#problem.textContent = '';
    for (const file of files ?? []) {
      try {
        const url = `/recording?token=${this.#token}&name=${encodeURIComponent(file.name)}`;
        const response = await fetch(url, { method: 'POST', body: file });
        if (!response.ok) throw new Error(await response.text());
      } catch (error) {
        const why = error instanceof Error ? error.message : 'it cannot be read';
        this.#problem.textContent = `Cannot open '${file.name}': ${why}`;
      }
    }
  }
}
