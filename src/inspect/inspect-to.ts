/** Reports from Node to an inspector; `reporter.ts` has how. */

import { checkNames } from '../core/options.ts';
import { endpointOf } from './endpoint.ts';
import { Feed } from './feed.ts';
import { type ClientLoader, NodeTransport } from './node-transport.ts';
import type { InspectOptions, Inspection } from './report.ts';
import { INSPECT_OPTIONS, Reporter } from './reporter.ts';

export type { InspectOptions } from './report.ts';

/**
 * Starts reporting to an inspector, which need not be running yet. The connection is retried for ever, does
 * not keep the process alive, and never causes an error in it. If no inspector has answered after four
 * attempts, one process warning says so.
 *
 * The token is never sent. Before anything is reported, the inspector must prove that it knows the token,
 * and that the connection leads to it and not to a relay; otherwise one process warning says so, and the
 * connection is retried as if no inspector were there. The messages themselves are not encrypted.
 *
 * @param url - The URL that the inspector prints: `http://127.0.0.1:4444/?token=…`, or
 *   `unix:/path?token=…` for a UNIX socket.
 * @returns The report, at once. Pass its `inspect` to what you want to watch.
 * @throws {ArgumentError} When `url` is not an `http:`, `ws:` or `unix:` URL, or a `unix:` URL has no token.
 */
export function inspectTo(url: string | URL, options: InspectOptions = {}): Inspection {
  checkNames('inspectTo()', options, INSPECT_OPTIONS);
  return inspectOver(() => import('ws'), url, options);
}

/**
 * `inspectTo()` with a WebSocket client that is loaded by `loadClient`.
 *
 * @internal
 */
export function inspectOver(
  loadClient: ClientLoader,
  url: string | URL,
  options: InspectOptions = {},
): Inspection {
  const transport = new NodeTransport(loadClient, endpointOf(url));
  const reporter = new Reporter(transport, new Feed(options.sanitize), options);
  transport.delayExitOf(reporter);
  return reporter.inspection;
}
