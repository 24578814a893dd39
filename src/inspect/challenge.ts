/**
 * What the proofs are about by which a program and its inspector show each other that they know the token,
 * without telling it: HMAC-SHA256, with the token as the key, over
 *
 * - the role of the prover, so that a proof cannot be sent back to the one that made it;
 * - the authority: the address and port of the inspector's end of the connection, as each side sees it.
 *   A relay that listens elsewhere ends two connections of different authorities, so that it cannot pass
 *   proofs on;
 * - a nonce of each side, so that a proof is good for one connection only.
 *
 * `proof.ts` makes them with Node, `browser-proof.ts` with the Web Crypto API, and `inspector/src/proof.ts`
 * is the same for the other side.
 */

/** Each side of a connection. */
export type Role = 'inspector' | 'program';

/** What both proofs of one connection are about. */
export interface Challenge {
  readonly authority: string;
  readonly programNonce: string;
  readonly inspectorNonce: string;
}

/** Whether a value can be a nonce. */
export const isNonce = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w-]{43}$/.test(value);

/** Whether a text has the form of a token, which has at least 128 bits. */
export const isToken = (text: string): boolean => /^[\w-]{22,}$/.test(text);

/** The authority of a TCP address; `undefined` when the socket has none any more. */
export function tcpAuthority(address?: string, port?: number): string | undefined {
  if (address === undefined || port === undefined) return undefined;
  // A socket for both versions of IP has another name for the same end, and each host numbers its links.
  return authorityText(address.replace(/^::ffff:(?=[\d.]+$)/, '').replace(/%.*$/, ''), port);
}

/** The authority of an address as a URL has it, but without brackets. */
export const authorityText = (address: string, port: number): string =>
  `${address} ${String(port)}`;

/** The text that a proof authenticates. */
export function provenText(role: Role, challenge: Challenge): string {
  const { authority, programNonce, inspectorNonce } = challenge;
  return ['wirechart-inspector/1', role, authority, programNonce, inspectorNonce].join('\n');
}
