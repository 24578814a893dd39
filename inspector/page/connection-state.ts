/** What the connection to the inspector can be in, and the one sentence that the page says about it. */

/** The state of the connection. */
export type ConnectionState =
  /** The first attempt. */
  | 'connecting'
  | 'open'
  /** It ended, or nothing answers. */
  | 'lost'
  /** The inspector answers, but does not accept the token. */
  | 'refused'
  /** Too many pages are open. */
  | 'full'
  /** The page was opened without a token. */
  | 'no-token';

/** A state that is no problem of the user has no text. */
export function connectionText(
  state: ConnectionState,
  { retryMs, wasOpen }: { readonly retryMs: number; readonly wasOpen: boolean },
): string {
  const seconds = `${String(Math.max(1, Math.round(retryMs / 1000)))} s`;
  const stays = wasOpen ? ' What was shown stays.' : '';
  switch (state) {
    case 'connecting':
    case 'open':
      return '';
    case 'lost':
      return wasOpen
        ? `Disconnected: the inspector has ended or cannot be reached. It is tried again every ${seconds}.${stays}`
        : `Disconnected: no inspector answers here. Start it; it is tried again every ${seconds}.`;
    case 'refused':
      return wasOpen
        ? `Cannot connect to the inspector: it was started again with another token. Open the URL that it printed.${stays}`
        : 'Cannot connect to the inspector with this token. Open the URL that it printed last.';
    case 'full':
      return `Cannot connect to the inspector: too many of its pages are open. Close some; it is tried again every ${seconds}.${stays}`;
    case 'no-token':
      return 'This page has no token. Open the URL that the inspector printed; it ends with ?token=…';
  }
}
