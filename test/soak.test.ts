/** `npm run soak`: its arguments, its end, and the verdict on what was measured. */

import { describe, expect, it } from 'vitest';
import { optionsOf } from '../soak/options.ts';
import { growthOf, type Reading } from '../soak/verdict.ts';
import { runNode } from './inspector/process.ts';
import { expectIdleAfterEach } from './support/cleanup.ts';

expectIdleAfterEach();

async function soak(...args: string[]) {
  const child = runNode(['--expose-gc', 'soak/run.js', ...args]);
  const code = await child.exited;
  return { code, ...child.output };
}

describe('npm run soak', () => {
  it('rejects an unknown option, and prints its usage', async () => {
    const { code, stdout, stderr } = await soak('--fast');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("Unknown option '--fast'");
    expect(stderr).toContain('Usage: npm run soak');
  });

  it.each([
    [['--only', 'nothing'], "Unknown phase 'nothing'"],
    [['--minutes', '0'], "--minutes must be a number above 0, not '0'"],
    [['--scale='], "--scale must be a number above 0, not ''"],
    [['--seed', 'x'], "--seed must be a number above 0, not 'x'"],
    [['cycles'], 'cycles'],
  ])('rejects %j', (args, problem) => {
    expect(() => optionsOf(args)).toThrow(problem);
    expect(() => optionsOf(args)).toThrow(TypeError);
  });

  it('runs all phases except the leak by default, or one by name, at full or reduced scale', () => {
    const named = (...args: string[]) => optionsOf(args).phases.map(({ name }) => name);
    expect(named()).toEqual(['cycles', 'sessions', 'messages']);
    expect(named('--only', 'messages')).toEqual(['messages']);
    expect([optionsOf([]).scale, optionsOf(['--quick']).scale]).toEqual([1, 0.02]);
  });

  it('ends within --minutes, without a verdict on a phase that was too short', async () => {
    const { code, stdout } = await soak('--only', 'cycles', '--minutes', '0.00001');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cycles: too short to tell/m);
  });
});

describe('growthOf()', () => {
  const flat = { heap: 10e6, rss: 100e6, fds: 20, timers: 0, sockets: 2, listeners: 5 };
  const readings = (change: (at: number) => object, of: Reading['of'] = 'here'): Reading[] =>
    Array.from({ length: 10 }, (_, at) => ({ done: at, of, sample: { ...flat, ...change(at) } }));

  it('accepts figures that grow at first and then stay flat', () => {
    const warming = (at: number) => ({
      heap: Math.min(at, 3) * 5e6,
      fds: Math.min(20, 10 + at * 5),
    });
    expect(growthOf(readings(warming))).toEqual([]);
  });

  it.each([
    ['heap', 500_000],
    ['rss', 20_000_000],
    ['fds', 1],
    ['timers', 1],
    ['sockets', 1],
    ['listeners', 1],
  ] as const)('detects growth of %s, in the main process and in the peer', (figure, step) => {
    const growing = (at: number) => ({ [figure]: flat[figure] + at * step });
    const growth = expect.stringMatching(
      new RegExp(`^${figure} grew from \\d+ to \\d+$`),
    ) as unknown;
    expect(growthOf(readings(growing))).toEqual([growth]);
    const both = [...readings(() => ({})), ...readings(growing, 'peer')];
    expect(growthOf(both)?.[0]).toMatch(new RegExp(`^${figure} .* in the peer$`));
  });

  it('returns undefined when there are too few samples', () => {
    expect(growthOf(readings(() => ({})).slice(0, 3))).toBeUndefined();
  });
});
