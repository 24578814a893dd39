/**
 * Packs both packages and installs the tarballs in two new projects: in one alone with XState, as a user
 * begins, and in one together with the tools that users test and build with.
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { ROOT } from '../../support/source-packages.ts';
import type {} from './project.ts';
import type {} from '../../users/support.ts';

const run = promisify(execFile);

/** The tools that this repository does not use itself. */
const OTHER_TOOLS = {
  jest: '30.5.2',
  'typescript-5.4': 'npm:typescript@5.4.2',
  'typescript-newest': 'npm:typescript@7.0.2',
};

/** The exact version of a package that is installed in this repository. */
function installed(name: string): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

const versionsOf = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, installed(name)]));

/** Packs a package; its build is part of that. Returns the path of the tarball. */
async function pack(folder: string, ...workspace: string[]): Promise<string> {
  const args = ['pack', '--json', '--pack-destination', folder, ...workspace];
  const { stdout } = await run('npm', args, { cwd: ROOT });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename);
}

async function install(folder: string, dependencies: Record<string, string>): Promise<void> {
  mkdirSync(folder);
  const manifest = { private: true, type: 'module', dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const quiet = ['--silent', '--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', ['install', ...quiet], { cwd: folder });
}

/** Vitest's global set-up. */
export default async function setUp(project: TestProject): Promise<() => void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirechart-packed-')));
  const tearDown = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const wirechart = `file:${await pack(folder)}`;
    const inspector = `file:${await pack(folder, '--workspace', 'inspector')}`;
    const packages = { wirechart, 'wirechart-inspector': inspector, ...versionsOf('xstate') };
    await install(join(folder, 'project'), packages);
    await install(join(folder, 'tools'), {
      ...packages,
      'wirechart-copy': wirechart,
      ...versionsOf('@types/node', 'esbuild', 'typescript', 'vitest', 'ws'),
      ...OTHER_TOOLS,
    });
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
