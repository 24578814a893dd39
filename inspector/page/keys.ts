/** The keys of the page, and the dialog that shows them. Each press does one thing. */

import { byId, html } from './dom.ts';
import type { Model } from './model.ts';

/** What the keys act on. */
export interface KeyTargets {
  readonly model: Model;
  readonly goLive: () => void;
  readonly step: (rows: number) => void;
  readonly stepToError: (direction: 1 | -1) => void;
  readonly stepToHit: (direction: 1 | -1) => void;
  /** Focuses the panes that are shown, in order. */
  readonly panes: readonly Focusable[];
  /** Closes the innermost thing that is open, other than a dialog; whether there was one. */
  readonly close: () => boolean;
}

/** A pane that the keyboard can get into. */
interface Focusable {
  readonly section: Element;
  focus(): void;
}

const SHOWN: readonly (readonly [keys: string, text: string])[] = [
  ['Space', 'pause, or go back to live'],
  ['j  k', 'the next or the previous entry'],
  ['e  E', 'the next or the previous failure'],
  ['n  N', 'the next or the previous entry that the search has found'],
  ['l', 'back to live'],
  ['/', 'search in the timeline'],
  ['F6', 'the next pane; with Shift, the previous one'],
  ['↑ ↓ ← →', 'move within the actors, the timeline and the tabs; resize at a splitter'],
  ['Enter', 'in the search: as n, with Shift as N; at a splitter: its default size'],
  ['Escape', 'close what is open; then leave a field; then back to live'],
  ['?', 'these keys'],
];

/** Handles the keys that no focused element has handled. */
export class Keys {
  readonly #targets: KeyTargets;
  readonly #dialog = byId('keys', HTMLDialogElement);
  readonly #keys: Readonly<Record<string, () => void>>;

  constructor(targets: KeyTargets) {
    this.#targets = targets;
    const { model, goLive, step, stepToError, stepToHit } = targets;
    this.#keys = {
      '/': () => {
        byId('search', HTMLInputElement).focus();
      },
      '?': () => {
        this.#dialog.showModal();
      },
      ' ': () => {
        if (model.isLive) model.pause();
        else goLive();
      },
      l: goLive,
      j: () => {
        step(1);
      },
      k: () => {
        step(-1);
      },
      e: () => {
        stepToError(1);
      },
      E: () => {
        stepToError(-1);
      },
      n: () => {
        stepToHit(1);
      },
      N: () => {
        stepToHit(-1);
      },
    };
    byId('search', HTMLInputElement).addEventListener('keydown', (event) => {
      if (event.key === 'Enter') stepToHit(event.shiftKey ? -1 : 1);
    });
    this.#fillDialog();
    byId('help', HTMLButtonElement).addEventListener('click', () => {
      this.#dialog.showModal();
    });
    for (const skip of document.querySelectorAll<HTMLAnchorElement>('a.skip')) {
      skip.addEventListener('click', (event) => {
        // The fragment of the URL names what the page shows.
        event.preventDefault();
        const to = document.querySelector(skip.hash);
        targets.panes.find(({ section }) => section.contains(to))?.focus();
      });
    }
    document.addEventListener('keydown', (event) => {
      if (!event.defaultPrevented) this.#onKey(event);
    });
  }

  #fillDialog(): void {
    const list = this.#dialog.querySelector('dl');
    list?.replaceChildren(
      ...SHOWN.flatMap(([keys, text]) => [
        html(
          'dt',
          {},
          ...keys.split(' ').flatMap((key) => (key === '' ? [] : [html('kbd', {}, key), ' '])),
        ),
        html('dd', {}, text),
      ]),
    );
  }

  #onKey(event: KeyboardEvent): void {
    // A dialog has its own keys.
    if (document.querySelector('dialog[open]') !== null) return;
    if (event.key === 'Escape') this.#escape(event.target);
    else if (event.key === 'F6') {
      event.preventDefault();
      this.#cycle(event.shiftKey ? -1 : 1);
    } else if (!isUsedBy(event.target, event.key) && !isCommand(event)) {
      const run = this.#keys[event.key];
      if (run === undefined) return;
      event.preventDefault();
      run();
    }
  }

  #escape(target: EventTarget | null): void {
    if (this.#targets.close()) return;
    if (target instanceof HTMLElement && isField(target)) target.blur();
    else this.#targets.goLive();
  }

  #cycle(step: number): void {
    const panes = this.#targets.panes.filter(({ section }) => section.checkVisibility());
    const at = panes.findIndex(({ section }) => section.contains(document.activeElement));
    const to = at < 0 && step < 0 ? panes.length - 1 : at + step;
    panes[(to + panes.length) % panes.length]?.focus();
  }
}

const isCommand = ({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  ctrlKey || metaKey || altKey;

const isField = (element: Element): boolean =>
  element.matches('input, select, textarea, [contenteditable]');

/** Whether a focused element needs the key itself. */
function isUsedBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  const isBox = target.matches('input[type=checkbox], input[type=radio]');
  if (isField(target) && !isBox) return true;
  return key === ' ' && target.closest('button, a, summary, input, [role=button]') !== null;
}
