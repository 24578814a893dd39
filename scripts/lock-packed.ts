/**
 * Locks what the tests of the packed packages install: the exact version and the checksum of everything but
 * the packages themselves, which are packed each time.
 *
 *   npm run lock:packed
 *
 * Run it when a dependency of the packages or a tool below gets another version.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packInto, PACKED_PROJECTS } from '../test/packed/support/pack.ts';

const ROOT = join(import.meta.dirname, '..');

/** The tools that this repository does not use itself. */
const OTHER_TOOLS = {
  jest: '30.5.2',
  'typescript-5.4': 'npm:typescript@5.4.2',
  'typescript-newest': 'npm:typescript@7.0.2',
};
const PACKAGES = {
  wirechart: 'file:../wirechart.tgz',
  'wirechart-inspect': 'file:../wirechart-inspect.tgz',
  'wirechart-inspector': 'file:../wirechart-inspector.tgz',
};

/** The exact version of a package that is installed in this repository. */
function installed(name: string): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

const versionsOf = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, installed(name)]));

/** The dependencies of each project: see `test/packed/support/project.ts`. */
const PROJECTS: Readonly<Record<string, Record<string, string>>> = {
  project: { ...PACKAGES, ...versionsOf('xstate') },
  alone: {
    'wirechart-inspect': PACKAGES['wirechart-inspect'],
    ...versionsOf('xstate'),
  },
  tools: {
    ...PACKAGES,
    'wirechart-copy': PACKAGES.wirechart,
    ...versionsOf('xstate', '@types/node', 'esbuild', 'typescript', 'vitest', 'ws'),
    ...OTHER_TOOLS,
  },
};

interface Lock {
  readonly packages: Record<string, { integrity?: string; resolved?: string }>;
}

/** The lock without the checksums of our own tarballs. */
function lockIn(folder: string): string {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lock;
  for (const entry of Object.values(lock.packages)) {
    if (entry.resolved?.startsWith('file:')) delete entry.integrity;
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}

const folder = mkdtempSync(join(tmpdir(), 'wirechart-lock-'));
try {
  packInto(folder);
  for (const [name, dependencies] of Object.entries(PROJECTS)) {
    const project = join(folder, name);
    mkdirSync(project);
    const manifest = { private: true, type: 'module', dependencies, overrides: versionsOf('vite') };
    writeFileSync(join(project, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', [...args, '--omit-lockfile-registry-resolved'], { cwd: project });
    const target = join(PACKED_PROJECTS, name);
    mkdirSync(target, { recursive: true });
    cpSync(join(project, 'package.json'), join(target, 'package.json'));
    writeFileSync(join(target, 'package-lock.json'), lockIn(project));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
