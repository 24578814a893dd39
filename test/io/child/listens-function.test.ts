/** `listens` as a function: a child that chooses its address, and says it in its standard error or in a file. */

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createProtocol, expectIdleAfterEach } from '../../support/cleanup.ts';
import { ANY, freePath, listening, PATIENT, programs } from '../../support/listening-children.ts';
import { rejection } from '../../support/signal.ts';

expectIdleAfterEach();

describe('listens as a function', () => {
  it('learns the address from the standard error of the child', async () => {
    const program =
      'const s = net.createServer((c) => c.pipe(c)); ' +
      's.listen(0, "127.0.0.1", () => fs.writeSync(2, "listening on port " + s.address().port + "\\n"))';
    const peer = listening({ port: 0 }, program, {
      listens: ({ stderr }) => {
        const [, port] = /on port (\d+)\n/.exec(stderr) ?? [];
        return port === undefined ? undefined : { port: Number(port) };
      },
    });
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(peer.address);
    expect(protocol.remote).toMatchObject({ address: '127.0.0.1', pid: peer.pid });
    await protocol.disconnect();
  });

  it('is asked again when the file does not exist that has the address', async () => {
    const [{ path }, asked] = [await freePath(), new Set<number>()];
    const program =
      'const s = net.createServer((c) => c.pipe(c)); s.listen(0, "127.0.0.1", () => {' +
      'fs.writeFileSync(where.path + ".tmp", String(s.address().port));' +
      'fs.renameSync(where.path + ".tmp", where.path) })';
    const peer = listening({ path }, program, {
      listens: async ({ pid }) => {
        asked.add(pid);
        return `tcp:127.0.0.1:${await readFile(path, 'utf8')}`;
      },
    });
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(peer.address);
    expect([...asked]).toEqual([peer.pid]);
    await protocol.disconnect();
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no port');
      },
      { code: 'ERR_HANDLER', cause: { message: 'no port' } },
    ],
    ['returns no address', () => ({ port: 0 }), { code: 'ERR_ARGUMENT' }],
  ])('fails the attempt when it %s', async (_, listens, cause) => {
    const peer = listening(await freePath(), programs.silent, { listens });
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection', cause });
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('is named by the deadline when it never returns an address', async () => {
    const peer = listening(await freePath(), programs.silent, { listens: () => undefined });
    const protocol = createProtocol(ANY, { timeouts: { connect: 100 } });
    const error = await rejection(protocol.connect(peer.address));
    expect(error).toHaveProperty('message', expect.stringMatching(/has no address yet/));
  });
});
