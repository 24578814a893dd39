/** SCRAM-SHA-256 of the example of a PostgreSQL client. */

import { describe, expect, test } from 'vitest';
import { Scram } from '../../examples/postgres/scram.ts';
import { RefusedError } from '../../src/index.ts';
import { rejection } from '../support/signal.ts';

/** The example of section 3 in RFC 7677. */
describe('SCRAM-SHA-256', () => {
  const NONCE = 'rOprNGfwEbeRWgbNEkqO';
  const CHALLENGE = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
  const SIGNATURE = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
  const begin = () => new Scram('pencil', 'user', NONCE);

  test('is computed as in RFC 7677', async () => {
    const scram = begin();
    expect(scram.first()).toBe(`n,,n=user,r=${NONCE}`);
    expect(await scram.final(CHALLENGE)).toBe(
      `c=biws,r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    );
    expect(scram.isVerified).toBe(false);
    scram.verify(SIGNATURE);
    expect(scram.isVerified).toBe(true);
  });

  test.each([
    ['a wrong signature', 'v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='],
    ['a short signature', 'v=6rri'],
    ['no signature', 'e=other-error'],
    ['nothing', ''],
  ])('does not accept %s', async (_, answer) => {
    const scram = begin();
    await scram.final(CHALLENGE);
    expect(() => {
      scram.verify(answer);
    }).toThrow(RefusedError);
    expect(scram.isVerified).toBe(false);
  });

  test('does not accept a signature without a challenge', () => {
    expect(() => {
      begin().verify('v=');
    }).toThrow(RefusedError);
  });

  test.each([
    ['whose nonce is another', `r=x${NONCE}y,s=W22Z,i=4096`],
    ['whose nonce is only ours', `r=${NONCE},s=W22Z,i=4096`],
    ['without a salt', `r=${NONCE}y,i=4096`],
    ['without iterations', `r=${NONCE}y,s=W22Z`],
    ['with no iteration', `r=${NONCE}y,s=W22Z,i=0`],
    ['with half an iteration', `r=${NONCE}y,s=W22Z,i=0.5`],
    ['with iterations that take minutes', `r=${NONCE}y,s=W22Z,i=1000001`],
    ['with an extension that is mandatory', `m=x,r=${NONCE}y,s=W22Z,i=4096`],
  ])('does not answer a challenge %s', async (_, challenge) => {
    const failed = await rejection(begin().final(challenge));
    expect(failed).toBeInstanceOf(RefusedError);
    expect(failed).toHaveProperty('retryable', false);
  });

  test('has another nonce each time', () => {
    const firsts = Array.from({ length: 100 }, () => new Scram('').first());
    expect(new Set(firsts).size).toBe(100);
    for (const first of firsts) expect(first).toMatch(/^n,,n=,r=[A-Za-z0-9+/]{24}$/);
  });
});
