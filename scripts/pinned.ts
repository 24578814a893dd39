/** Installs a package of the registry whose version and checksum are known. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What must be installed, and nothing else. */
export interface Pinned {
  readonly name: string;
  /** The exact version. */
  readonly version: string;
  /** The checksum of the tarball: `sha512-` and base64, as in `package-lock.json`. */
  readonly integrity: string;
  /** Where the tarball is. Default: the registry. */
  readonly resolved?: string | undefined;
}

/** Written last, so that a folder with it is complete. */
const DONE = 'installed.json';

/**
 * Installs a package in a folder of its own, unless it is there, and returns the path of the package. Its
 * install scripts are not run.
 *
 * @throws {Error} When it cannot be installed, or its checksum differs.
 */
export function installPinned(folder: string, pinned: Pinned): string {
  const { name } = pinned;
  const path = join(folder, 'node_modules', name);
  const content = JSON.stringify(pinned);
  const done = join(folder, DONE);
  if (existsSync(done) && readFileSync(done, 'utf8') === content) return path;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifestOf(pinned)));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockOf(pinned)));
  // `npm ci` compares the checksum of the tarball with that in the lock, also when it comes from a cache.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  });
  writeFileSync(done, content);
  return path;
}

const manifestOf = ({ name, version, resolved }: Pinned) => ({
  private: true,
  dependencies: { [name]: resolved ?? version },
});

const lockOf = (pinned: Pinned) => ({
  lockfileVersion: 3,
  packages: {
    '': manifestOf(pinned),
    [`node_modules/${pinned.name}`]: {
      version: pinned.version,
      integrity: pinned.integrity,
      ...(pinned.resolved !== undefined && { resolved: pinned.resolved }),
    },
  },
});
