/** Why a server does not serve a client, judged by its TLS handshake. */

import type { TLSSocket } from 'node:tls';
import { memberOf } from '../core/shape.ts';
import { lacksCertificate } from './remote.ts';

/** Replaces Node's error, a plain hang-up, where Node has rejected the certificate of a client. */
export function explain(error: Error, socket: TLSSocket): Error {
  const refusal: unknown = socket.authorizationError;
  if (typeof refusal !== 'string') return error;
  return new Error(`The client's certificate was refused: ${refusal}`, { cause: error });
}

/**
 * Why a server must not serve a client whose handshake Node has accepted: it has no certificate, although the
 * options require one. That happens when a session of TLS 1.3 is resumed that began without one, at a server
 * with the same ticket keys. `undefined` if it may be served.
 */
export function refusalOf(tls: object, client: object): Error | undefined {
  const isRequired =
    memberOf(tls, 'requestCert') === true &&
    memberOf(tls, 'rejectUnauthorized') !== false &&
    memberOf(tls, 'pskCallback') === undefined;
  if (!isRequired || !lacksCertificate(client)) return undefined;
  return new Error('The client has resumed a session in which it gave no certificate');
}
