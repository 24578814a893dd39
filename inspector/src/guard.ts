/**
 * Access control: a client needs the token, and must not be a page of another site.
 *
 * The token is required because any web page can open WebSockets to loopback addresses. The header Host
 * must name this inspector, because another site's domain can be pointed at 127.0.0.1, which makes its
 * pages same-origin for the browser (DNS rebinding). The header Origin is checked as well, so that a page
 * of another site is refused even if it knows the token.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a request must match. */
export interface Admission {
  readonly token: string;
  /** The inspector's own names: see `hostsOf()`. */
  readonly hosts: ReadonlySet<string>;
  /** Other sites whose pages may connect, with the token. */
  readonly origins: ReadonlySet<string>;
}

/** Whether a text can be a token: it needs no escaping in a URL and is not too short. */
export const isToken = (text: string): boolean => /^[\w-]{8,}$/.test(text);

/** A random token of 144 bits. */
export const newToken = (): string => randomBytes(18).toString('base64url');

/** A host and port as browsers write them: an IPv6 address in brackets, and without port 80. */
export const authorityOf = (name: string, port: number): string =>
  `${name.includes(':') ? `[${name}]` : name}${port === 80 ? '' : `:${String(port)}`}`;

/** The valid values of the header Host: the printed name, and the loopback names. */
export const hostsOf = (name: string, port: number): Set<string> =>
  new Set([name, '127.0.0.1', 'localhost', '::1'].map((each) => authorityOf(each, port)));

/**
 * A site as in the header Origin: without a path, in lower case.
 *
 * @throws {TypeError} When the text is not a URL.
 */
export function siteOf(text: string): string {
  if (!URL.canParse(text))
    throw new TypeError(`'${text}' is not an origin, such as http://localhost:3000`);
  const { origin } = new URL(text);
  // Browser extensions have origins of other schemes.
  return origin === 'null' ? text : origin;
}

/** Checks Host and Origin: why a request is refused, or `undefined` when it is not. */
export function originRefusal(request: IncomingMessage, admission: Admission): string | undefined {
  const { host = '', origin } = request.headers;
  const isOurs = (authority: string): boolean =>
    admission.hosts.has(authority) || authority === localAuthority(request);
  if (!isOurs(host.toLowerCase().replace(/:80$/, '')))
    return `The header Host is '${host}', which is not this inspector`;
  if (origin === undefined || admission.origins.has(origin)) return undefined;
  const isPageOfOurs = origin.startsWith('http://') && isOurs(origin.slice('http://'.length));
  return isPageOfOurs ? undefined : `Pages of '${origin}' are not allowed; see the option --origin`;
}

/** The local address of the request. It is an IP address, which DNS rebinding cannot fake. */
const localAuthority = ({
  socket: { localAddress = '', localPort = 0 },
}: IncomingMessage): string => authorityOf(localAddress.replace(/^::ffff:/, ''), localPort);

/** Checks Host, Origin and the token. */
export function tokenRefusal(request: IncomingMessage, admission: Admission): string | undefined {
  const refusal = originRefusal(request, admission);
  if (refusal !== undefined) return refusal;
  const token = urlOf(request).searchParams.get('token') ?? '';
  return isEqual(token, admission.token)
    ? undefined
    : 'Wrong token; use the URL that the inspector printed';
}

/** The URL of a request. */
export const urlOf = (request: IncomingMessage): URL => {
  const path = request.url ?? '/';
  // The prefix keeps a path of the form //host from being parsed as a host.
  return new URL(`http://inspector${path.startsWith('/') ? path : '/'}`);
};

const isEqual = (given: string, wanted: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
};
