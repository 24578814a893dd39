/** The proofs of `challenge.ts`, made and checked with Node. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Challenge, isToken, provenText, type Role } from './challenge.ts';

export { isNonce, isToken, tcpAuthority } from './challenge.ts';

/** The request has the program's nonce in this header, the answer the inspector's. */
export const NONCE_HEADER = 'wirechart-nonce';
/** The answer has the inspector's proof in this header. */
export const PROOF_HEADER = 'wirechart-proof';

/** The authority of every UNIX socket: the two sides may know it by different paths. */
export const UNIX_AUTHORITY = 'unix';

/** A random nonce of 256 bits. */
export const newNonce = (): string => randomBytes(32).toString('base64url');

/** The proof of one side. */
export const proofOf = (token: string, role: Role, challenge: Challenge): string =>
  createHmac('sha256', token).update(provenText(role, challenge)).digest('base64url');

/** Compares a proof in constant time. */
export function isProof(given: unknown, token: string, role: Role, challenge: Challenge): boolean {
  if (!isToken(token) || typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(given), Buffer.from(proofOf(token, role, challenge))];
  return one.length === other.length && timingSafeEqual(one, other);
}
