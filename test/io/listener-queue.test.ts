/** How many connections of a UNIX socket its program has accepted. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listenerQueueOf, queueIn } from '../../src/io/listener-queue.ts';
import { cleanUp, tempDir } from '../support/cleanup.ts';

const HEAD = 'Num       RefCount Protocol Flags    Type St Inode Path';
const listener = (path: string) =>
  `00000000877b9d55: 00000002 00000000 00010000 0001 01 6103797 ${path}`;
const accepted = (path: string) =>
  `00000000fbad88fc: 00000003 00000000 00000000 0001 03 6104810 ${path}`;
const waiting = (path: string) =>
  `0000000050031510: 00000003 00000000 00000000 0001 02     0 ${path}`;
const table = (...lines: readonly string[]) => `${[HEAD, ...lines].join('\n')}\n`;

describe('the table of Linux', () => {
  it('says how many are accepted, and how many wait', () => {
    const text = table(accepted('/q'), listener('/q'), waiting('/q'), accepted('/q'));
    expect(queueIn(text, '/q')).toEqual({ accepted: 2, waiting: 1 });
    expect(queueIn(table(listener('/q')), '/q')).toEqual({ accepted: 0, waiting: 0 });
  });

  it('has other sockets, whose names may end or begin like that of ours', () => {
    const text = table(listener('/a b'), accepted('/x /a b'), waiting('/a bc'), accepted('b'));
    expect(queueIn(text, '/a b')).toEqual({ accepted: 0, waiting: 0 });
  });

  it('says nothing without a listener, or with two', () => {
    expect(queueIn(table(accepted('/q')), '/q')).toBeUndefined();
    expect(queueIn(table(listener('/q'), listener('/q'), accepted('/q')), '/q')).toBeUndefined();
    expect(queueIn('', '/q')).toBeUndefined();
  });

  it('has the absolute form of a relative path, and abstract names with an @', () => {
    const path = resolve('qmp.sock');
    expect(queueIn(table(listener(path), waiting(path)), 'qmp.sock')).toMatchObject({ waiting: 1 });
    expect(queueIn(table(listener('@vm'), waiting('@vm')), '\0vm')).toMatchObject({ waiting: 1 });
  });
});

describe.runIf(process.platform === 'linux')('the socket of a server that runs', () => {
  it('has accepted our connection', async () => {
    const path = join(await tempDir(), 'a.sock');
    const server = createServer().listen(path);
    cleanUp(() => server.close());
    const client = connect(path);
    const [peer] = (await once(server, 'connection')) as [Socket];
    expect(listenerQueueOf(path)).toEqual({ accepted: 1, waiting: 0 });
    client.destroy();
    peer.destroy();
  });

  it('is unknown at a path where none listens', () => {
    expect(listenerQueueOf('/nowhere/at/all')).toBeUndefined();
  });
});
