/** The client with a real qemu-storage-daemon. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { describeEachVersion, onSocket, RealPeer } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

describeEachVersion('qemu-storage-daemon', (path) => {
  const start = (...more: readonly string[]) =>
    onSocket((at) => {
      const chardev = ['--chardev', `socket,id=c0,path=${at},server=on,wait=off`];
      return new RealPeer(path, [...chardev, '--monitor', ['chardev=c0', ...more].join()]);
    });

  it('greets, answers commands, and ends cleanly on quit', async () => {
    const { peer, address } = await start();
    const client = await peer.connect(address);
    expect(await client.execute('query-version')).toEqual(client.greeting?.QMP.version);
    expect(await rejection(client.execute('query-status'))).toMatchObject({
      errorClass: 'CommandNotFound',
    });
    expect(await client.execute('quit')).toEqual({});
    expect((await client.closed).cause).toBeUndefined();
    expect(await peer.exited).toBe(0);
  });

  it('is understood with pretty=on', async () => {
    const { peer, address } = await start('pretty=on');
    const client = await peer.connect(address);
    expect(await client.execute('query-commands')).toContainEqual({ name: 'blockdev-add' });
    expect(await client.execute('quit')).toEqual({});
    expect((await client.closed).cause).toBeUndefined();
  });

  it('adds and deletes a block node', async () => {
    const { peer, address } = await start();
    const client = await peer.connect(address);
    const node = { driver: 'null-co', 'node-name': 'n0', size: 1 << 20 } as const;
    await client.execute('blockdev-add', node);
    expect(await client.execute('query-named-block-nodes')).toMatchObject([{ 'node-name': 'n0' }]);
    expect(await rejection(client.execute('blockdev-add', node))).toMatchObject({
      errorClass: 'GenericError',
    });
    await client.execute('blockdev-del', { 'node-name': 'n0' });
    expect(await client.execute('query-named-block-nodes')).toEqual([]);
    await client.disconnect();
  });

  it('sends the first events of a job before the reply to the command that started it', async () => {
    const { logger, records } = recordingLogger();
    const { peer, address, directory } = await start();
    const client = await peer.connect(address, { logger });
    const states: string[] = [];
    client.on('JOB_STATUS_CHANGE', ({ data }) => states.push(data.status));
    const concluded = client.waitFor(
      'JOB_STATUS_CHANGE',
      ({ data }) => data.id === 'j0' && data.status === 'concluded',
    );
    const filename = join(directory, 'disk');
    const options = { driver: 'file', filename, size: 1 << 20 } as const;
    await client.execute('blockdev-create', { 'job-id': 'j0', options });
    await concluded;
    expect(await client.execute('query-jobs')).toMatchObject([{ id: 'j0', status: 'concluded' }]);
    await client.execute('job-dismiss', { id: 'j0' });
    expect(states).toEqual(['created', 'running', 'waiting', 'pending', 'concluded', 'null']);
    const at = (text: string) => records.findIndex((record) => record.includes(text));
    const sent = at('blockdev-create');
    const reply = records.findIndex((record, index) => index > sent && record.includes('return'));
    expect(at('"created"')).toBeGreaterThan(sent);
    expect(at('"created"')).toBeLessThan(reply);
    await client.disconnect();
  });
});
