/** Where the tests find other versions of QEMU, and what happens when one is missing. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { qemuFolder, QEMU_VERSIONS } from '../../scripts/qemu-versions.ts';
import { tempDir } from './cleanup.ts';
import { requireQemu } from './required.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a version of QEMU', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await tempDir();
    vi.stubEnv('WIRECHART_QEMUS', folder);
    vi.stubEnv('WIRECHART_REQUIRE_PEERS', undefined);
  });

  it('is in the folder that the environment names', () => {
    mkdirSync(join(folder, '10.0'));
    const path = join(folder, '10.0', 'qemu-img');
    writeFileSync(path, '');
    expect(requireQemu('10.0', 'qemu-img')).toBe(path);
  });

  it('that is missing is skipped, with one line that says how to get it', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    expect(requireQemu('11.1', 'qemu-ga')).toBeUndefined();
    expect(warn.mock.calls).toEqual([
      ['skipped: qemu-ga of QEMU 11.1 is not there (on Debian: npm run qemus)'],
    ]);
  });

  it('that is missing is a failure where all peers are required', () => {
    vi.stubEnv('WIRECHART_REQUIRE_PEERS', '1');
    expect(() => requireQemu('10.0', 'qemu-system-x86_64')).toThrow(
      'qemu-system-x86_64 of QEMU 10.0 is not there (on Debian: npm run qemus)',
    );
  });

  it('is in the cache of the repository without such a folder', () => {
    vi.stubEnv('WIRECHART_QEMUS', undefined);
    expect(qemuFolder()).toMatch(/\/node_modules\/\.cache\/qemus$/);
    expect(QEMU_VERSIONS).toEqual(['10.0', '11.1']);
  });
});
