/** Asks a running QEMU for its schema. */

import { basename } from 'node:path';
import { type Address, spawnPeer } from '../../src/index.ts';
import type { TargetInfo } from '../../src/qapi/11.1.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import type { SchemaInfo } from './schema.ts';

/** What a server says of itself. */
export interface Live {
  /** `11.1.3`. */
  readonly version: string;
  /** The package that it came in, such as `Debian 1:11.1.3+ds-1`; may be empty. */
  readonly package: string;
  /** The CPU architecture of its machines, on which some commands depend; a storage daemon has none. */
  readonly target: string | undefined;
  readonly entries: readonly SchemaInfo[];
}

const MONITOR = 'socket,id=qapi,fd=3,server=off';
const DAEMON = ['--chardev', MONITOR, '--monitor', 'chardev=qapi'];
const MACHINE = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
const SYSTEM = [...MACHINE, '-chardev', MONITOR, '-mon', 'chardev=qapi,mode=control'];

/** Starts QEMU or its storage daemon, without a machine, and asks it. */
export async function askProgram(program: string): Promise<Live> {
  const args = basename(program).startsWith('qemu-storage-daemon') ? DAEMON : SYSTEM;
  return ask(spawnPeer(program, args).address);
}

/**
 * Asks the server at an address. It may run a guest: nothing is changed there.
 *
 * @throws {ConnectError} When it cannot be reached.
 * @throws {ExecuteError} When it refuses.
 */
export async function ask(address: Address): Promise<Live> {
  await using qmp = new QmpClient();
  await qmp.connect(address);
  const reply = await qmp.executeMessage({ execute: 'query-qmp-schema' });
  if (!('return' in reply)) throw new Error(`query-qmp-schema failed: ${reply.error.desc}`);
  const { qemu, package: pack } = qmp.greeting?.QMP.version ?? { qemu: undefined, package: '' };
  const version = `${String(qemu?.major)}.${String(qemu?.minor)}.${String(qemu?.micro)}`;
  const target = await qmp.executeMessage({ execute: 'query-target' });
  return {
    version,
    package: pack,
    target: 'return' in target ? (target.return as unknown as TargetInfo).arch : undefined,
    entries: reply.return as unknown as SchemaInfo[],
  };
}
