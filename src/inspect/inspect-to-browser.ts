/** Reports from a browser to an inspector; `reporter.ts` has how. */

import { ActorFeed } from './actor-feed.ts';
import { checkInspectOptions } from './browser-error.ts';
import { BrowserTransport } from './browser-transport.ts';
import type { InspectOptions, Inspection } from './report.ts';
import { INSPECT_OPTIONS, Reporter } from './reporter.ts';

export type { InspectOptions } from './report.ts';

/**
 * Starts reporting from a page or a worker to an inspector, which need not be running yet. The connection is
 * retried for ever, does not delay the end of the page, and never causes an error in it. If no inspector has
 * answered after four attempts, one warning on the console says so.
 *
 * The token is never sent. Before anything is reported, the inspector must prove that it knows the token,
 * and that the connection leads to it and not to a relay; otherwise one warning says so. The messages
 * themselves are not encrypted. Pages of `localhost`, `127.0.0.1` and `[::1]` are let in, at any port; for
 * those of another site, start the inspector with `--origin`.
 *
 * @param url - The URL that the inspector prints: `http://127.0.0.1:4444/?token=…`. Its host must be an
 *   address or `localhost`.
 * @returns The report, at once. Pass its `inspect` to what you want to watch.
 * @throws {ArgumentError} When `url` is not an `http:` or `ws:` URL, or has the name of another host; when an
 *   option has an unknown name.
 */
export function inspectTo(url: string | URL, options: InspectOptions = {}): Inspection {
  checkInspectOptions(options, INSPECT_OPTIONS);
  const transport = new BrowserTransport(url);
  return new Reporter(transport, new ActorFeed(options.sanitize), options).inspection;
}
