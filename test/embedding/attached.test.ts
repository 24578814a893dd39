import type { Duplex } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { assign, createActor, sendTo, setup } from 'xstate';
import { ClosedError, ConnectError } from '../../src/core/errors.ts';
import { streamPair } from '../../src/io/stream-pair.ts';
import { createProtocolMachine } from '../../src/protocol/machine.ts';
import { AsyncProtocol } from '../../src/protocol/async-protocol.ts';
import type { Codec, ProtocolDefinition } from '../../src/core/types.ts';
import { defer } from '../../src/async/deferred.ts';

/** A message is one byte. */
const bytes: Codec<number> = {
  encode: (message) => Uint8Array.of(message),
  createDecoder: () => {
    const unread: number[] = [];
    return {
      write: (chunk) => unread.push(...chunk),
      read: () => unread.shift(),
      end: () => undefined,
    };
  },
};

type ParentEvent = { type: 'DIAL'; stream: Duplex } | { type: 'LEAVE' } | { type: 'RETURN' };

/** A parent that invokes a connection while it is `inside`, and records its states. */
function startParent(definition: ProtocolDefinition<number>) {
  const connection = createProtocolMachine(definition, { timeouts: { close: 1_000 } });
  const machine = setup({
    types: {
      context: {} as { seen: unknown[] },
      events: {} as ParentEvent,
      children: {} as { connection: 'connection' },
    },
    actors: { connection },
  }).createMachine({
    context: { seen: [] },
    initial: 'inside',
    states: {
      inside: {
        invoke: {
          id: 'connection',
          src: 'connection',
          onSnapshot: {
            actions: assign({
              seen: ({ context, event }) => [...context.seen, event.snapshot.value],
            }),
          },
        },
        on: {
          DIAL: {
            actions: sendTo('connection', ({ event }) => ({
              type: 'CONNECT' as const,
              address: { stream: event.stream },
            })),
          },
          LEAVE: 'outside',
        },
      },
      outside: { on: { RETURN: 'inside' } },
    },
  });
  const parent = createActor(machine).start();
  onTestFinished(() => {
    parent.stop();
  });
  /** The facade of the actor that is invoked now. */
  const attach = (): AsyncProtocol<number> => {
    const ref = parent.getSnapshot().children.connection;
    if (ref === undefined) throw new Error('The connection was not invoked');
    return AsyncProtocol.attach(ref);
  };
  return { parent, protocol: attach(), attach };
}

const running = (protocol: AsyncProtocol<number>): Promise<unknown> => entered(protocol, 'RUNNING');

async function entered(protocol: AsyncProtocol<number>, wanted: string): Promise<void> {
  for await (const runstate of protocol.runstates()) if (runstate === wanted) return;
}

/** The next byte that the far end receives. */
async function nextByte(far: Duplex): Promise<unknown> {
  const arrived = defer<unknown>();
  far.once('data', (chunk: Uint8Array) => {
    arrived.resolve(chunk[0]);
  });
  return arrived.promise;
}

it('a parent connects its child by an event, and gets its states', async () => {
  const [near, far] = streamPair();
  const { parent, protocol } = startParent({ codec: bytes });
  const up = running(protocol);
  parent.send({ type: 'DIAL', stream: near });
  await up;
  expect(parent.getSnapshot().context.seen).toEqual([
    'IDLE',
    { CONNECTING: 'dialing' },
    { RUNNING: 'open' },
  ]);
  far.destroy();
});

it('a facade attached to the invoked actor sends, receives and disconnects', async () => {
  const [near, far] = streamPair();
  const received = defer<number>();
  const { parent, protocol } = startParent({
    codec: bytes,
    onMessage: (message) => {
      received.resolve(message);
    },
  });
  await protocol.connect({ stream: near });
  const arrived = nextByte(far);
  await protocol.send(7);
  expect(await arrived).toBe(7);
  far.write(Uint8Array.of(9));
  expect(await received.promise).toBe(9);

  far.on('end', () => far.end());
  await protocol.disconnect();
  expect(protocol.runstate).toBe('IDLE');
  expect(await protocol.closed).toEqual({ suppressed: [], undelivered: 0 });
  expect(parent.getSnapshot().context.seen.at(-1)).toBe('IDLE');
});

it('leaving the invoking state destroys the stream at once, and settles `closed`', async () => {
  const [near, far] = streamPair();
  const { parent, protocol } = startParent({ codec: bytes });
  await protocol.connect({ stream: near });
  const { closed } = protocol;
  parent.send({ type: 'LEAVE' });
  expect(near.destroyed).toBe(true);
  expect((await closed).cause).toBeInstanceOf(ClosedError);
  expect(protocol.runstate).toBe('IDLE');
  await expect(protocol.connect({ stream: far })).rejects.toThrow('stopped');
});

it('leaving the invoking state rejects a pending connect()', async () => {
  const [near] = streamPair();
  const entered = defer<AbortSignal>();
  const { parent, protocol } = startParent({
    codec: bytes,
    handshake: async (session) => {
      entered.resolve(session.signal);
      await session.receive();
    },
  });
  const connected = protocol.connect({ stream: near });
  const rejected = expect(connected).rejects.toBeInstanceOf(ConnectError);
  const { closed } = protocol;
  const signal = await entered.promise;
  parent.send({ type: 'LEAVE' });
  expect(signal.aborted).toBe(true);
  expect(near.destroyed).toBe(true);
  await rejected;
  expect((await closed).cause).toMatchObject({ code: 'ERR_CONNECT' });
});

it('leaving the invoking state settles a pending send() and flush()', async () => {
  const [near] = streamPair();
  const { parent, protocol } = startParent({ codec: bytes });
  await protocol.connect({ stream: near });
  // The far end is never read, so the buffer of the pair is soon full.
  for (let sent = 0; sent < 60_000; sent += 1) void protocol.send(1).catch(() => undefined);
  const flushed = protocol.flush();
  parent.send({ type: 'LEAVE' });
  await expect(flushed).rejects.toMatchObject({ code: 'ERR_CLOSED' });
});

it('entering the invoking state again starts a fresh machine', async () => {
  const [near] = streamPair();
  const [next] = streamPair();
  const { parent, protocol, attach } = startParent({ codec: bytes });
  await protocol.connect({ stream: near });
  parent.send({ type: 'LEAVE' });
  parent.send({ type: 'RETURN' });
  const fresh = attach();
  expect(fresh.runstate).toBe('IDLE');
  expect(fresh.outcome).toBeUndefined();
  await fresh.connect({ stream: next });
  expect(fresh.runstate).toBe('RUNNING');
  expect(protocol.runstate).toBe('IDLE');
});
