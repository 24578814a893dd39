/** The protocol's goodbye, in every graceful end from our side. */

import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type ActorRefFrom, createActor, createMachine, SimulatedClock } from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  defineClient,
  lines,
  ProtocolServer,
  type Session,
  streamPair,
  supervise,
} from '../../src/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { dialSocket } from '../support/servers.ts';
import { gate, turn } from '../support/signal.ts';
import { portOf, start, useFixture } from '../support/sockets.ts';

expectIdleAfterEach();
const fixture = useFixture();

const polite = {
  codec: lines(),
  farewell: async ({ send, receive }: Session<string>): Promise<void> => {
    await send('bye');
    expect(await receive()).toBe('so long');
  },
};

class Polite extends defineClient<string>(() => lines()) {
  protected override farewell = (session: Session<string>): Promise<void> =>
    polite.farewell(session);
}

/** A peer that answers `bye`, ends its side when we do, and keeps what it has received. */
async function politePeer() {
  const received: Promise<string>[] = [];
  const greeted = gate();
  const server = await start(
    fixture,
    createServer({ allowHalfOpen: true }, (socket) => {
      received.push(text(socket).finally(() => socket.end()));
      socket.on('data', () => socket.write('so long\n'));
      greeted.open();
    }),
  );
  return { address: { port: portOf(server) }, received, greeted: greeted.opened };
}

/** Connects, and ends in one of the ways. */
const ends: readonly (readonly [string, (port: { port: number }) => Promise<void>])[] = [
  [
    'disconnect()',
    async (address) => {
      const protocol = createProtocol(polite);
      await protocol.connect(address);
      await protocol.disconnect();
      expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
    },
  ],
  [
    'the end of a block with `await using`',
    async (address) => {
      await using protocol = new AsyncProtocol(polite);
      await protocol.connect(address);
    },
  ],
  [
    'disconnect() of a class of defineClient()',
    async (address) => {
      const client = new Polite();
      await client.connect(address);
      await client.disconnect();
    },
  ],
  [
    'stop() of a supervisor',
    async (address) => {
      const supervisor = supervise(polite, address);
      await supervisor.up();
      await supervisor.stop();
    },
  ],
  [
    'the end of a block with a supervisor',
    async (address) => {
      await using supervisor = supervise(Polite, address);
      await supervisor.up();
    },
  ],
  [
    'DISCONNECT of a parent',
    async (address) => {
      const actor = createActor(createProtocolMachine(polite, { once: true }), {
        input: { address },
      });
      const running = new Promise((resolve) => {
        actor.subscribe(({ value }) => {
          if (typeof value === 'object' && 'RUNNING' in value) resolve(undefined);
        });
      });
      const ended = new Promise((resolve) => {
        actor.subscribe({
          complete: () => {
            resolve(undefined);
          },
        });
      });
      actor.start();
      await running;
      actor.send({ type: 'DISCONNECT' });
      await ended;
    },
  ],
];

describe('the farewell', () => {
  it.each(ends)('is said in %s', async (_, connectAndEnd) => {
    const { address, received, greeted } = await politePeer();
    await connectAndEnd(address);
    await greeted;
    expect(await Promise.all(received)).toEqual(['bye\n']);
  });

  it.each(['close()', 'the end of a block with the server'])(
    'is said to every peer in %s',
    async (way) => {
      const admitted = gate();
      const server = new ProtocolServer<string>((number) => {
        if (number === 3) admitted.open();
        return polite;
      });
      const address = await server.listen({ port: 0 });
      const peers = await Promise.all([1, 2, 3].map(() => dialSocket(address)));
      await admitted.opened;
      while (server.peers.filter(({ runstate }) => runstate === 'RUNNING').length < 3) await turn();
      const received = peers.map((peer) => {
        peer.once('data', () => peer.write('so long\n'));
        return text(peer).finally(() => peer.end());
      });
      if (way === 'close()') await server.close();
      else await server[Symbol.asyncDispose]();
      expect(await Promise.all(received)).toEqual(['bye\n', 'bye\n', 'bye\n']);
    },
  );

  it('has the deadline of timeouts.drain, and its lateness spoils nothing', async () => {
    const clock = new SimulatedClock();
    const [near, far] = streamPair();
    const asked = new Promise((resolve) => far.once('data', resolve));
    const protocol = createProtocol(polite, { clock, timeouts: { drain: 700 } });
    await protocol.connect({ stream: near });
    const disconnected = protocol.disconnect();
    await asked;
    clock.increment(700);
    far.on('end', () => far.end()).resume();
    await disconnected;
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(protocol.outcome?.suppressed).toMatchObject([{ code: 'ERR_TIMEOUT', phase: 'drain' }]);
  });
});

/** A parent that is in its state `on` until LEAVE. */
const parentOf = (machine: ReturnType<typeof createProtocolMachine<string>>, stream: object) =>
  createActor(
    createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: { src: machine, id: 'connection', input: { address: { stream } } },
          on: { LEAVE: 'off' },
        },
        off: {},
      },
    }),
  );

describe('a parent that leaves the state of the connection', () => {
  async function leave(definition: Partial<typeof polite>, prepare: () => void = () => undefined) {
    const [near, far] = streamPair();
    const machine = createProtocolMachine<string>({ codec: lines(), ...definition });
    const actor = parentOf(machine, near).start();
    const ref: unknown = actor.getSnapshot().children['connection'];
    const connection = AsyncProtocol.attach(ref as ActorRefFrom<typeof machine>);
    while (connection.runstate !== 'RUNNING') await turn();
    prepare();
    const received = text(far);
    actor.send({ type: 'LEAVE' });
    cleanUp(() => far.destroy());
    actor.stop();
    return { received: await received, near, connection };
  }

  it('lets it send what the farewell begins with, and waits for nothing', async () => {
    const { received, near, connection } = await leave(polite);
    expect(received).toBe('bye\n');
    expect(near.destroyed).toBe(true);
    expect(connection.runstate).toBe('IDLE');
  });

  it('is not disturbed by a farewell that throws', async () => {
    const { received } = await leave({
      farewell: () => {
        throw new Error('thrown by the user');
      },
    });
    expect(received).toBe('');
  });
});

it('is said once when the machine is stopped in the middle of it', async () => {
  const [near, far] = streamPair();
  const actor = createActor(createProtocolMachine<string>(polite), {
    input: { address: { stream: near } },
  });
  const protocol = AsyncProtocol.attach(actor);
  actor.start();
  while (protocol.runstate !== 'RUNNING') await turn();
  protocol.disconnect().catch(() => undefined);
  const asked = new Promise((resolve) => far.once('data', resolve));
  const received = text(far);
  await asked;
  actor.stop();
  expect(await received).toBe('bye\n');
});
