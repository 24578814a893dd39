/** The file descriptors of a child: two of them as one connection, and further ones that it inherits. */

import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lines, spawnPeer, type SpawnPeerOptions } from '../../../src/index.ts';
import { failure, lineOf, node, shell, writing } from '../../support/children.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../../support/cleanup.ts';
import { listening, programs } from '../../support/listening-children.ts';
import { inbox, listen } from '../../support/peers.ts';
import { rejection } from '../../support/signal.ts';
import { closing, textOf } from '../../support/sockets.ts';

expectIdleAfterEach();

describe('a child that reads from one descriptor and writes to another', () => {
  const fd = { reads: 3, writes: 4 };

  it('has a session', async () => {
    const received = inbox();
    const protocol = createProtocol(received.definition);
    const peer = shell('exec cat <&3 >&4', { fd });
    await protocol.connect(peer.address);
    await protocol.send('hello');
    expect(await received.count(1)).toEqual(['hello']);
    await protocol.disconnect();
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  it.each([
    { reads: 9, writes: 3 },
    { reads: 3, writes: 255 },
  ])('may have any two: %j', async (numbers) => {
    const program = `fs.writeSync(${String(numbers.writes)}, fs.readFileSync(${String(numbers.reads)}))`;
    const { stream } = node(`${program}; process.exit(0)`, { fd: numbers }).address;
    stream.end('to and fro');
    expect(await textOf(stream)).toBe('to and fro');
    await closing(stream);
  });

  it('gets the end of our side, and may write after it', async () => {
    const { stream } = shell('cat <&3 >&4; echo after the end >&4', { fd }).address;
    stream.end('before\n');
    expect(await textOf(stream)).toBe('before\nafter the end\n');
    await closing(stream);
  });

  it('may end its side, and still read', async () => {
    const peer = shell('exec 4>&-; read line <&3; echo "$line" >&2; exit 3', { fd });
    const { stream } = peer.address;
    await once(stream.resume(), 'end');
    stream.write('still read\n');
    expect(await peer.exited).toMatchObject({ exitCode: 3, stderr: 'still read\n' });
    stream.destroy();
  });

  it('fails the stream when it closes the one that it reads from', async () => {
    const { stream } = shell('exec 3>&-; echo closed >&4; exec sleep 60', {
      fd,
      timeouts: undefined,
    }).address;
    expect(await lineOf(stream)).toBe('closed');
    expect(await writing(stream, 'unread')).toBeInstanceOf(Error);
    expect(await failure(stream)).not.toBeNull();
  });

  it('is not held up by what it writes to the one that it reads from', async () => {
    const { stream } = shell('head -c 4000000 /dev/zero >&3; echo done >&4', { fd }).address;
    expect(await lineOf(stream)).toBe('done');
    stream.destroy();
  });

  it('has its death as the reason of the end', async () => {
    const { stream } = shell('echo last >&4; echo broken >&2; exit 6', { fd }).address;
    expect(await lineOf(stream)).toBe('last');
    expect(await failure(stream)).toMatchObject({ exitCode: 6, stderr: 'broken\n' });
  });
});

/** A file that is open, as the number of its descriptor, until the test ends. */
async function openFile(text: string): Promise<number> {
  const path = join(await tempDir(), 'file');
  await writeFile(path, text);
  const fd = openSync(path, 'r');
  cleanUp(() => {
    closeSync(fd);
  });
  return fd;
}

describe('fds', () => {
  it('are inherited by a child at the numbers given, beside its connection', async () => {
    const [one, two] = [await openFile('one\n'), await openFile('two\n')];
    const peer = shell('cat <&5 >&3; cat <&9 >&3', { fds: { 5: one, 9: two } });
    expect(await textOf(peer.address.stream)).toBe('one\ntwo\n');
    await closing(peer.address.stream);
  });

  it('may swap the numbers that they have here', async () => {
    const [one, two] = [await openFile('one\n'), await openFile('two\n')];
    const script = `cat /proc/self/fd/${String(one)} /proc/self/fd/${String(two)} >&3`;
    const { stream } = shell(script, { fds: { [one]: two, [two]: one } }).address;
    expect(await textOf(stream)).toBe('two\none\n');
    await closing(stream);
  });

  it.each(['stdio', 'socketpair'] as const)('are inherited with stdio: %s', async (stdio) => {
    const file = await openFile('text\n');
    const { stream } = shell(`cat <&4 >&${stdio === 'stdio' ? '1' : '3'}`, {
      stdio,
      fds: { 4: file },
    }).address;
    expect(await textOf(stream)).toBe('text\n');
    await closing(stream);
  });

  it('may be a file of node:fs/promises, which stays open here', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, 'handle\n');
    const file = await open(path, 'r');
    cleanUp(() => file.close());
    const { stream } = shell('cat <&4 >&3', { fds: { 4: file } }).address;
    expect(await textOf(stream)).toBe('handle\n');
    expect((await file.stat()).size).toBe(7);
    await closing(stream);
  });

  it('may be a listening server, which the child takes over', async () => {
    const server = createServer();
    const address = await listen(server, { host: '127.0.0.1', port: 0 });
    const program = 'net.createServer((s) => s.end("served by " + process.pid)).listen({ fd: 4 })';
    const peer = node(`${program}.on('listening', () => fs.writeSync(3, 'ready\\n'))`, {
      fds: { 4: server },
    });
    server.close();
    expect(await lineOf(peer.address.stream)).toBe('ready');
    expect(await textOf(connect(address))).toBe(`served by ${String(peer.pid)}`);
    peer.address.stream.destroy();
  });

  it('may be an open socket', async () => {
    const server = createServer();
    const address = await listen(server, { host: '127.0.0.1', port: 0 });
    const accepted = once(server, 'connection');
    const client = connect(address);
    const [far] = (await accepted) as [typeof client];
    const { stream } = shell('echo from the child >&4', { fds: { 4: client } }).address;
    expect(await lineOf(far)).toBe('from the child');
    stream.destroy();
    for (const socket of [client, far]) socket.destroy();
    server.close();
  });

  it('reach a child that listens', async () => {
    const [file, where] = [await openFile('config'), { path: join(await tempDir(), 'p.sock') }];
    const program = 'net.createServer((s) => s.write(fs.readFileSync(4) + "\\n")).listen(where)';
    const received = inbox();
    const protocol = createProtocol(received.definition);
    await protocol.connect(listening(where, program, { fds: { 4: file } }).address);
    expect(await received.count(1)).toEqual(['config']);
    await protocol.disconnect();
  });

  it('that were closed before the child was started start no child', async () => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, '');
    const fd = openSync(path, 'r');
    const where = { path: join(await tempDir(), 'p.sock') };
    const peer = listening(where, programs.echo, { fds: { 4: fd } });
    closeSync(fd);
    const error = await rejection(createProtocol({ codec: lines() }).connect(peer.address));
    expect(error).toMatchObject({ retryable: false, cause: { code: 'ERR_ARGUMENT' } });
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/fds.4 (is not open|was closed)/),
    );
    expect(peer.pid).toBeUndefined();
  });
});

