/**
 * Packs the packages and installs the tarballs in new projects: alone with XState, as a user begins, together
 * with the tools that users test and build with, and wirechart-inspect without the others.
 */

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { PACKED_PROJECTS, packInto } from './pack.ts';
import type {} from './project.ts';
import type {} from '../../users/support.ts';

const run = promisify(execFile);

/**
 * Installs a project from its lock: `npm ci` compares the checksum of everything, and no script of any
 * package is run.
 */
async function install(folder: string, name: string): Promise<void> {
  const project = join(folder, name);
  cpSync(join(PACKED_PROJECTS, name), project, { recursive: true });
  const quiet = ['--silent', '--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', ['ci', '--ignore-scripts', ...quiet], { cwd: project });
}

/** Vitest's global set-up. */
export default async function setUp(project: TestProject): Promise<() => void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirechart-packed-')));
  const tearDown = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    packInto(folder);
    for (const name of ['project', 'tools', 'alone']) await install(folder, name);
  } catch (error) {
    tearDown();
    throw error;
  }
  project.provide('packed', folder);
  project.provide('users', join(folder, 'project'));
  // For `vitest.packed.config.ts`, which runs in this process.
  process.env['WIRECHART_PACKED_PROJECT'] = join(folder, 'project');
  return tearDown;
}
