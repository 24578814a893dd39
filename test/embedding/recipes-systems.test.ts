/** Two actor systems in one process: they share a machine, and nothing else. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor, type InspectionEvent, setup, SimulatedClock, waitFor } from 'xstate';
import { type Address, createProtocolMachine, lines, streamPair } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { closing } from '../support/sockets.ts';

expectIdleAfterEach();

/** One machine for both systems. Its handshake waits for a greeting. */
const connection = createProtocolMachine(
  { codec: lines(), handshake: ({ receive }) => receive() },
  { name: 'line', once: true, timeouts: { handshake: 1_000 } },
);
const parent = setup({
  types: {
    input: {} as { address: Address },
    context: {} as { address: Address },
    children: {} as { connection: 'connection' },
  },
  actors: { connection },
}).createMachine({
  id: 'parent',
  context: ({ input }) => input,
  invoke: {
    id: 'connection',
    src: 'connection',
    systemId: 'connection',
    input: ({ context }) => context,
    onDone: '.over',
  },
  initial: 'on',
  states: { on: {}, over: { type: 'final' } },
});

/** A system with a clock, an inspector and a peer of its own, in the handshake. */
async function startSystem() {
  const clock = new SimulatedClock();
  const inspected: InspectionEvent[] = [];
  const [stream, far] = streamPair();
  far.resume().on('end', () => far.end());
  const actor = createActor(parent, {
    id: 'vm',
    clock,
    inspect: (event) => inspected.push(event),
    input: { address: { stream } },
  }).start();
  onTestFinished(() => {
    actor.stop();
    far.destroy();
  });
  const ref = actor.getSnapshot().children.connection;
  if (ref === undefined) throw new Error('The parent has not invoked the connection');
  await waitFor(ref, (snapshot) => snapshot.matches({ CONNECTING: 'establishing' }));
  return { actor, clock, far, inspected, ref };
}
type System = Awaited<ReturnType<typeof startSystem>>;

const startBoth = () => Promise.all([startSystem(), startSystem()]);

/** The peer greets, and the session is up. */
async function greet({ far, ref }: System): Promise<void> {
  far.write('hello\n');
  await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
}

describe('two systems with the same machine, names and ids', () => {
  it('find their own connection by its systemId', async () => {
    for (const { actor, ref } of await startBoth()) {
      expect(actor.system.get('connection')).toBe(ref);
    }
  });

  it('measure deadlines with their own clock', async () => {
    const [left, right] = await startBoth();
    left.clock.increment(1_000);
    const { output } = await waitFor(left.ref, ({ status }) => status === 'done');
    expect(output?.cause?.cause).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'handshake' });
    right.clock.increment(999);
    await greet(right);
    expect(right.actor.getSnapshot()).toMatchObject({ status: 'active', value: 'on' });
  });

  it('report to their own inspector', async () => {
    const [left, right] = await startBoth();
    const actorsOf = ({ inspected }: System) => new Set(inspected.map(({ actorRef }) => actorRef));
    expect(actorsOf(left)).toContain(left.ref);
    expect(actorsOf(right)).toContain(right.ref);
    expect([...actorsOf(left)].filter((actor) => actorsOf(right).has(actor))).toEqual([]);
    expect(new Set(left.inspected.map(({ rootId }) => rootId)).size).toBe(1);
  });

  it('end alone', async () => {
    const [left, right] = await startBoth();
    left.actor.stop();
    await closing(left.far);
    await greet(right);
    expect(right.actor.getSnapshot().status).toBe('active');
  });
});
