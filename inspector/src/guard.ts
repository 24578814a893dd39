/**
 * Who may talk to the inspector: whoever knows the token, from this machine, and no page of another site.
 *
 * A web page can open WebSockets to loopback, so the token is asked for. A name that somebody else
 * points at 127.0.0.1 makes a page of theirs one of ours for the browser (DNS rebinding), so the header
 * Host must name us. And a page that has found the token out is still refused by its Origin.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Who is let in. */
export interface Admission {
  readonly token: string;
  /** Names of ours: see `hostsOf()`. */
  readonly hosts: ReadonlySet<string>;
  /** Other sites whose pages are let in, with the token. */
  readonly origins: ReadonlySet<string>;
}

/** Whether a text can stand in a URL as it is, and is not guessed soon. */
export const isToken = (text: string): boolean => /^[\w-]{8,}$/.test(text);

/** One that nobody guesses. */
export const newToken = (): string => randomBytes(18).toString('base64url');

/** A name and a port as browsers write them: an IPv6 address in brackets, and nothing for the port of http. */
export const authorityOf = (name: string, port: number): string =>
  `${name.includes(':') ? `[${name}]` : name}${port === 80 ? '' : `:${String(port)}`}`;

/** What the header Host may say where one listens: the name that was printed, or that of loopback. */
export const hostsOf = (name: string, port: number): Set<string> =>
  new Set([name, '127.0.0.1', 'localhost', '::1'].map((each) => authorityOf(each, port)));

/**
 * A site as browsers name it: without a path, and in lower case.
 *
 * @throws {TypeError} When it is no URL.
 */
export function siteOf(text: string): string {
  if (!URL.canParse(text))
    throw new TypeError(`'${text}' is no site: http://localhost:3000 is one`);
  const { origin } = new URL(text);
  // Such as those of extensions, which have names that are not of the web.
  return origin === 'null' ? text : origin;
}

/** Why a request is refused; `undefined` when it is not. */
export function refusalOf(request: IncomingMessage, admission: Admission): string | undefined {
  const { host = '', origin } = request.headers;
  const isOurs = (authority: string): boolean =>
    admission.hosts.has(authority) || authority === addressOf(request);
  if (!isOurs(host.toLowerCase().replace(/:80$/, '')))
    return `The host '${host}' is not this inspector`;
  if (origin === undefined || admission.origins.has(origin)) return undefined;
  const isPageOfOurs = origin.startsWith('http://') && isOurs(origin.slice('http://'.length));
  return isPageOfOurs ? undefined : `Pages of ${origin} are not let in`;
}

/** The address at which the request came in. It is no name, so nobody can have made it mean us. */
const addressOf = ({ socket: { localAddress = '', localPort = 0 } }: IncomingMessage): string =>
  authorityOf(localAddress.replace(/^::ffff:/, ''), localPort);

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

const isEqual = (given: string, wanted: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
};
