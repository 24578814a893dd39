/**
 * The proofs by which a program and its inspector show each other that they know the token, without
 * telling it: HMAC-SHA256, with the token as the key, over
 *
 * - the role of the prover, so that a proof cannot be sent back to the one that made it;
 * - the authority: the address and port of the inspector's end of the connection, as each side sees it.
 *   A relay that listens elsewhere ends two connections of different authorities, so that it cannot pass
 *   proofs on;
 * - a nonce of each side, so that a proof is good for one connection only.
 *
 * `inspector/src/proof.ts` is the same for the other side.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Each side of a connection. */
type Role = 'inspector' | 'program';

/** What both proofs of one connection are about. */
interface Challenge {
  readonly authority: string;
  readonly programNonce: string;
  readonly inspectorNonce: string;
}

/** The request has the program's nonce in this header, the answer the inspector's. */
export const NONCE_HEADER = 'wirechart-nonce';
/** The answer has the inspector's proof in this header. */
export const PROOF_HEADER = 'wirechart-proof';

/** The authority of every UNIX socket: the two sides may know it by different paths. */
export const UNIX_AUTHORITY = 'unix';

/** A random nonce of 256 bits. */
export const newNonce = (): string => randomBytes(32).toString('base64url');

/** Whether a value can be a nonce. */
export const isNonce = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w-]{43}$/.test(value);

/** Whether a text has the form of a token, which has at least 128 bits. */
export const isToken = (text: string): boolean => /^[\w-]{22,}$/.test(text);

/** The authority of a TCP address; `undefined` when the socket has none any more. */
export function tcpAuthority(address?: string, port?: number): string | undefined {
  if (address === undefined || port === undefined) return undefined;
  // A socket for both versions of IP has another name for the same end, and each host numbers its links.
  return `${address.replace(/^::ffff:(?=[\d.]+$)/, '').replace(/%.*$/, '')} ${String(port)}`;
}

/** The proof of one side. */
export function proofOf(token: string, role: Role, challenge: Challenge): string {
  const { authority, programNonce, inspectorNonce } = challenge;
  const text = ['wirechart-inspector/1', role, authority, programNonce, inspectorNonce].join('\n');
  return createHmac('sha256', token).update(text).digest('base64url');
}

/** Compares a proof in constant time. */
export function isProof(given: unknown, token: string, role: Role, challenge: Challenge): boolean {
  if (!isToken(token) || typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(given), Buffer.from(proofOf(token, role, challenge))];
  return one.length === other.length && timingSafeEqual(one, other);
}
