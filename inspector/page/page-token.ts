/** The token of the page. It comes in the URL, and leaves the address bar at once. */

import { ofTab, storedText, storeText } from './settings.ts';

/** The valid characters of a token; others are no token of an inspector. */
const TOKEN = /^[\w-]{1,512}$/;

/**
 * The token in the URL, or the one that this tab had before it was loaded again; `undefined` when the page
 * was opened without one. It is kept in the tab, and removed from the URL.
 */
export function takeToken(): string | undefined {
  const url = new URL(location.href);
  const given = url.searchParams.get('token');
  if (given === null) return storedText(ofTab, 'token');
  storeText(ofTab, 'token', TOKEN.test(given) ? given : undefined);
  // Without a storage, the token must stay where it is found again.
  if (storedText(ofTab, 'token') === given || !TOKEN.test(given)) {
    url.searchParams.delete('token');
    history.replaceState(history.state, '', url);
  }
  return given.slice(0, 512);
}
