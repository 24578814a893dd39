/**
 * What the page remembers. A browser may refuse its storage, and may hold what another page of the same
 * address has written: what is read is checked by its reader.
 */

/** A stored text; `undefined` when there is none, or it is too long to be one of the page's. */
export function storedText(storage: () => Storage, name: string): string | undefined {
  try {
    const text = storage().getItem(PREFIX + name);
    return text === null || text.length > MAX_CHARACTERS ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Stores a text, if the browser allows it; `undefined` removes it. */
export function storeText(storage: () => Storage, name: string, text: string | undefined): void {
  try {
    if (text === undefined) storage().removeItem(PREFIX + name);
    else storage().setItem(PREFIX + name, text);
  } catch {
    // It is remembered until the page is closed.
  }
}

const PREFIX = 'wirechart-';
const MAX_CHARACTERS = 4_000;

/** Shared by all tabs, and kept. */
export const kept = (): Storage => localStorage;
/** Of this tab, which keeps it when it is loaded again. */
export const ofTab = (): Storage => sessionStorage;
