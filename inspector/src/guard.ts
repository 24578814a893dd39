/**
 * Who may talk to the inspector: whoever knows the token, from this machine, and no page of another site.
 *
 * A web page can open WebSockets to loopback, so the token is asked for. A name that somebody else
 * points at 127.0.0.1 makes a page of theirs one of ours for the browser (DNS rebinding), so the header
 * Host must name us. And a page that has found the token out is still refused by its Origin.
 */

import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Who is let in. */
export interface Admission {
  readonly token: string;
  /** Names of ours, with the port. */
  readonly hosts: ReadonlySet<string>;
  /** Other sites whose pages are let in, with the token. */
  readonly origins: ReadonlySet<string>;
}

/** Why a request is refused; `undefined` when it is not. */
export function refusalOf(request: IncomingMessage, admission: Admission): string | undefined {
  const { host = '', origin } = request.headers;
  if (!admission.hosts.has(host)) return `The host '${host}' is not this inspector`;
  if (origin !== undefined && !isOurs(origin, admission))
    return `Pages of ${origin} are not let in`;
  return undefined;
}

/** The same, for what only those may do who know the token. */
export function refusalOfStranger(
  request: IncomingMessage,
  admission: Admission,
): string | undefined {
  const refusal = refusalOf(request, admission);
  if (refusal !== undefined) return refusal;
  const token = urlOf(request).searchParams.get('token') ?? '';
  return isEqual(token, admission.token) ? undefined : 'The token is wrong: use the URL as printed';
}

/** Where a request goes to. */
export const urlOf = (request: IncomingMessage): URL => {
  const path = request.url ?? '/';
  // A path of the form //host would be read as a host.
  return new URL(`http://inspector${path.startsWith('/') ? path : '/'}`);
};

const isOurs = (origin: string, { hosts, origins }: Admission): boolean =>
  origins.has(origin) || hosts.has(origin.replace(/^http:\/\//, ''));

const isEqual = (given: string, wanted: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
};
