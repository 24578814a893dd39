/** The messages of the Chrome DevTools Protocol on a pipe: JSON, with a NUL behind each. */

import { jsonLines, type JsonObject } from 'wirechart';

/** A command, its reply (with the same `id`), or an event (without an `id`). */
export interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: JsonObject;
  /** The page that it concerns; none: the browser. */
  readonly sessionId?: string;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string };
}

export const cdp = () => jsonLines<Message>({ terminator: '\0' });
