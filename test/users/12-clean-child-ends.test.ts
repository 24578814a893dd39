/** The end of a child that exits as it was asked to is no incident. */

import { AsyncProtocol, lines, spawnPeer } from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A monitor that says a lot on standard error, and exits when it is told to `quit`. */
const MONITOR = (code: number) => `
  const fs = require('node:fs');
  const socket = new (require('node:net').Socket)({ fd: 3, readable: true, writable: true });
  const send = (message) => socket.write(JSON.stringify(message) + '\\r\\n');
  fs.writeSync(2, 'noise '.repeat(2000));
  send({ QMP: { version: { qemu: { major: 9, minor: 0, micro: 0 }, package: '' }, capabilities: [] } });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
    let command;
    try { command = JSON.parse(text); } catch { return; }
    text = '';
    send({ return: {}, id: command.id });
    if (command.execute === 'quit') socket.end(() => process.exit(${String(code)}));
  });
`;

function monitor(code: number) {
  const peer = spawnPeer(process.execPath, ['-e', MONITOR(code)]);
  onTestFinished(() => {
    peer.kill('SIGKILL');
  });
  return peer;
}

describe('quit', () => {
  it.each(['await the end', 'disconnect() at once', 'dispose'])(
    'of a child that exits with code 0 leaves no complaint: %s',
    async (how) => {
      const peer = monitor(0);
      const qmp = new QmpClient();
      await qmp.connect(peer.address);
      await qmp.execute('quit');
      if (how === 'disconnect() at once') await qmp.disconnect();
      if (how === 'dispose') await qmp[Symbol.asyncDispose]();
      const { cause, suppressed, undelivered } = await qmp.closed;
      expect({ cause, suppressed, undelivered }).toEqual({
        cause: undefined,
        suppressed: [],
        undelivered: 0,
      });
      expect(await peer.exited).toMatchObject({ exitCode: 0, signal: null });
    },
  );

  it('of a child that exits with another code is a failure, with the reason', async () => {
    const qmp = new QmpClient();
    await qmp.connect(monitor(3).address);
    await qmp.execute('quit');
    const { cause } = await qmp.closed;
    expect(cause).toMatchObject({ code: 'ERR_PROCESS', exitCode: 3 });
    await expect(qmp.disconnect()).rejects.toBe(cause);
  });
});

describe('a child that was not asked to exit', () => {
  it.each([
    ['exit 0', { code: 'ERR_CLOSED', cause: { code: 'ERR_PROCESS', exitCode: 0 } }],
    ['exit 5', { code: 'ERR_PROCESS', exitCode: 5 }],
    ['kill -SEGV $$', { code: 'ERR_PROCESS', signal: 'SIGSEGV' }],
  ])('is the cause with %s, after everything that it wrote', async (end, expected) => {
    const received: string[] = [];
    const protocol = new AsyncProtocol({
      codec: lines(),
      onMessage: (line) => void received.push(line),
    });
    const { address } = spawnPeer('sh', ['-c', `seq 1000 >&3; echo why >&2; ${end}`]);
    await protocol.connect(address);
    const { cause, suppressed } = await protocol.closed;
    expect(cause).toMatchObject(expected);
    expect(suppressed).toEqual([]);
    expect(received).toHaveLength(1000);
    await expect(protocol.disconnect()).rejects.toBe(cause);
  });
});
