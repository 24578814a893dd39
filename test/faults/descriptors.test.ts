/** A process without free file descriptors: what fails, how, and that it works again afterwards. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { COMPILED } from '../support/compiled.ts';

expectIdleAfterEach();

/** More than Node and its loader need, and few enough to use up. */
const DESCRIPTORS = 100;

/**
 * The beginning of each program: the library as `w`, and functions to use up and free descriptors.
 */
const TOOLS = `
  import * as w from './src/index.js';
  import { openSync, closeSync } from 'node:fs';
  import { connect, createServer } from 'node:net';
  import { once } from 'node:events';
  const taken = [];
  const exhaust = (spare = 0) => {
    try {
      for (;;) taken.push(openSync('/dev/null'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
    free(spare);
  };
  const free = (count = taken.length) => {
    for (const fd of taken.splice(0, count)) closeSync(fd);
  };
  const chain = (error) =>
    error === undefined ? [] : [[error.name, error.code, error.retryable].join(' '), ...chain(error.cause)];
  const fault = (promise) => promise.then(() => 'nothing', (error) => chain(error).slice(0, 2));
  const results = [];
  const NEVER = { connect: Infinity, accept: Infinity, handshake: Infinity, flush: Infinity, close: Infinity };
  const options = { timeouts: NEVER };
  const definition = { codec: w.lines() };
  // Loads the modules that Node loads lazily, which also takes a descriptor.
  const warm = async () => {
    const server = new w.ProtocolServer(definition, options);
    const client = new w.AsyncProtocol(definition, options);
    await client.connect(await server.listen({ port: 0 }));
    await client.disconnect({ force: true });
    await server.close({ force: true });
  };
  await warm();
`;

/** Runs a program with a low limit of descriptors, and returns its results. */
async function run(program: string): Promise<unknown> {
  const script = `${TOOLS}${program}; console.log(JSON.stringify(results));`;
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
  ])(
    'connect() and listen() over %s fail with a retryable error, and later work',
    async (_, place) => {
      const results = await run(`
      const server = new w.ProtocolServer(definition, options);
      const address = await server.listen(${place});
      const client = new w.AsyncProtocol(definition, options);
      const other = new w.ProtocolServer(definition, options);
      const elsewhere = 'path' in address ? { path: address.path + '2' } : { port: 0 };
      exhaust();
      results.push(await fault(client.connect(address)), client.runstate);
      results.push(await fault(client.listen(elsewhere)), client.runstate);
      results.push(await fault(other.listen(elsewhere)), other.state);
      free();
      results.push(await fault(client.connect(address)), client.runstate);
      await client.disconnect();
      results.push(await fault(client.listen(elsewhere)), client.runstate);
      await client.disconnect();
      results.push(await fault(other.listen(elsewhere)), other.state);
      await other.close();
      await server.close();
      results.push(client.runstate, other.state, server.state);
    `);
      const failed = [CONNECT, 'Error EMFILE '];
      expect(results).toEqual([
        ...[failed, 'IDLE', failed, 'IDLE', failed, 'IDLE'],
        ...['nothing', 'RUNNING', 'nothing', 'CONNECTING', 'nothing', 'LISTENING'],
        ...['IDLE', 'IDLE', 'IDLE'],
      ]);
    },
  );

  it('a running session goes on, and can be disconnected', async () => {
    const results = await run(`
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
      results.push(await line);
      await client.disconnect();
      results.push(client.runstate);
      await server.close();
      results.push(server.state);
    `);
    expect(results).toEqual(['again hello', 'IDLE', 'IDLE']);
  });

  it('a server closes new connections, goes on, and accepts peers later', async () => {
    const results = await run(`
      const server = new w.ProtocolServer((number, peer) => ({
        codec: w.lines(),
        onMessage: (line) => peer().send('again ' + line),
      }), options);
      const address = await server.listen({ port: 0 });
      // One descriptor for the dialling socket, and none for the server's side.
      exhaust(1);
      const closed = connect(address);
      closed.on('error', () => undefined);
      await once(closed, 'close');
      results.push(server.state, server.peers.length);
      free();
      let onLine;
      const client = new w.AsyncProtocol({ codec: w.lines(), onMessage: (line) => onLine(line) }, options);
      const line = new Promise((resolve) => { onLine = resolve; });
      await client.connect(address);
      await client.send('hello');
      results.push(await line);
      await client.disconnect();
      await server.close();
      results.push(server.state);
    `);
    expect(results).toEqual(['LISTENING', 0, 'again hello', 'IDLE']);
  });

  it('a supervisor retries until there is one', async () => {
    const results = await run(`
      const server = new w.ProtocolServer(definition, options);
      const address = await server.listen({ port: 0 });
      exhaust();
      const vm = w.supervise(definition, address, { ...options, backoff: { initial: 1, max: 5 } });
      let failures = 0;
      for await (const state of vm.states()) if (state === 'WAITING' && ++failures === 3) break;
      results.push(chain(vm.failures.at(-1).cause));
      free();
      await vm.up();
      results.push(vm.state);
      await vm.stop();
      await server.close();
    `);
    expect(results).toEqual([[CONNECT, 'Error EMFILE '], 'UP']);
  });
});
