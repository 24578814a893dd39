/** Who is at the other end of a session. */

import type { PeerCertificate } from 'node:tls';

/**
 * The peer of a session: what the operating system and TLS say about it, so that a handshake can decide
 * whether to serve it. Taken when the stream opens, and readable for as long as you keep it, also after the
 * peer has gone. A member that does not apply, or is not known, is absent: a peer that was reset before its
 * address was read has none.
 *
 * `JSON.stringify()` and `util.inspect()` leave the certificate out, because it is large.
 */
export interface Remote {
  /** TCP: the IP address of the peer, such as `127.0.0.1` or `::1`. */
  readonly address?: string;
  /** TCP: the port of the peer. */
  readonly port?: number;
  /**
   * UNIX sockets: the path of the socket, the one that was dialed or that is listened on. The peer has no
   * path of its own, and Node does not tell its process, user or group: only the permissions of the socket say
   * who can connect, by default the same user.
   */
  readonly path?: string;
  /** The process id of a program that `spawnPeer()` started. */
  readonly pid?: number;
  /**
   * TLS: whether the peer has a certificate that was verified against the `ca`; never `true` without a
   * certificate, also not of a session that was resumed or has a pre-shared key. Absent without TLS. A server
   * asks for a certificate only with `requestCert: true`, and lets peers without a valid one in only with
   * `rejectUnauthorized: false`. Without `requestCert` it is `false`.
   */
  readonly authorized?: boolean;
  /** TLS: why the peer's certificate was not verified, such as `UNABLE_TO_VERIFY_LEAF_SIGNATURE`. */
  readonly authorizationError?: string;
  /**
   * TLS: the peer's certificate, verified or not, as Node's `getPeerCertificate()` returns it. Parsed when it
   * is read first.
   */
  readonly certificate?: PeerCertificate | undefined;
  /** Returns a short text for logs: `127.0.0.1:4444`, a path, or `pid 4711`; else `an unknown peer`. */
  toString(): string;
}
