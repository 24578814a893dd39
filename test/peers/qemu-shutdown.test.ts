/** How sessions end when real machines shut down, panic, or stay after their shutdown. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ClosedError } from '../../src/index.ts';
import type { QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { namesOf } from '../support/qmp.ts';
import { describeEachQemu, RealPeer } from '../support/real-peers.ts';

expectIdleAfterEach();

/** Machine code: `mov dx, port; mov ax, value; out dx, ax`. */
const write16 = (port: number, value: number) => [
  ...[0xba, port & 0xff, port >> 8],
  ...[0xb8, value & 0xff, value >> 8],
  0xef,
];
/** The same with a byte. */
const write8 = (port: number, value: number) => [0xba, port & 0xff, port >> 8, 0xb0, value, 0xee];

/** Boot sectors, by what the guest does. */
const GUESTS = {
  /** Writes S5 to PM1a_CNT. */
  'powers off': write16(0x604, 0x2000),
  /** Writes the reset to the keyboard controller. */
  'resets the machine': write8(0x64, 0xfe),
  /** Writes to the device pvpanic. */
  panics: write8(0x505, 1),
  'does nothing': [],
} as const;
type Guest = keyof typeof GUESTS;

describeEachQemu((path) => {
  /** Starts a machine whose CPU is stopped, and connects a client. */
  async function machine(guest: Guest, ...args: readonly string[]) {
    const directory = await tempDir();
    const disk = join(directory, 'disk.img');
    const sector = new Uint8Array(512);
    // cli; hlt; jmp to hlt
    sector.set([...GUESTS[guest], 0xfa, 0xf4, 0xeb, 0xfd]);
    sector.set([0x55, 0xaa], 510);
    await writeFile(disk, sector);
    const address = join(directory, 'qmp.sock');
    const peer = new RealPeer(path, [
      ...['-M', 'pc', '-accel', 'tcg', '-m', '16', '-display', 'none', '-nodefaults', '-S'],
      ...['-drive', `file=${disk},format=raw,if=ide`, '-device', 'pvpanic'],
      ...['-qmp', `unix:${address},server=on,wait=off`, ...args],
    ]);
    return { peer, qmp: await peer.connect(address) };
  }

  const end = async ({ peer, qmp }: { peer: RealPeer; qmp: QmpClient }) => {
    const { cause, shutdown, suppressed } = await qmp.closed;
    return { cause, shutdown, suppressed, exit: await peer.exited };
  };
  const clean = (guest: boolean, reason: string) => ({
    cause: undefined,
    shutdown: { guest, reason },
    suppressed: [],
    exit: 0,
  });

  it.each<[Guest, string, string]>([
    ['powers off', '', 'guest-shutdown'],
    ['resets the machine', '-no-reboot', 'guest-reset'],
  ])('a guest that %s, with %j, ends its session cleanly', async (guest, option, reason) => {
    const session = await machine(guest, ...(option === '' ? [] : [option]));
    await session.qmp.execute('cont');
    expect(await end(session)).toEqual(clean(true, reason));
  });

  it.each<[string, string[], (qmp: QmpClient, peer: RealPeer) => unknown, string]>([
    ['SIGTERM', [], (_, { child }) => child.kill('SIGTERM'), 'host-signal'],
    ['SIGTERM', ['-no-shutdown'], (_, { child }) => child.kill('SIGTERM'), 'host-signal'],
    ['quit', ['-no-shutdown'], (qmp) => qmp.execute('quit'), 'host-qmp-quit'],
    ['system_reset', ['-no-reboot'], (qmp) => qmp.execute('system_reset'), 'host-qmp-system-reset'],
  ])('a host that uses %s, with %j, ends the session cleanly', async (_, args, act, reason) => {
    const session = await machine('does nothing', ...args);
    await session.qmp.execute('cont');
    await act(session.qmp, session.peer);
    expect(await end(session)).toEqual(clean(false, reason));
  });

  it('a guest that panics makes its session fail', async () => {
    const session = await machine('panics');
    const shutdown = session.qmp.waitFor('SHUTDOWN');
    await session.qmp.execute('cont');
    expect((await shutdown).data.reason).toBe('guest-panic');
    const { cause, shutdown: none } = await end(session);
    expect(cause).toBeInstanceOf(ClosedError);
    expect(none).toBeUndefined();
  });

  it('a machine that stays after its shutdown goes on, and its later crash is a failure', async () => {
    const { qmp, peer } = await machine('powers off', '-no-shutdown');
    const events = qmp.events(['SHUTDOWN', 'STOP']);
    await qmp.execute('cont');
    expect(await namesOf(events, 2)).toEqual(['SHUTDOWN', 'STOP']);
    expect(await qmp.execute('query-status')).toMatchObject({ status: 'shutdown' });
    peer.child.kill('SIGKILL');
    const { cause, shutdown } = await qmp.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    expect(shutdown).toBeUndefined();
  });

  it('a machine that stays after its shutdown can be reset, shut down again, and quit', async () => {
    const session = await machine('powers off', '-no-shutdown');
    const { qmp } = session;
    const events = qmp.events(['SHUTDOWN', 'STOP']);
    await qmp.execute('cont');
    expect(await namesOf(events, 2)).toEqual(['SHUTDOWN', 'STOP']);
    await qmp.execute('system_reset');
    await qmp.execute('cont');
    expect(await namesOf(events, 2)).toEqual(['SHUTDOWN', 'STOP']);
    await qmp.execute('quit');
    expect(await end(session)).toEqual(clean(false, 'host-qmp-quit'));
  });
});
