/** Connections that are stored in every state, wherever they are in a tree of actors, and restored. */

import { describe, expect, it } from 'vitest';
import { createActor, type Snapshot, type StateValue, toPromise, waitFor } from 'xstate';
import { memberOf } from '../../src/core/shape.ts';
import { AsyncProtocol, isWirechartError } from '../../src/index.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { dials, HELD_STATES, type HeldState, isOver, Stage } from './held-states.ts';
import {
  CHILD,
  invokingParent,
  type Place,
  type Placed,
  PLACES,
  ROOT,
  startIn,
  storedConnection,
} from './placed.ts';

expectIdleAfterEach();

/** Leads a connection to a state, stores the system, and stops it. */
async function storedIn(state: HeldState, place: Place, by: 'input' | 'event') {
  const stage = await Stage.of(state);
  const address = by === 'input' && dials(state) ? { path: stage.path } : undefined;
  const system = startIn(place, stage.createMachine(), { address });
  system.root.send({ type: 'NEXT' });
  return stage.lead(system.ref, by, () => {
    const snapshot = system.persist();
    const root = stateOf(system);
    system.root.stop();
    return { stage, snapshot, root };
  });
}

/** The state of the root, and what it keeps, if the root is not the connection itself. */
const stateOf = ({ root, ref }: Placed): unknown =>
  root === ref ? undefined : memberOf(root.getSnapshot(), 'value');

/** Has a session with the peer, over a facade, and ends it. */
async function haveSession(stage: Stage, { ref }: Placed): Promise<void> {
  const protocol = AsyncProtocol.attach(ref);
  if (protocol.runstate === 'IDLE') await protocol.connect(stage.path);
  else await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
  await protocol.send('again');
  await protocol.disconnect();
  expect(stage.received).toBe('again\n');
  expect(ref.getSnapshot().value).toBe('IDLE');
}

const throughJson = (snapshot: object) => JSON.parse(JSON.stringify(snapshot)) as Snapshot<unknown>;

/** Expects a stored connection to be JSON, and nothing but the state it was in. */
function expectPlain(stored: unknown, state: HeldState): void {
  expect(stored).toStrictEqual(throughJson(stored as object));
  expect(stored).toMatchObject({ status: isOver(state) ? 'done' : 'active', children: {} });
  const value = memberOf(stored, 'value') as StateValue;
  expect(pathOf(value)).toBe(state.split(' ')[0]);
}

const ONGOING = HELD_STATES.filter((state) => !isOver(state));

describe.each(PLACES)('%s', (_, place) => {
  it.each(ONGOING)('is stored as plain JSON in %s', async (state) => {
    const { snapshot } = await storedIn(state, place, 'input');
    expect(structuredClone(snapshot)).toEqual(snapshot);
    expect(throughJson(snapshot)).toEqual(snapshot);
    expectPlain(storedConnection(snapshot, place), state);
  });

  it.each(ONGOING)('goes on towards the address of its input, stored in %s', async (state) => {
    const { stage, snapshot, root } = await storedIn(state, place, 'input');
    await stage.release();
    const restored = startIn(place, stage.createMachine(), { snapshot: throughJson(snapshot) });
    expect(stateOf(restored)).toEqual(root);
    const expected = dials(state) ? 'CONNECTING.dialing' : 'IDLE';
    expect(pathOf(restored.ref.getSnapshot().value)).toBe(expected);
    await haveSession(stage, restored);
  });

  it.each(ONGOING)('is IDLE without an address in its input, stored in %s', async (state) => {
    const { stage, snapshot, root } = await storedIn(state, place, 'event');
    await stage.release();
    const copy = structuredClone(snapshot);
    const restored = startIn(place, stage.createMachine(), { snapshot: copy });
    expect(stateOf(restored)).toEqual(root);
    expect(restored.ref.getSnapshot()).toMatchObject({ value: 'IDLE', status: 'active' });
    await haveSession(stage, restored);
  });

  it('is restored by the machine that made it, too', async () => {
    const stage = await Stage.of('RUNNING.open');
    const machine = stage.createMachine();
    const system = startIn(place, machine, { address: stage.path });
    const snapshot = await stage.lead(system.ref, 'input', system.persist);
    system.root.stop();
    await stage.release();
    await haveSession(stage, startIn(place, machine, { snapshot }));
  });
});

describe('a connection that has ended', () => {
  const ENDED = HELD_STATES.filter(isOver);

  it.each(ENDED)('is stored as plain JSON, and is over when it is restored: %s', async (state) => {
    const { stage, snapshot } = await storedIn(state, ROOT, 'input');
    expectPlain(snapshot, state);
    const { length } = stage.sockets;
    const { ref } = startIn(ROOT, stage.createMachine(), { snapshot: throughJson(snapshot) });
    const { status, value, output, context } = ref.getSnapshot();
    expect([status, value]).toEqual(['done', 'ENDED']);
    expect(output).toBe(context.outcome);
    expect(output).toMatchObject({ suppressed: [], undelivered: 0 });
    const refusal = { code: 'ERR_CONNECT', name: 'ConnectError', retryable: true };
    if (state === 'ENDED failed') {
      expect(output?.cause).toMatchObject({ ...refusal, cause: { code: 'ENOENT' } });
      expect(isWirechartError(output?.cause)).toBe(true);
      expect(output?.cause?.message).toContain('ENOENT');
    } else expect(output).not.toHaveProperty('cause');
    await expect(toPromise(ref)).resolves.toBe(output);
    expect(stage.sockets).toHaveLength(length);
  });
});

describe('a parent', () => {
  /** Starts a parent with a restored child, whose machine is for one session. */
  const restoredIn = async (state: HeldState) => {
    const { stage, snapshot } = await storedIn(state, CHILD, 'input');
    await stage.release();
    const machine = invokingParent(stage.createMachine({ once: true }));
    const parent = createActor(machine, {
      snapshot: throughJson(snapshot),
      input: { address: undefined },
    }).start();
    cleanUp(() => parent.stop());
    const { children } = parent.getSnapshot();
    if (children.connection === undefined) throw new Error('It has no child');
    const before = memberOf(memberOf(snapshot, 'context'), 'seen') as readonly string[];
    return { stage, parent, ref: children.connection, before };
  };

  it.each(ONGOING.filter(dials))(
    'hears of the states and the end of a restored child, stored in %s',
    async (state) => {
      const { parent, ref, before } = await restoredIn(state);
      await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
      ref.send({ type: 'DISCONNECT' });
      const { context } = await waitFor(parent, (snapshot) => snapshot.matches('done'));
      expect(context.seen.slice(0, before.length)).toEqual(before);
      const seen = context.seen.slice(before.length).map((path) => path.split('.')[0]);
      expect([...new Set(seen)]).toEqual(['CONNECTING', 'RUNNING', 'DISCONNECTING']);
      expect(context.outcome).toEqual({ suppressed: [], undelivered: 0 });
    },
  );

  it.each(ONGOING)('frees a restored child that it leaves, stored in %s', async (state) => {
    const { parent, ref } = await restoredIn(state);
    parent.send({ type: 'LEAVE' });
    expect(parent.getSnapshot().matches('outside')).toBe(true);
    expect(ref.getSnapshot().status).toBe('stopped');
  });

  it('finds a restored child by its name in the system', async () => {
    const { parent, ref } = await restoredIn('RUNNING.open');
    expect(parent.system.get('the connection')).toBe(ref);
  });
});
