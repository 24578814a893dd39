/** Finds out who is at the other end of a stream. */

import type { Duplex } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import { isIP } from 'node:net';
import { printable } from '../core/printable.ts';
import type { Remote } from '../core/remote.ts';
import { codeOf, memberOf } from '../core/shape.ts';
import type { Target } from './address.ts';

/** The members of a remote that are plain values. */
type Facts = Omit<Remote, 'certificate' | 'toString'>;

/** The part of Node's `X509Certificate` that is used. */
interface Certificate {
  toLegacyObject(): PeerCertificate;
}

/** What was found out before the stream was handed over, by the stream. */
const known = /* @__PURE__ */ new WeakMap<object, Remote>();

/** Keeps who has dialed us, at the other end of a stream, for `remoteOf()`. */
export function noteRemote(stream: object, remote: Remote): void {
  known.set(stream, remote);
}

/** Whether a server has accepted or adopted a stream. */
export const wasAccepted = (stream: object): boolean => known.has(stream);

/**
 * Who is at the other end of an open stream. To be called as soon as the stream is open: a stream that has
 * closed does not know it any more. Never throws.
 *
 * @param path - The path of a UNIX socket, which the stream itself does not know.
 */
export function remoteOf(stream: object, path?: string): Remote {
  return (
    known.get(stream) ??
    children.get(stream) ??
    new StreamRemote(path === undefined ? factsOf(stream) : { path }, stream)
  );
}

/** The children that were dialed, by the stream that stands for them. */
const children = /* @__PURE__ */ new WeakMap<object, Remote>();

/** Keeps who is at the other end of a connection to a child, for the stream that stands for the child. */
export function noteChild(stream: object, connection: Duplex, target: Target, pid: number): void {
  const path = target.kind === 'unix' ? { path: target.path } : {};
  const facts = { ...factsOf(connection), ...path, pid };
  children.set(stream, new StreamRemote(facts, connection));
}

/** The same for a stream that was dialed. */
export function dialedRemote(stream: Duplex, target: Target): Remote {
  switch (target.kind) {
    case 'unix':
      return remoteOf(stream, target.path);
    case 'tcp':
      return target.tls === undefined && isIP(target.host) !== 0
        ? new StreamRemote({ address: target.host, port: target.port }, stream)
        : remoteOf(stream);
    case 'stream':
      return remoteOf(sourceOf(target.stream));
  }
}

/** The part of a user's stream that may know its peer: of a pair, the readable half. */
function sourceOf(stream: object): object {
  const readable = memberOf(stream, 'readable');
  return typeof readable === 'object' && readable !== null ? readable : stream;
}

/**
 * The same for a stream on which TLS was started, whether or not its handshake succeeded.
 *
 * @param below - What is known of the stream below.
 */
export const tlsRemoteOf = (stream: object, below: Remote): Remote =>
  new StreamRemote({ ...below, ...tlsFactsOf(stream) }, stream);

/** Plain facts, and the certificate, which is parsed only when it is read. */
class StreamRemote implements Remote {
  declare readonly address?: string;
  declare readonly port?: number;
  declare readonly path?: string;
  declare readonly pid?: number;
  declare readonly authorized?: boolean;
  declare readonly authorizationError?: string;
  readonly #x509: Certificate | undefined;
  #certificate: PeerCertificate | undefined;

  constructor(facts: Facts, stream: object) {
    this.#x509 = facts.authorized === undefined ? undefined : x509Of(stream);
    Object.assign(this, facts);
    // Node takes a resumed session of TLS 1.3 for verified, also if there was no certificate to verify.
    if (facts.authorized === true && this.#x509 === undefined && canHaveCertificate(stream)) {
      Object.assign(this, UNVERIFIED);
    }
  }

  get certificate(): PeerCertificate | undefined {
    return (this.#certificate ??= this.#x509?.toLegacyObject());
  }

  toString(): string {
    const { address, port, path, pid } = this;
    if (address !== undefined) {
      return `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;
    }
    if (path !== undefined) return printable(path);
    return pid === undefined ? 'an unknown peer' : `pid ${String(pid)}`;
  }

  /** What `console.log()` shows: the facts, without the name of a class. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const shown = (value: unknown) => (typeof value === 'string' ? printable(value) : value);
    return Object.fromEntries(Object.entries(this).map(([name, value]) => [name, shown(value)]));
  }
}

function factsOf(stream: object): Facts {
  const address = memberOf(stream, 'remoteAddress');
  const port = memberOf(stream, 'remotePort');
  const pid = memberOf(stream, 'pid');
  return {
    ...(typeof address === 'string' && typeof port === 'number' && { address, port }),
    ...(typeof pid === 'number' && { pid }),
    ...(memberOf(stream, 'encrypted') === true && tlsFactsOf(stream)),
  };
}

function tlsFactsOf(stream: object): Facts {
  const authorized = memberOf(stream, 'authorized') === true;
  const error = memberOf(stream, 'authorizationError');
  const text = typeof error === 'string' ? error : codeOf(error);
  return { authorized, ...(text !== undefined && { authorizationError: text }) };
}

/** What Node says of a peer without a certificate. */
const UNVERIFIED = { authorized: false, authorizationError: 'UNABLE_TO_GET_ISSUER_CERT' };

const canHaveCertificate = (stream: object): boolean =>
  typeof memberOf(stream, 'getPeerX509Certificate') === 'function';

/** Whether the peer of an open TLS socket has no certificate. */
export const lacksCertificate = (stream: object): boolean =>
  canHaveCertificate(stream) && x509Of(stream) === undefined;

/** The certificate of the peer, kept in a form that is cheap to get. */
function x509Of(stream: object): Certificate | undefined {
  const get = memberOf(stream, 'getPeerX509Certificate');
  if (typeof get !== 'function') return undefined;
  const certificate: unknown = Reflect.apply(get, stream, []);
  return isCertificate(certificate) ? certificate : undefined;
}

const isCertificate = (value: unknown): value is Certificate =>
  typeof memberOf(value, 'toLegacyObject') === 'function';
