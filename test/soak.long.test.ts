/** `npm run soak` at a small scale: its output, and the detection of leaks. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../soak/verdict.ts';
import { runNode } from './inspector/process.ts';
import { expectIdleAfterEach, tempDir } from './support/cleanup.ts';

expectIdleAfterEach();

async function soak(...args: string[]) {
  const child = runNode(['--expose-gc', 'soak/run.js', ...args]);
  const code = await child.exited;
  return { code, ...child.output };
}

describe('npm run soak', () => {
  it('prints a table and a verdict for each phase, and writes them as JSON', async () => {
    const file = join(await tempDir(), 'soak.json');
    const { code, stdout, stderr } = await soak('--scale', '0.0003', '--seed', '1', '--json', file);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    for (const name of ['cycles', 'sessions', 'messages']) {
      expect(stdout).toMatch(new RegExp(`^${name}: flat \\(\\d+\\.\\d s\\)$`, 'm'));
    }
    expect(stdout.match(/ here +\d+\.\d +\d+\.\d +(\d+|–) +\d+ +\d+ +\d+$/gm)).toHaveLength(30);
    expect(stdout.match(/ peer /g)).toHaveLength(20);
    const written = JSON.parse(await readFile(file, 'utf8')) as {
      results: { name: string; readings: Reading[] }[];
    };
    const sizes = written.results.map(({ name, readings }) => [name, readings.length]);
    expect(sizes).toEqual([
      ['cycles', 10],
      ['sessions', 20],
      ['messages', 20],
    ]);
  });

  it('fails when something leaks, and names what grew', async () => {
    const { code, stdout } = await soak('--only', 'leak');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^leak: heap grew .*; timers grew .*; listeners grew /m);
  });
});
