/** Where a supervisor dials: a stream that is spent is final, and an embedded one takes its address as input. */

import { createServer } from 'node:net';
import { once } from 'node:events';
import {
  ArgumentError,
  createSupervisorMachine,
  lines,
  spawnPeer,
  streamPair,
  supervise,
  type AddressSource,
} from 'wirechart';
import { assign, createActor, setup, waitFor } from 'xstate';
import { expect, it, onTestFinished } from 'vitest';

const FAST = { backoff: { initial: 1, max: 5 } };
const definition = { codec: lines() };

it('a stream that is spent makes it give up at once, and the error says what to do', async () => {
  const [near, far] = streamPair();
  const supervisor = supervise(definition, { stream: near }, FAST);
  const states: string[] = [];
  await supervisor.up();
  far.destroy();
  for await (const state of supervisor.states()) {
    states.push(state);
    if (state !== 'FAILING') break;
  }
  expect(states).toEqual(['FAILING', 'GIVEN_UP']);
  const error: unknown = await supervisor.up().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ArgumentError);
  expect(String(error)).toContain('Pass a function that makes a new stream for each attempt');
  expect(supervisor.stats).toMatchObject({ attempts: 1, retries: 0 });
});

it('so does the address of one child process, however the child has ended', async () => {
  const peer = spawnPeer(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    stdio: 'stdio',
  });
  const supervisor = supervise(definition, peer.address, FAST);
  await supervisor.up();
  peer.kill('SIGKILL');
  for await (const state of supervisor.states()) if (state === 'GIVEN_UP') break;
  expect(supervisor.failures).toHaveLength(1);
  expect(supervisor.failures[0]?.first.message).toContain('SIGKILL');
});

it('an address function that returns the same child again makes it give up', async () => {
  const peer = spawnPeer(process.execPath, ['-e', '0'], { stdio: 'stdio' });
  const supervisor = supervise(definition, () => peer.address, FAST);
  for await (const state of supervisor.states()) if (state === 'GIVEN_UP') break;
  expect(supervisor.failures.at(-1)?.cause.message).toContain('Make a new stream for each attempt');
});

/** A server that counts its connections. */
async function startServer() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.resume().on('error', () => undefined);
    socket.on('end', () => socket.end());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return { address: { port }, connections: () => connections };
}

it('one machine serves actors with an address each, which is their input', async () => {
  const servers = await Promise.all([startServer(), startServer()]);
  const machine = createSupervisorMachine(definition, FAST);
  const actors = servers.map(({ address }) => createActor(machine, { input: { address } }).start());
  await Promise.all(actors.map((actor) => waitFor(actor, (snapshot) => snapshot.matches('UP'))));
  expect(servers.map(({ connections }) => connections())).toEqual([1, 1]);
  for (const actor of actors) actor.stop();
});

it('an invoked one dials the address of its input, also one from a function', async () => {
  const { address, connections } = await startServer();
  const parent = setup({
    types: {
      context: {} as { readonly state: string },
      input: {} as { readonly address: AddressSource },
      children: {} as { vm: 'vm' },
    },
    actors: { vm: createSupervisorMachine(definition, FAST) },
  }).createMachine({
    context: { state: '' },
    invoke: {
      id: 'vm',
      src: 'vm',
      input: { address: () => address },
      onSnapshot: {
        actions: assign({ state: ({ event }) => JSON.stringify(event.snapshot.value) }),
      },
    },
  });
  const actor = createActor(parent, { input: { address: '/run/elsewhere' } }).start();
  await waitFor(actor, ({ context: { state } }) => state === '"UP"');
  expect(connections()).toBe(1);
  actor.stop();
});
