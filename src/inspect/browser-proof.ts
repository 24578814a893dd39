/** The proofs of `challenge.ts`, made and checked with the Web Crypto API. */

import { type Challenge, isNonce, isToken, provenText, type Role } from './challenge.ts';

/** A random nonce of 256 bits. */
export const newNonce = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** The proof of one side. */
export async function proofOf(token: string, role: Role, challenge: Challenge): Promise<string> {
  const proof = await crypto.subtle.sign('HMAC', await keyOf(token), bytesOf(role, challenge));
  return base64url(new Uint8Array(proof));
}

/** Compares a proof in constant time. */
export async function isProof(
  given: unknown,
  token: string,
  role: Role,
  challenge: Challenge,
): Promise<boolean> {
  // A proof has the form of a nonce: 32 bytes.
  if (!isToken(token) || !isNonce(given)) return false;
  const proof = Uint8Array.from(atob(given.replaceAll('-', '+').replaceAll('_', '/')), (each) =>
    each.charCodeAt(0),
  );
  return crypto.subtle.verify('HMAC', await keyOf(token), proof, bytesOf(role, challenge));
}

const keyOf = (token: string) =>
  crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(token),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  );

const bytesOf = (role: Role, challenge: Challenge) =>
  new TextEncoder().encode(provenText(role, challenge));

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
