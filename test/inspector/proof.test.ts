/** Both sides have the same proofs, although they share no code. */

import { describe, expect, it } from 'vitest';
import * as inspector from '../../inspector/src/proof.ts';
import * as program from '../../src/inspect/proof.ts';

const TOKEN = 'only-for-tests-0123456789';
const CHALLENGE = {
  authority: '127.0.0.1 4444',
  programNonce: 'p'.repeat(43),
  inspectorNonce: 'i'.repeat(43),
};

describe.each([
  ['of a program', program],
  ['of an inspector', inspector],
])('the proofs %s', (_, { isNonce, isProof, newNonce, proofOf, tcpAuthority }) => {
  it('are those of the protocol', () => {
    expect(proofOf(TOKEN, 'inspector', CHALLENGE)).toBe(
      'Liu9pbbq8-IJwaWoGmE1y4SyrVjqYkpzxjvyhNzVlfg',
    );
    expect(proofOf(TOKEN, 'program', CHALLENGE)).toBe(
      'iXBEFiFTnzRn-dNtRIw6S2cWsgpvPnwR4tmnuWufCUs',
    );
  });

  it('are good for one token, role, address and pair of nonces', () => {
    const proof = proofOf(TOKEN, 'program', CHALLENGE);
    expect(isProof(proof, TOKEN, 'program', CHALLENGE)).toBe(true);
    expect(isProof(proof, `${TOKEN}x`, 'program', CHALLENGE)).toBe(false);
    expect(isProof(proof, TOKEN, 'inspector', CHALLENGE)).toBe(false);
    for (const key of ['authority', 'programNonce', 'inspectorNonce'] as const) {
      expect(isProof(proof, TOKEN, 'program', { ...CHALLENGE, [key]: 'other' })).toBe(false);
    }
    for (const bad of [undefined, null, '', [proof], proof.slice(1), `${proof}=`]) {
      expect(isProof(bad, TOKEN, 'program', CHALLENGE)).toBe(false);
    }
  });

  it('are never good for a token that is too short', () => {
    for (const token of ['', 'x'.repeat(21)]) {
      const proof = proofOf(token, 'program', CHALLENGE);
      expect(isProof(proof, token, 'program', CHALLENGE)).toBe(false);
    }
  });

  it('have nonces of 256 bits', () => {
    const nonces = Array.from({ length: 100 }, newNonce);
    expect(new Set(nonces).size).toBe(100);
    expect(nonces.every(isNonce)).toBe(true);
    expect(Buffer.from(newNonce(), 'base64url')).toHaveLength(32);
    for (const bad of [undefined, 5, '', 'n'.repeat(42), 'n'.repeat(44), 'n'.repeat(42) + '\n']) {
      expect(isNonce(bad)).toBe(false);
    }
  });

  it.each([
    ['127.0.0.1', '127.0.0.1 4444'],
    ['::ffff:127.0.0.1', '127.0.0.1 4444'],
    ['::1', '::1 4444'],
    ['fe80::1%eth0', 'fe80::1 4444'],
    ['::ffff:7f00:1', '::ffff:7f00:1 4444'],
  ])('name the address %s as both sides see it', (address, authority) => {
    expect(tcpAuthority(address, 4444)).toBe(authority);
    expect(tcpAuthority(undefined, 4444)).toBeUndefined();
    expect(tcpAuthority(address, undefined)).toBeUndefined();
  });
});
