/** Programs of others, which tests need and a machine may lack. */

import { findProgram, findQemu } from '../../scripts/programs.ts';

/** Where Debian has them. */
const PACKAGES = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-storage-daemon': 'qemu-utils',
  chromium: 'chromium',
  'nats-server': 'nats-server',
} as const;
/** One of them. */
export type Program = keyof typeof PACKAGES;

/**
 * Where a program is; any `qemu-system-*` will do for the one of x86_64.
 *
 * @throws {Error} When it is nowhere, and must not be.
 */
export function requirePeer(program: Program): string | undefined {
  const path = program === 'qemu-system-x86_64' ? findQemu() : findProgram(program);
  if (path !== undefined) return path;
  const missing = `${program} is not installed (Debian: apt-get install ${PACKAGES[program]})`;
  if (process.env['WIRECHART_REQUIRE_PEERS'] === '1') throw new Error(missing);
  console.warn(`skipped: ${missing}`);
  return undefined;
}
