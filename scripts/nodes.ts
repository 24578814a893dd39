/**
 * Runs the tests on each Node release line that the package supports, and on its lowest Node version.
 *
 *   npm run test:nodes -- [VERSION…] [-- ARGUMENT…]
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { installNode, isNodeVersion, NODE_VERSIONS } from './node-versions.ts';

const USAGE = `Usage: npm run test:nodes -- [VERSION…] [-- ARGUMENT…]
  VERSION   ${NODE_VERSIONS.join(', ')}: which release that is, scripts/node-versions.ts says; default: all
  ARGUMENT  for Vitest, for example the name of a test file`;

/** Runs Vitest. `PATH` is set so that tests that spawn `node` get the same version. */
function run(node: string, args: readonly string[]): boolean {
  const manifest = createRequire(import.meta.url).resolve('vitest/package.json');
  const { status } = spawnSync(node, [join(dirname(manifest), 'vitest.mjs'), 'run', ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  return status === 0;
}

function test(version: (typeof NODE_VERSIONS)[number], args: readonly string[]): boolean {
  try {
    const node = installNode(version);
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
if (!versions.every(isNodeVersion)) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const failed = (versions.length > 0 ? versions : NODE_VERSIONS).filter(
    (version) => !test(version, args.slice(split + 1)),
  );
  if (failed.length > 0) {
    console.error(`\nThe tests failed on Node ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}
