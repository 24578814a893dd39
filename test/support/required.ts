/** Third-party programs that tests need, and that may not be installed. */

import { findProgram, findQemu } from '../../scripts/programs.ts';

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
  const missing = `${program} is not installed (Debian: apt-get install ${PACKAGES[program]})`;
  if (process.env['WIRECHART_REQUIRE_PEERS'] === '1') throw new Error(missing);
  console.warn(`skipped: ${missing}`);
  return undefined;
}
