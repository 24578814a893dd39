/** Copies texts to the clipboard, also where the browser does not permit that to scripts. */

import type { Json } from '../shared/view.ts';
import { html, setText } from './dom.ts';

/** How long it is said that something was copied. */
const SHOWN_MS = 4_000;

/** Copies texts, and says so. */
export class Copier {
  /** Where it says so; a screen reader reads it. */
  readonly status = html('output', { class: 'copied', role: 'status' });

  #saidAt = 0;

  /** Says a text for a while. */
  say(text: string): void {
    // The same text twice would not be read again.
    this.status.textContent = '';
    this.status.textContent = text;
    this.#saidAt = performance.now();
  }

  /** Takes back what was said a while ago. */
  draw(): void {
    if (this.#saidAt === 0 || performance.now() - this.#saidAt < SHOWN_MS) return;
    this.#saidAt = 0;
    setText(this.status, '');
  }

  /** @param what - What is copied: `the payload`. */
  copy(text: string, what: string): void {
    void this.#copy(text, what);
  }

  async #copy(text: string, what: string): Promise<void> {
    const isCopied = (await writeToClipboard(text)) || copyFromField(text);
    this.say(isCopied ? `Copied ${what}.` : `The browser does not let ${what} be copied.`);
  }
}

async function writeToClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // Not permitted, or the page is not secure, where there is no clipboard.
  }
}

/** The way of copying that needs no permission: from a field whose text is selected. */
function copyFromField(text: string): boolean {
  const focused = document.activeElement;
  const field = html('textarea', { class: 'copy-field', 'aria-hidden': 'true', tabindex: -1 });
  field.value = text;
  document.body.append(field);
  field.select();
  try {
    // Deprecated, but nothing else works without a permission.
    const command: unknown = Reflect.get(document, 'execCommand');
    return typeof command === 'function' && Reflect.apply(command, document, ['copy']) === true;
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}

/** A value as it is copied: a text as it is, anything else as indented JSON. */
export const copyText = (value: Json | object): string =>
  typeof value === 'string' ? value : JSON.stringify(value, null, 2);
