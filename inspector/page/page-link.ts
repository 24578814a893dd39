/** Keeps the fragment of the URL in step with the page, and shows what the fragment names when it is loaded. */

import { actorAt, type ActorPath, pathOf } from './actor-path.ts';
import { byId } from './dom.ts';
import { type Dock, VIEWS } from './dock.ts';
import { fragmentOf, type Link, type LinkedMoment, readFragment } from './links.ts';
import type { Model } from './model.ts';

/** Browsers refuse more than about 100 changes of the URL in 30 s. */
const UPDATE_MS = 500;
/** What a link names may arrive later, such as a recording that is still read. */
const PATIENCE_MS = 20_000;

type Control = HTMLInputElement | HTMLSelectElement;

/** Shows what the URL names until the user does something, and then tells the URL what the page shows. */
export class PageLink {
  readonly #model: Model;
  readonly #dock: Dock;
  /** What could not be shown yet. */
  #wanted: { actor?: Link['actor']; moment?: LinkedMoment } = {};
  #until = performance.now() + PATIENCE_MS;
  #updatedAt = 0;
  #described = '';

  constructor(model: Model, dock: Dock) {
    this.#model = model;
    this.#dock = dock;
    this.#follow(readFragment(location.hash));
    window.addEventListener('hashchange', () => {
      this.#until = performance.now() + PATIENCE_MS;
      this.#described = '';
      this.#follow(readFragment(location.hash));
    });
    for (const type of ['pointerdown', 'keydown'] as const) {
      document.addEventListener(
        type,
        () => {
          this.#wanted = {};
        },
        { capture: true },
      );
    }
    byId('copy-link', HTMLButtonElement).addEventListener('click', () => {
      this.#update();
      void this.#copy();
    });
  }

  draw(): void {
    const now = performance.now();
    if (this.#isWanting(now)) this.#show();
    else if (now - this.#updatedAt > UPDATE_MS) {
      this.#updatedAt = now;
      this.#update();
    }
  }

  #isWanting(now: number): boolean {
    if (this.#wanted.actor === undefined && this.#wanted.moment === undefined) return false;
    return now < this.#until;
  }

  #follow({ actor, moment, view, controls }: Link): void {
    this.#wanted = { ...(actor && { actor }), ...(moment && { moment }) };
    const known = VIEWS.find((name) => name === view);
    if (known !== undefined) this.#dock.show(known);
    for (const control of controlsOfPage()) {
      const value = controls.get(control.dataset['link'] ?? '');
      if (value !== undefined) setValue(control, value);
    }
  }

  /** Shows what has arrived of what the URL names. */
  #show(): void {
    const { actor, moment } = this.#wanted;
    const seq = moment && this.#find(moment);
    if (seq !== undefined) {
      this.#model.pin(seq);
      delete this.#wanted.moment;
    }
    // In the past, only the actors of that moment can be found.
    const found = actor && moment === undefined ? actorAt(this.#model, actor) : undefined;
    if (found === undefined) return;
    this.#model.selected = found.id;
    if (found.isExact) delete this.#wanted.actor;
  }

  /** The number of the entry. In another run of the inspector it may have another one. */
  #find({ seq, at }: LinkedMoment): number | undefined {
    const { history } = this.#model;
    const known = history.entry(seq);
    if (known !== undefined && Math.floor(known.at) === at) return seq;
    const { newest } = history;
    if (newest === this.#searched) return undefined;
    this.#searched = newest;
    for (const entry of history.entries()) if (Math.floor(entry.at) === at) return entry.seq;
    return undefined;
  }

  #searched = -1;

  #update(): void {
    const { selected, moment } = this.#model;
    // Disconnected, or before anything has arrived, the URL still names what was shown.
    if (this.#model.programs.size === 0) return;
    const actor = this.#pathOf(selected);
    const entry = moment?.entry;
    const fragment = fragmentOf({
      ...(actor && { actor }),
      ...(entry && { moment: { seq: entry.seq, at: Math.floor(entry.at) } }),
      ...(this.#dock.shown !== 'timeline' && { view: this.#dock.shown }),
      controls: changedControls(),
    });
    if (fragment === this.#described) return;
    this.#described = fragment;
    history.replaceState(history.state, '', location.pathname + location.search + fragment);
  }

  /** Kept as long as the selection stays: it looks at all actors. */
  #pathOf(selected: string | undefined): ActorPath | undefined {
    if (selected !== this.#path.of) {
      this.#path = {
        of: selected,
        path: selected === undefined ? undefined : pathOf(this.#model, selected),
      };
    }
    return this.#path.path;
  }

  #path: { readonly of?: string | undefined; readonly path?: ActorPath | undefined } = {};

  async #copy(): Promise<void> {
    const button = byId('copy-link', HTMLButtonElement);
    const url = new URL(location.href);
    url.searchParams.delete('token');
    const isCopied = await copyText(url.href);
    button.textContent = isCopied ? 'Copied' : 'Copy it from the address bar';
    setTimeout(() => {
      button.textContent = 'Copy link';
    }, 2_000);
  }
}

/** Copies a text; whether the browser has allowed it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The controls with the attribute `data-link`, whose values links contain under that name. */
const controlsOfPage = (): Control[] => [
  ...document.querySelectorAll<Control>('input[data-link], select[data-link]'),
];

const isBox = (control: Control): control is HTMLInputElement =>
  control instanceof HTMLInputElement && control.type === 'checkbox';

function changedControls(): Map<string, string> {
  const changed = new Map<string, string>();
  for (const control of controlsOfPage()) {
    const name = control.dataset['link'] ?? '';
    if (isBox(control)) {
      if (control.checked !== control.defaultChecked)
        changed.set(name, control.checked ? '1' : '0');
    } else if (control.value !== defaultOf(control)) changed.set(name, control.value);
  }
  return changed;
}

function defaultOf(control: Control): string {
  if (control instanceof HTMLInputElement) return control.defaultValue;
  const options = [...control.options];
  return (options.find((option) => option.defaultSelected) ?? options[0])?.value ?? '';
}

/** Sets a value as the user would. A value that a select does not have is ignored. */
function setValue(control: Control, value: string): void {
  if (isBox(control)) control.checked = value === '1';
  else if (control instanceof HTMLInputElement) control.value = value;
  else if ([...control.options].some((option) => option.value === value)) control.value = value;
  else return;
  control.dispatchEvent(new Event('input', { bubbles: true }));
  control.dispatchEvent(new Event('change', { bubbles: true }));
}
