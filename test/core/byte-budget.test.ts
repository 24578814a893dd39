/** The bound on what all peers of a server hold together: who fails, and when. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBudget, type ByteShare } from '../../src/core/byte-budget.ts';
import type { LimitError } from '../../src/index.ts';

/** A budget whose shares have names; `failed` are those that have failed, in order. */
function budgetOf(limit: number) {
  const budget = new ByteBudget(limit);
  const failed: [string, LimitError][] = [];
  const open = (name: string): ByteShare =>
    budget.open((error) => {
      failed.push([name, error]);
    });
  return { budget, failed, open, names: () => failed.map(([name]) => name) };
}

describe('the budget of a server', () => {
  it('lets its shares hold as much as its limit, however it is divided', () => {
    const { budget, failed, open } = budgetOf(1_000);
    const [one, other] = [open('one'), open('other')];
    expect(one.change(999)).toBe(true);
    expect(other.change(1)).toBe(true);
    expect(one.change(-500)).toBe(true);
    expect(other.change(500)).toBe(true);
    expect([budget.total, failed]).toEqual([1_000, []]);
  });

  it('ends the peer that holds the most when another one exceeds the limit', () => {
    const { budget, open, names } = budgetOf(1_000);
    const [small, large, other] = [open('small'), open('large'), open('other')];
    small.change(100);
    large.change(600);
    expect(other.change(301)).toBe(true);
    expect(names()).toEqual(['large']);
    expect(budget.total).toBe(401);
  });

  it('ends the peer that exceeds the limit when that holds the most', () => {
    const { budget, open, names } = budgetOf(1_000);
    const [small, large] = [open('small'), open('large')];
    small.change(400);
    expect(large.change(601)).toBe(false);
    expect(names()).toEqual(['large']);
    expect(budget.total).toBe(400);
  });

  it('does not mistake a peer that has held much for one that does', () => {
    const { open, names } = budgetOf(10_000);
    const [before, now, other] = [open('before'), open('now'), open('other')];
    before.change(9_000);
    before.change(-8_900);
    now.change(5_000);
    other.change(4_950);
    expect(names()).toEqual(['now']);
  });

  it('does not lose the largest when a peer in the middle has gone', () => {
    const { open, names } = budgetOf(12_000_000);
    // The heap, level by level; the last one takes the place of the fourth.
    const peaks = { a: 10, b: 1, c: 9, gone: 0.9, d: 0.8, largest: 8 };
    const shares = new Map<string, ByteShare>();
    for (const [name, peak] of Object.entries(peaks)) {
      const share = open(name);
      share.change(peak * 1_000_000);
      share.change(-peak * 1_000_000);
      shares.set(name, share);
    }
    shares.get('gone')?.close();
    shares.get('a')?.change(5_000_000);
    shares.get('largest')?.change(7_900_000);
    expect(names()).toEqual(['largest']);
  });

  it('ends as many peers as it must, the largest first', () => {
    const { budget, open, names } = budgetOf(1_000);
    for (const [name, bytes] of Object.entries({ a: 100, b: 300, c: 200, d: 400 })) {
      open(name).change(bytes);
    }
    open('new').change(350);
    expect(names()).toEqual(['d']);
    open('newest').change(900);
    expect(names()).toEqual(['d', 'newest']);
    expect(budget.total).toBe(950);
  });

  it('says in the error what the limit is, what was needed, and what to do', () => {
    const { failed, open } = budgetOf(1_000);
    open('one').change(300);
    open('other').change(701);
    const [, error] = failed[0] ?? [];
    expect(error).toMatchObject({ code: 'ERR_LIMIT', limit: 1_000, actual: 1_001 });
    expect(error?.message).toMatch(
      /would hold 1001 bytes .*limits\.maxBufferedBytes\) is 1000\. This peer holds the most, 701 bytes\. .*raise/,
    );
  });

  it('counts nothing of a peer that has failed, or has gone', () => {
    const { budget, open, names } = budgetOf(1_000);
    const [failing, leaving] = [open('failing'), open('leaving')];
    failing.change(1_001);
    expect(failing.change(5_000)).toBe(false);
    expect(failing.failure).toMatchObject({ code: 'ERR_LIMIT' });
    leaving.change(500);
    leaving.close();
    leaving.close();
    leaving.change(-500);
    expect(leaving.change(5_000)).toBe(true);
    expect([budget.total, failing.held, names()]).toEqual([0, 0, ['failing']]);
    failing.close();
    expect(failing.failure).toBeUndefined();
  });

  it('may be changed by a peer that fails', () => {
    const budget = new ByteBudget(1_000);
    const victims: string[] = [];
    const second = budget.open(() => victims.push('second'));
    const first = budget.open(() => {
      victims.push('first');
      second.change(200);
    });
    second.change(500);
    first.change(501);
    expect([victims, budget.total]).toEqual([['first'], 700]);
  });

  it('bounds nothing with the limit Infinity, and still counts', () => {
    const { budget, failed, open } = budgetOf(Infinity);
    expect(open('one').change(Number.MAX_SAFE_INTEGER)).toBe(true);
    expect([budget.total, failed]).toEqual([Number.MAX_SAFE_INTEGER, []]);
  });

  it('finds the same peers as a search through all of them, in every order of changes', () => {
    const anyStep = fc.record({
      peer: fc.nat(30),
      bytes: fc.oneof(fc.integer({ min: -9_000, max: 9_000 }), fc.integer({ min: -50, max: 50 })),
    });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 400, size: 'max' }), (steps) => {
        const limit = 60_000;
        const budget = new ByteBudget(limit);
        const held = new Map<number, number>();
        const shares = new Map<number, ByteShare>();
        const open = (peer: number): ByteShare =>
          budget.open((error) => {
            expect(held.get(peer)).toBe(Math.max(...held.values()));
            expect(error.actual).toBeGreaterThan(limit);
            held.delete(peer);
            shares.delete(peer);
          });
        for (const { peer, bytes } of steps) {
          const share = shares.get(peer) ?? open(peer);
          shares.set(peer, share);
          const now = Math.max(0, (held.get(peer) ?? 0) + bytes);
          const change = now - (held.get(peer) ?? 0);
          held.set(peer, now);
          share.change(change);
          const sum = [...held.values()].reduce((total, each) => total + each, 0);
          expect(budget.total).toBe(sum);
          expect(sum).toBeLessThanOrEqual(limit);
          if (bytes % 7 !== 0) continue;
          share.close();
          held.delete(peer);
          shares.delete(peer);
        }
      }),
    );
  });
});
