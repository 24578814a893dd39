/** Sessions over two streams: over those of a child, and over the ones of the own process. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { AsyncProtocol, contentLength, joinStreams, lines, spawnPeer, streamPair } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram, writeProgram } from './support.ts';

/** A language server, as small as can be: it answers requests, and ends after `exit`. */
const SERVER = `
  import { AsyncProtocol, contentLength, stdioAddress } from 'wirechart';

  const server = new AsyncProtocol({
    codec: contentLength(),
    onMessage: async ({ id, method, params }) => {
      if (method === 'exit') void server.disconnect();
      else await server.send({ jsonrpc: '2.0', id, result: { method, params } });
    },
  });
  await server.connect(stdioAddress());
  const { cause } = await server.closed;
  console.error('ended', cause?.message ?? 'by itself');
`;

/** A client of that server, and the messages that it has received. */
async function serve() {
  const peer = spawnPeer(process.execPath, [writeProgram(SERVER)], { stdio: 'stdio' });
  onTestFinished(() => void peer.kill('SIGKILL'));
  const messages: unknown[] = [];
  const client = new AsyncProtocol({
    codec: contentLength(),
    onMessage: (message) => void messages.push(message),
  });
  await client.connect(peer.address);
  return { peer, client, messages };
}

it('serves a client on standard input and output, and exits when the client leaves', async () => {
  const { peer, client, messages } = await serve();
  await client.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { rootUri: null } });
  const result = { method: 'initialize', params: { rootUri: null } };
  await expect.poll(() => messages).toEqual([{ jsonrpc: '2.0', id: 1, result }]);
  await client.disconnect();
  expect(await peer.exited).toMatchObject({ exitCode: 0, signal: null });
});

it('exits when it ends the session itself, although the client keeps the pipes open', async () => {
  const child = spawn(process.execPath, [writeProgram(SERVER)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'exit' });
  child.stdin.on('error', () => undefined);
  child.stdin.write(`Content-Length: ${String(body.length)}\r\n\r\n${body}`);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(log).toBe('ended by itself\n');
});

it.each(['disconnect()', 'disconnect({ force: true })', '[Symbol.asyncDispose]()'])(
  'lets a process exit that ends a session on its own streams with %s',
  async (end) => {
    const { code, stdout } = await runProgram(`
      import { AsyncProtocol, lines } from 'wirechart';
      const protocol = new AsyncProtocol({ codec: lines() }, { timeouts: { close: 100 } });
      await protocol.connect({ stream: { readable: process.stdin, writable: process.stdout } });
      await protocol.send('hello');
      await protocol.flush();
      await protocol${end.startsWith('[') ? '' : '.'}${end};
    `);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' });
  },
);

it('has one address for standard input and output, which alone keeps no process alive', async () => {
  const { code, stdout } = await runProgram(`
    import { stdioAddress } from 'wirechart';
    console.log(stdioAddress() === stdioAddress());
  `);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'true\n' });
});

it.each(['nothing', 'the writable half', 'the readable half', 'both halves'])(
  'joins two streams to one that closes both when %s has ended',
  async (done) => {
    const [[readable, source], [writable, sink]] = [streamPair(), streamPair()];
    onTestFinished(() => {
      for (const stream of [source, sink]) stream.destroy();
    });
    const joined = joinStreams(readable, writable).resume();
    if (/writable|both/.test(done)) await once(joined.end(), 'finish');
    if (/readable|both/.test(done)) {
      source.end();
      await once(joined, 'end');
    }
    const closed = once(joined, 'close');
    joined.destroy();
    await closed;
    expect([readable.destroyed, writable.destroyed]).toEqual([true, true]);
  },
);

it('refuses a stream of Duplex.from(), and says what to pass instead', async () => {
  const [left, right] = streamPair();
  const writable = new PassThrough();
  onTestFinished(() => void right.destroy());
  const protocol = new AsyncProtocol({ codec: lines() });
  const made = Duplex.from({ readable: left, writable });
  await expect(protocol.connect({ stream: made })).rejects.toMatchObject({
    code: 'ERR_CONNECT',
    retryable: false,
    message: expect.stringMatching(
      /Duplex\.from\(\).*pass the pair itself, \{ stream: \{ readable, writable \} \}, or joinStreams/,
    ) as string,
  });
  expect(protocol.runstate).toBe('IDLE');
});

it('refuses to join what is no stream of bytes', () => {
  const objects = new PassThrough({ objectMode: true });
  expect(() => joinStreams(objects, new PassThrough())).toThrow(/object mode/);
  expect(() => joinStreams(new PassThrough(), new PassThrough().end())).toThrow(/written to/);
  const call = () => Reflect.apply(joinStreams, undefined, [5, new PassThrough()]) as unknown;
  expect(call).toThrow(/readable must be a readable stream, not 5/);
});
