/** A process that has run out of file descriptors: what fails, how, and that it works again afterwards. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { COMPILED } from '../support/compiled.ts';

expectIdleAfterEach();

/** More than Node and its loader need, and soon used up. */
const DESCRIPTORS = 80;

/** What the program has: the library as `w`, a way to use up all descriptors, and to free them. */
const TOOLS = `
  import * as w from './src/index.js';
  import { openSync, closeSync } from 'node:fs';
  import { connect, createServer } from 'node:net';
  import { once } from 'node:events';
  const taken = [];
  const exhaust = (but = 0) => {
    try {
      for (;;) taken.push(openSync('/dev/null'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
    free(but);
  };
  const free = (count = taken.length) => {
    for (const fd of taken.splice(0, count)) closeSync(fd);
  };
  const chain = (error) =>
    error === undefined ? [] : [[error.name, error.code, error.retryable].join(' '), ...chain(error.cause)];
  const fault = (promise) => promise.then(() => 'nothing', (error) => chain(error).slice(0, 2));
  const told = [];
  const NEVER = { connect: Infinity, accept: Infinity, handshake: Infinity, flush: Infinity, close: Infinity };
  const options = { timeouts: NEVER };
  const definition = { codec: w.lines() };
  // Loaded lazily, which also takes a descriptor.
  const warm = async () => {
    const server = new w.ProtocolServer(definition, options);
    const client = new w.AsyncProtocol(definition, options);
    await client.connect(await server.listen({ port: 0 }));
    await client.disconnect({ force: true });
    await server.close({ force: true });
  };
  await warm();
`;

/** Runs a program under a low limit; gives what it told. */
async function run(program: string): Promise<unknown> {
  const script = `${TOOLS}${program}; console.log(JSON.stringify(told));`;
  const node = `exec "$0" --input-type=module --eval "$1"`;
  const limited = `ulimit -n ${String(DESCRIPTORS)}; ${node}`;
  const child = spawn('/bin/sh', ['-c', limited, process.execPath, script], {
    cwd: COMPILED,
    env: { PATH: process.env['PATH'], DIRECTORY: await tempDir() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const [code] = (await once(child, 'close')) as [unknown];
  expect({ code, stderr: output.stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(output.stdout);
}

const CONNECT = 'ConnectError ERR_CONNECT true';

describe('without a file descriptor left', () => {
  it.each([
    ['a UNIX socket', '{ path: process.env.DIRECTORY + "/socket" }'],
    ['TCP', '{ port: 0 }'],
  ])('connect() and listen() over %s may be tried again, and then work', async (_, place) => {
    const told = await run(`
      const server = new w.ProtocolServer(definition, options);
      const address = await server.listen(${place});
      const client = new w.AsyncProtocol(definition, options);
      const other = new w.ProtocolServer(definition, options);
      const elsewhere = 'path' in address ? { path: address.path + '2' } : { port: 0 };
      exhaust();
      told.push(await fault(client.connect(address)), client.runstate);
      told.push(await fault(client.listen(elsewhere)), client.runstate);
      told.push(await fault(other.listen(elsewhere)), other.state);
      free();
      told.push(await fault(client.connect(address)), client.runstate);
      await client.disconnect();
      told.push(await fault(client.listen(elsewhere)), client.runstate);
      await client.disconnect();
      told.push(await fault(other.listen(elsewhere)), other.state);
      await other.close();
      await server.close();
      told.push(client.runstate, other.state, server.state);
    `);
    const failed = [CONNECT, 'Error EMFILE '];
    expect(told).toEqual([
      ...[failed, 'IDLE', failed, 'IDLE', failed, 'IDLE'],
      ...['nothing', 'RUNNING', 'nothing', 'CONNECTING', 'nothing', 'LISTENING'],
      ...['IDLE', 'IDLE', 'IDLE'],
    ]);
  });

  it('a session that runs goes on, and comes home', async () => {
    const told = await run(`
      const heard = [];
      const server = new w.ProtocolServer((number, peer) => ({
        codec: w.lines(),
        onMessage: (line) => peer().send('again ' + line),
      }), options);
      const address = await server.listen({ port: 0 });
      let onLine;
      const client = new w.AsyncProtocol({ codec: w.lines(), onMessage: (line) => onLine(line) }, options);
      await client.connect(address);
      exhaust();
      const line = new Promise((resolve) => { onLine = resolve; });
      await client.send('hello');
      told.push(await line);
      await client.disconnect();
      told.push(client.runstate);
      await server.close();
      told.push(server.state);
    `);
    expect(told).toEqual(['again hello', 'IDLE', 'IDLE']);
  });

  it('a server sheds who comes, goes on, and lets peers in again', async () => {
    const told = await run(`
      const server = new w.ProtocolServer((number, peer) => ({
        codec: w.lines(),
        onMessage: (line) => peer().send('again ' + line),
      }), options);
      const address = await server.listen({ port: 0 });
      // One for the socket that dials, none for the server's side of it.
      exhaust(1);
      const shed = connect(address);
      shed.on('error', () => undefined);
      await once(shed, 'close');
      told.push(server.state, server.peers.length);
      free();
      let onLine;
      const client = new w.AsyncProtocol({ codec: w.lines(), onMessage: (line) => onLine(line) }, options);
      const line = new Promise((resolve) => { onLine = resolve; });
      await client.connect(address);
      await client.send('hello');
      told.push(await line);
      await client.disconnect();
      await server.close();
      told.push(server.state);
    `);
    expect(told).toEqual(['LISTENING', 0, 'again hello', 'IDLE']);
  });

  it('a supervisor dials until there is one', async () => {
    const told = await run(`
      const server = new w.ProtocolServer(definition, options);
      const address = await server.listen({ port: 0 });
      exhaust();
      const vm = w.supervise(definition, address, { ...options, backoff: { initial: 1, max: 5 } });
      let failures = 0;
      for await (const state of vm.states()) if (state === 'WAITING' && ++failures === 3) break;
      told.push(chain(vm.failures.at(-1).cause));
      free();
      await vm.up();
      told.push(vm.state);
      await vm.stop();
      await server.close();
    `);
    expect(told).toEqual([[CONNECT, 'Error EMFILE '], 'UP']);
  });
});