describe('spawnPeer() refuses', () => {
  const closed = createServer();

  it.each<[string, SpawnPeerOptions | object, RegExp]>([
    [
      'a descriptor of standard streams in fds',
      { fds: { 2: 0 } },
      /number in fds must be an integer from 3/,
    ],
    ['a name in fds', { fds: { log: 0 } }, /number in fds must be/],
    ['an array as fds', { fds: [0] }, /fds must be an object such as/],
    ['a number as fds', { fds: 5 }, /fds must be an object such as/],
    [
      'its own descriptor in fds',
      { fds: { 3: 0 } },
      /fds.3 is the descriptor that the child speaks/,
    ],
    ['its own second descriptor', { fd: { reads: 3, writes: 4 }, fds: { 4: 0 } }, /fds.4 is the/],
    ['a descriptor that is not open', { fds: { 5: 4_000 } }, /fds.5 is not open: 4000 is no file/],
    ['a negative descriptor', { fds: { 5: -1 } }, /fds.5 must be the number/],
    ['something without a descriptor', { fds: { 5: {} } }, /fds.5 must be the number/],
    ['a server that does not listen', { fds: { 5: closed } }, /fds.5 must be the number/],
    ['the same descriptor twice', { fd: { reads: 3, writes: 3 } }, /must differ: .* fd: 3/],
    ['a missing direction', { fd: { reads: 3 } }, /fd.writes must be an integer/],
    ['another direction', { fd: { in: 3, out: 4 } }, /no option 'in'/],
    ['a standard descriptor to write to', { fd: { reads: 3, writes: 1 } }, /fd.writes must be/],
    ['two descriptors with stdio', { stdio: 'stdio', fd: { reads: 3, writes: 4 } }, /fd cannot be/],
    ['null as fd', { fd: null }, /fd must be an integer/],
  ])('%s', (_, options, text) => {
    const call = () => Reflect.apply(spawnPeer, undefined, ['sh', [], options]) as unknown;
    expect(call).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: expect.stringMatching(text) as string,
      }),
    );
  });
});
