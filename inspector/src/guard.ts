/**
 * Access control: a client needs the token, and must not be a page of another site.
 *
 * The token is required because any web page can open WebSockets to loopback addresses. The header Host
 * must name this inspector, because another site's domain can be pointed at 127.0.0.1, which makes its
 * pages same-origin for the browser (DNS rebinding). The header Origin is checked as well, so that a page
 * of another site is refused even if it knows the token.
 */

import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Throttle } from './throttle.ts';

/** What a request must match. */
export interface Admission {
  readonly token: string;
  /** The inspector's own names: see `hostsOf()`. */
  readonly hosts: ReadonlySet<string>;
  /** Other sites whose pages may connect, with the token. */
  readonly origins: ReadonlySet<string>;
  /** Counts the wrong tokens. */
  readonly throttle: Throttle;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 403 | 404 | 429 | 503;
  readonly text: string;
}

/** The refusal of an address that has sent too many wrong tokens. */
export const TOO_MANY_WRONG: Refusal = {
  status: 429,
  text: 'Too many wrong tokens from your address; wait a minute',
};

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

/**
 * Checks Host and Origin: why a request is refused, or `undefined` when it is not.
 *
 * @param isProgram - Whether it is a page that wants to report, and will prove that it knows the token. Those
 *   of this machine may, at any port; to watch other programs, they need the option, too.
 */
export function originRefusal(
  request: IncomingMessage,
  admission: Admission,
  isProgram = false,
): string | undefined {
  const { host = '', origin } = request.headers;
  const isOurs = (authority: string): boolean =>
    admission.hosts.has(authority) || authority === localAuthority(request);
  if (!isOurs(host.toLowerCase().replace(/:80$/, '')))
    return `The header Host is '${host}', which is not this inspector`;
  if (origin === undefined || admission.origins.has(origin)) return undefined;
  if (isProgram && LOOPBACK_ORIGIN.test(origin)) return undefined;
  const isPageOfOurs = origin.startsWith('http://') && isOurs(origin.slice('http://'.length));
  return isPageOfOurs ? undefined : `Pages of '${origin}' are not allowed; see the option --origin`;
}

/** The sites of this machine, where development servers are. */
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** The local address of the request. It is an IP address, which DNS rebinding cannot fake. */
const localAuthority = ({
  socket: { localAddress = '', localPort = 0 },
}: IncomingMessage): string => authorityOf(localAddress.replace(/^::ffff:/, ''), localPort);

/** Checks Host, Origin and the token. */
export function tokenRefusal(request: IncomingMessage, admission: Admission): Refusal | undefined {
  const { throttle } = admission;
  const { remoteAddress } = request.socket;
  const refusal = originRefusal(request, admission) ?? embedRefusal(request);
  if (refusal !== undefined) return { status: 403, text: refusal };
  if (throttle.isBlocked(remoteAddress)) return TOO_MANY_WRONG;
  const token = urlOf(request).searchParams.get('token') ?? '';
  if (isEqual(token, admission.token)) return undefined;
  throttle.countWrong(remoteAddress);
  return { status: 403, text: 'Wrong token; use the URL that the inspector printed' };
}

/**
 * Refuses what a page of another site embeds, such as an image: the browser sends no Origin with it. It
 * could not read the answer, but its wrong tokens would count as those of the user.
 */
function embedRefusal({ headers }: IncomingMessage): string | undefined {
  const isForeign = /^(?:cross|same)-site$/.test(String(headers['sec-fetch-site']));
  return isForeign && headers.origin === undefined
    ? 'Pages of other sites cannot request this'
    : undefined;
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
