/** What the errors of addresses and options say, and addresses as one copies them from QEMU's command line. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsyncProtocol, jsonLines, lines, streamPair } from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

function createProtocol(): AsyncProtocol<string> {
  const protocol = new AsyncProtocol({ codec: lines() });
  onTestFinished(() => protocol.disconnect({ force: true }).catch(() => undefined));
  return protocol;
}

async function startServer(where: ListenOptions): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('end', () => socket.end());
    socket.resume();
  });
  server.listen(where);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wirechart-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe("an address in QEMU's words", () => {
  it('is understood: tcp:HOST:PORT', async () => {
    const port = await startServer({ host: '127.0.0.1', port: 0 });
    for (const address of [`tcp:127.0.0.1:${String(port)}`, `tcp::${String(port)}`]) {
      const protocol = createProtocol();
      await protocol.connect(address);
      expect(protocol.remote).toMatchObject({ address: '127.0.0.1', port });
      await protocol.disconnect();
    }
  });

  it('is understood: unix:PATH', async () => {
    const path = join(tempFolder(), 'socket');
    await startServer({ path });
    const protocol = createProtocol();
    await protocol.connect(`unix:${path}`);
    expect(protocol.remote).toMatchObject({ path });
  });

  it('is understood: tls:HOST:PORT, with the checks of TLS', async () => {
    const port = await startServer({ host: '127.0.0.1', port: 0 });
    const protocol = new AsyncProtocol({ codec: lines() }, { timeouts: { connect: 200 } });
    // The server does not answer the handshake of TLS.
    expect(await thrownBy(() => protocol.connect(`tls:127.0.0.1:${String(port)}`))).toMatchObject({
      cause: { name: 'TimeoutError', phase: 'connect' },
    });
  });

  it('is understood by listen()', async () => {
    const path = join(tempFolder(), 'socket');
    expect(await createProtocol().listen('tcp:127.0.0.1:0')).toMatchObject({ host: '127.0.0.1' });
    expect(await createProtocol().listen(`unix:${path}`)).toEqual({ path });
  });

  it('is understood by a QMP client', async () => {
    await using monitor = new ScriptedQmpServer();
    const address = await monitor.listen();
    if ('path' in address) throw new Error('The server has no port');
    await using qmp = new QmpClient();
    await qmp.connect(`tcp:${address.host}:${String(address.port)}`);
    expect(qmp.runstate).toBe('RUNNING');
  });
});

const TEXTS: [unknown, string][] = [
  [undefined, "The address must be a path, 'unix:PATH', 'tcp:HOST:PORT', 'tls:HOST:PORT', "],
  [undefined, 'or { stream }, not undefined'],
  [null, 'not null'],
  [4444, 'not 4444'],
  ['', 'The path of a UNIX socket must not be empty'],
  ['localhost:4444', "write 'tcp:localhost:4444' or './localhost:4444'"],
  ['tcp:vm', "The address must be 'tcp:HOST:PORT', an IPv6 address in brackets, not 'tcp:vm'"],
  ['tcp:vm:4444,server,nowait', "without QEMU's options behind a comma"],
  [{ port: '4444' }, 'The port must be an integer from 0 to 65535, not "4444" (a string)'],
  [{ host: 5, port: 1 }, 'The host must be a name or an IP address, not 5'],
];

describe('the error of an address', () => {
  it.each(TEXTS)('that is %j names what was given, and what is expected', async (address, text) => {
    const error = await thrownBy(() => createProtocol().connect(address as never));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: { name: 'ArgumentError' } });
    expect(String(error)).toContain(text);
    const client = await thrownBy(() => new QmpClient().connect(address as never));
    expect(String(client)).toContain(text);
  });
});

describe('the error of a number', () => {
  it.each([
    [
      { timeouts: { connect: '5' } },
      'timeouts.connect must be a number above 0, not "5" (a string)',
    ],
    [{ timeouts: { close: null } }, 'timeouts.close must be a number above 0, not null'],
    [{ timeouts: { connect: {} } }, 'timeouts.connect must be a number above 0, not an object'],
    [{ timeouts: { connect: 5n } }, 'timeouts.connect must be a number above 0, not 5n'],
    [
      { limits: { maxMessageBytes: true } },
      'limits.maxMessageBytes must be a number above 0, not true',
    ],
    [{ timeouts: 5 }, 'The options of timeouts must be an object, not 5'],
    [{ timeouts: '5s' }, 'The options of timeouts must be an object, not "5s" (a string)'],
  ])('that is none shows the value and its type: %o', async (options, text) => {
    const error = await thrownBy(() => new AsyncProtocol({ codec: lines() }, options as never));
    expect(error).toMatchObject({ name: 'ArgumentError' });
    expect(String(error)).toContain(text);
  });
});

describe('other errors', () => {
  it('name a value that JSON has no text for', async () => {
    const codec = jsonLines();
    const texts = [];
    for (const value of [undefined, () => 5, Symbol('x')]) {
      texts.push(String(await thrownBy(() => codec.encode(value as never))));
    }
    expect(texts.join('\n')).not.toMatch(/ a undefined/);
    expect(texts[0]).toContain('JSON has no value for undefined');
  });

  it('of fail() are in the words of the reason', async () => {
    const [stream, peer] = streamPair();
    peer.on('error', () => undefined).resume();
    peer.once('end', () => peer.end());
    const protocol = createProtocol();
    await protocol.connect({ stream });
    protocol.fail(new Error('no heartbeat'));
    const { cause } = await protocol.closed;
    expect(String(cause)).toBe('RefusedError: no heartbeat');
  });
});
