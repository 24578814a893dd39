/** executeAndWait() and hmp() with real QEMUs. */

import { expect, it } from 'vitest';
import { ExecuteError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { qemuAt } from '../support/disks.ts';
import { describeEachQemu, onSocket } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

describeEachQemu((path) => {
  const connected = async (...args: readonly string[]) => {
    const { peer, address } = await onSocket(qemuAt(path, ...args));
    return { peer, client: await peer.connect(address) };
  };

  it('executeAndWait() resolves with events that come before the reply, again and again', async () => {
    const { client } = await connected();
    for (let round = 0; round < 20; round += 1) {
      expect(await client.executeAndWait('cont', {}, 'RESUME')).toMatchObject({
        event: 'RESUME',
        returned: {},
      });
      expect((await client.executeAndWait('stop', {}, ['STOP', 'RESUME'])).event).toBe('STOP');
    }
    await client.disconnect();
  });

  it('executeAndWait() waits until a device is gone, and fails at once without it', async () => {
    const { client } = await connected('-M', 'pc', '-m', '16', '-device', 'virtio-scsi-pci,id=s');
    await client.execute('blockdev-add', { driver: 'null-co', 'node-name': 'd', size: 1 << 20 });
    await client.execute('device_add', { driver: 'scsi-hd', id: 'disk', bus: 's.0', drive: 'd' });
    const options = {
      filter: ({ data }: { data: { device?: string | undefined } }) => data.device === 'disk',
      timeout: 20_000,
    };
    const remove = () =>
      client.executeAndWait('device_del', { id: 'disk' }, 'DEVICE_DELETED', options);
    expect((await remove()).data).toEqual({ device: 'disk', path: '/machine/peripheral/disk' });
    expect(await rejection(remove())).toBeInstanceOf(ExecuteError);
    await client.disconnect();
  });

  it('executeAndWait() waits for the end that quit announces', async () => {
    const { client, peer } = await connected();
    const { data } = await client.executeAndWait('quit', {}, 'SHUTDOWN');
    expect(data).toMatchObject({ guest: false, reason: 'host-qmp-quit' });
    expect((await client.closed).cause).toBeUndefined();
    expect(await peer.exited).toBe(0);
  });

  it('hmp() resolves with what a command prints, also with its error', async () => {
    const { client } = await connected();
    expect(await client.hmp('info status')).toMatch(/^VM status: paused/);
    expect(await client.hmp('no-such-command')).toMatch(/unknown command/);
    await client.disconnect();
  });
});
