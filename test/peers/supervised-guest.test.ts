/** A supervisor that starts a real QEMU for each attempt: a guest that powers off stays off. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spawnPeer, type SpawnedPeer, supervise, type SuperviseOptions } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { describeEachQemu } from '../support/real-peers.ts';

expectIdleAfterEach();

/**
 * A boot sector that powers the machine off: it writes the ACPI state S5 to the register PM1a_CNT of the
 * machine `pc` (mov dx, 0x604; mov ax, 0x2000; out dx, ax; hlt).
 */
const POWER_OFF = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4];
/** A boot sector that does nothing (cli; hlt). */
const IDLE = [0xfa, 0xf4];

async function diskOf(code: readonly number[]): Promise<string> {
  const path = join(await tempDir(), 'disk.img');
  const sector = new Uint8Array(512);
  sector.set(code);
  sector.set([0x55, 0xaa], 510);
  await writeFile(path, sector);
  return path;
}

describeEachQemu((path) => {
  /** Keeps a machine with this boot sector, and counts how often it was started. */
  async function keep(code: readonly number[], options: SuperviseOptions<QmpClient> = {}) {
    const disk = await diskOf(code);
    const peers: SpawnedPeer[] = [];
    const start = () => {
      const peer = spawnPeer(path, [
        ...['-M', 'pc', '-accel', 'tcg', '-m', '16', '-display', 'none', '-nodefaults', '-S'],
        ...['-drive', `file=${disk},format=raw,if=ide`],
        ...['-chardev', 'socket,id=c,fd=3,server=off', '-mon', 'chardev=c,mode=control'],
      ]);
      peers.push(peer);
      return peer.address;
    };
    const vm = supervise(QmpClient, start, {
      backoff: { initial: 10, max: 50 },
      onUp: (qmp) => qmp.execute('cont'),
      ...options,
    });
    cleanUp(() => vm.stop({ force: true }));
    return { vm, peers };
  }

  it('whose guest powers off is not started again, and the supervisor says why', async () => {
    const { vm, peers } = await keep(POWER_OFF);
    for await (const state of vm.states()) {
      expect(['UP', 'STOPPING', 'STOPPED']).toContain(state);
      if (state === 'STOPPED') break;
    }
    expect(vm.shutdown).toEqual({ guest: true, reason: 'guest-shutdown' });
    expect(await peers[0]?.exited).toMatchObject({ exitCode: 0 });
    expect(vm.client.outcome?.cause).toBeUndefined();
    expect([peers.length, vm.failures]).toEqual([1, []]);
    await vm.client.disconnect();
  });

  it("whose guest powers off is started again with restart: 'always'", async () => {
    const { vm, peers } = await keep(POWER_OFF, { restart: 'always' });
    for await (const state of vm.states()) if (state === 'UP' && vm.ups >= 2) break;
    expect(peers.length).toBeGreaterThan(1);
    expect(vm.failures[0]?.first.message).toContain('guest-shutdown');
    await vm.stop();
  });

  it('that is killed is started again, and the record of the outage names the signal', async () => {
    const { vm, peers } = await keep(IDLE);
    await vm.up();
    peers[0]?.kill('SIGKILL');
    for await (const state of vm.states()) if (state === 'UP') break;
    expect(peers).toHaveLength(2);
    expect(vm.failures).toMatchObject([{ count: 1, endedIn: 'UP' }]);
    expect(vm.failures[0]?.cause.message).toContain('SIGKILL');
    await vm.stop();
  });

  it('that gets SIGTERM from outside was shut down by the host, and stays off', async () => {
    const { vm, peers } = await keep(IDLE);
    await vm.up();
    peers[0]?.kill('SIGTERM');
    for await (const state of vm.states()) if (state === 'STOPPED') break;
    expect(vm.shutdown).toEqual({ guest: false, reason: 'host-signal' });
    expect(peers).toHaveLength(1);
  });
});
