/** Third-party programs that tests need, and that may not be installed. */

import { findProgram, findQemu } from '../../scripts/programs.ts';
import { findQemuProgram, type QemuVersion } from '../../scripts/qemu-versions.ts';

/** The Debian package of each program. */
const PACKAGES = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-storage-daemon': 'qemu-utils',
  chromium: 'chromium',
  'nats-server': 'nats-server',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  'redis-benchmark': 'redis-tools',
  mosquitto: 'mosquitto',
  mosquitto_sub: 'mosquitto-clients',
  postgres: 'postgresql',
  initdb: 'postgresql',
} as const;
/** A program that tests need. */
export type Program = keyof typeof PACKAGES;

/**
 * Returns the path of a program, or `undefined` if it is not installed. For `qemu-system-x86_64`,
 * any `qemu-system-*` will do.
 *
 * @throws {Error} When it is not installed and `WIRECHART_REQUIRE_PEERS` is 1.
 */
export function requirePeer(program: Program): string | undefined {
  const path = program === 'qemu-system-x86_64' ? findQemu() : findProgram(program);
  if (path !== undefined) return path;
  reportMissing(`${program} is not installed (Debian: apt-get install ${PACKAGES[program]})`);
  return undefined;
}

/** A program of QEMU that the tests use in several versions. */
export type QemuProgram = Extract<Program, `qemu-${string}`> | 'qemu-img' | 'qemu-ga';

/**
 * Returns the path of a program of a version of QEMU, or `undefined` if it was not fetched.
 *
 * @throws {Error} When it was not fetched and `WIRECHART_REQUIRE_PEERS` is 1.
 */
export function requireQemu(version: QemuVersion, program: QemuProgram): string | undefined {
  const path = findQemuProgram(version, program);
  if (path !== undefined) return path;
  reportMissing(`${program} of QEMU ${version} is not there (on Debian: npm run qemus)`);
  return undefined;
}

function reportMissing(missing: string): void {
  if (process.env['WIRECHART_REQUIRE_PEERS'] === '1') throw new Error(missing);
  console.warn(`skipped: ${missing}`);
}
