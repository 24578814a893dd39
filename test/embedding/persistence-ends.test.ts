/** What is stored of connections that have ended, failed or not begun, and of QMP's, and how they are restored. */

import { describe, expect, it } from 'vitest';
import { createActor, setup, type Snapshot, toPromise, waitFor } from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  isWirechartError,
  lines,
  type MachineOptions,
} from '../../src/index.ts';
import { createQmpMachine, QmpClient } from '../../src/qmp/index.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { createServer } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const createMachine = (options: MachineOptions = {}) =>
  createProtocolMachine<string>({ codec: lines() }, options);

/** What is stored, which must be plain JSON. */
function storedOf(actor: { getPersistedSnapshot(): unknown }): Snapshot<unknown> {
  const snapshot = actor.getPersistedSnapshot();
  const copy = JSON.parse(JSON.stringify(snapshot)) as Snapshot<unknown>;
  expect(snapshot).toStrictEqual(copy);
  return copy;
}

describe('a connection', () => {
  const NOWHERE = '/nonexistent/socket';

  it('that has failed as actors do is stored and restored with its error', async () => {
    const machine = createMachine({ once: true, failWith: 'error' });
    const first = createActor(machine, { input: { address: NOWHERE } }).start();
    const error = await rejection(toPromise(first));
    expect(error).toMatchObject({ code: 'ERR_CONNECT' });
    const second = createActor(machine, { snapshot: storedOf(first) });
    const errors: unknown[] = [];
    second.subscribe({ error: (reason) => errors.push(reason) });
    second.start();
    const { code, message, retryable } = error as Record<string, unknown>;
    expect(errors).toEqual([expect.objectContaining({ code, message, retryable })]);
    expect(isWirechartError(errors[0])).toBe(true);
    storedOf(second);
  });

  it('whose definition threw is stored and restored with that error', () => {
    const machine = createProtocolMachine<string>(() => {
      throw new Error('no codec today');
    });
    const first = createActor(machine);
    first.subscribe({ error: () => undefined });
    first.start();
    const snapshot = storedOf(first);
    expect(snapshot).toMatchObject({ status: 'error', error: { code: 'ERR_HANDLER' } });
    const second = createActor(createMachine(), { snapshot });
    const errors: unknown[] = [];
    second.subscribe({ error: (reason) => errors.push(reason) });
    second.start();
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_HANDLER' })]);
  });

  it('that was stopped goes on when it is restored', async () => {
    const path = `${await tempDir()}/socket`;
    await rawPeer((socket) => socket.resume(), { path });
    const machine = createMachine();
    const first = createActor(machine, { input: { address: path } }).start();
    await waitFor(first, (snapshot) => snapshot.hasTag('up'));
    first.stop();
    const second = createActor(machine, { snapshot: storedOf(first) }).start();
    cleanUp(() => second.stop());
    expect(pathOf(second.getSnapshot().value)).toBe('CONNECTING.dialing');
    await waitFor(second, (snapshot) => snapshot.hasTag('up'));
  });

  it('that was not started goes on when it is restored', () => {
    const machine = createMachine();
    const first = createActor(machine, { input: { address: NOWHERE } });
    const second = createActor(machine, { snapshot: storedOf(first) }).start();
    cleanUp(() => second.stop());
    expect(second.getSnapshot().context.address).toBe(NOWHERE);
  });

  it('that is restored and not started opens nothing, and may be stored again', () => {
    const machine = createMachine();
    const first = createActor(machine, { input: { address: NOWHERE } });
    const second = createActor(machine, { snapshot: storedOf(first) });
    expect(storedOf(second)).toEqual(storedOf(first));
  });

  it('may be stored and restored any number of times', () => {
    const machine = createMachine();
    let stored = storedOf(
      createActor(machine, { input: { address: NOWHERE } })
        .start()
        .stop(),
    );
    for (let round = 0; round < 5; round += 1) {
      const actor = createActor(machine, { snapshot: stored }).start();
      expect(pathOf(actor.getSnapshot().value)).toBe('CONNECTING.dialing');
      stored = storedOf(actor);
      actor.stop();
    }
  });

  it('of a machine with other implementations is stored and restored as well', async () => {
    const path = `${await tempDir()}/socket`;
    await rawPeer((socket) => socket.resume(), { path });
    const machine = createMachine()
      .provide({ delays: { closeTimeout: 10 } })
      .provide({});
    const first = createActor(machine, { input: { address: path } }).start();
    await waitFor(first, (snapshot) => snapshot.hasTag('up'));
    const snapshot = storedOf(first);
    first.stop();
    const second = createActor(machine, { snapshot }).start();
    cleanUp(() => second.stop());
    await waitFor(second, (state) => state.hasTag('up'));
    expect(AsyncProtocol.attach(second).runstate).toBe('RUNNING');
  });
});

describe('a connection of QMP', () => {
  /** A parent that has one. */
  const parentOf = (address: string | undefined) =>
    setup({
      types: { children: {} as { qmp: 'qmp' } },
      actors: { qmp: createQmpMachine({ forward: true }) },
    }).createMachine({ invoke: { id: 'qmp', src: 'qmp', input: { address } } });

  /** Starts such a parent, afresh or as it was stored. */
  const start = (address: string | undefined, snapshot?: Snapshot<unknown>) => {
    const parent = createActor(parentOf(address), snapshot && { snapshot }).start();
    cleanUp(() => parent.stop());
    const { qmp } = parent.getSnapshot().children;
    return { parent, qmp: qmp ?? expect.unreachable() };
  };

  it.each([
    ['CONNECTING.dialing', 'CONNECTING.dialing'],
    ['CONNECTING.establishing', 'CONNECTING.establishing'],
    ['RUNNING.open', 'RUNNING.open'],
    ['RUNNING.open', 'RUNNING.ending'],
  ])('has a new client when it was stored in %s, or then in %s', async (before, state) => {
    const address = `${await tempDir()}/qmp.sock`;
    await createServer({ address }).listen();
    const first = start(address);
    await waitFor(first.qmp, ({ value }) => pathOf(value) === before);
    if (state !== before) first.qmp.send({ type: 'EXPECT_END' });
    expect(pathOf(first.qmp.getSnapshot().value)).toBe(state);
    storedOf(first.qmp);
    const snapshot: unknown = JSON.parse(JSON.stringify(first.parent.getPersistedSnapshot()));
    first.parent.stop();
    const { qmp } = start(undefined, snapshot as Snapshot<unknown>);
    await waitFor(qmp, (each) => each.hasTag('up'));
    const { status } = await QmpClient.attach(qmp).execute('query-status');
    expect(status).toBe('prelaunch');
  });
});
