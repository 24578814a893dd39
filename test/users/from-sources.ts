/** Vitest's global set-up for the tests in this folder: the packages, bundled from the sources. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundlePackages, ROOT } from '../support/source-packages.ts';
import type {} from './support.ts';

export default async function setUp(project: TestProject): Promise<() => void> {
  // In the repository, so that `xstate` is found.
  const folder = mkdtempSync(join(ROOT, '.users-'));
  // Otherwise `wirechart` is the package that the folder is in, and not the one in `node_modules`.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await bundlePackages(folder);
  project.provide('users', folder);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
