/** Supervisors that end: the options `once` and `failWith` of their machine. */

import { describe, expect, it } from 'vitest';
import { createActor, setup, type Snapshot, toPromise } from 'xstate';
import {
  createSupervisorMachine,
  lines,
  supervise,
  type SupervisorMachineOptions,
  type SupervisorOutcome,
} from '../../src/index.ts';
import { FakeLink, type LinkMethod } from '../machines/fake-link.ts';
import { cleanUp } from '../support/cleanup.ts';
import { rejection, turn } from '../support/signal.ts';
import { type Client, clientClassOver, systemError } from './support.ts';

/** A parent with a supervisor that makes one attempt in a row, and what it is told of its end. */
function start(options: SupervisorMachineOptions<Client>) {
  const link = new FakeLink();
  const machine = createSupervisorMachine(
    clientClassOver(() => link),
    { attempts: 1, ...options },
  );
  const told: unknown[] = [];
  const parentMachine = setup({
    types: { children: {} as { vm: 'vm' } },
    actors: { vm: machine },
  }).createMachine({
    initial: 'on',
    states: {
      on: {
        invoke: {
          id: 'vm',
          src: 'vm',
          input: { address: '/run/x' },
          onDone: { target: 'off', actions: ({ event }) => told.push(event.output) },
          onError: { target: 'broken', actions: ({ event }) => told.push(event.error) },
        },
      },
      off: {},
      broken: {},
    },
  });
  const parent = createActor(parentMachine).start();
  cleanUp(() => {
    parent.stop();
  });
  const { vm } = parent.getSnapshot().children;
  if (vm === undefined) throw new Error('The parent has no child');
  return {
    link,
    machine,
    parent,
    vm,
    told,
    fulfil: async (...methods: readonly LinkMethod[]): Promise<void> => {
      for (const method of methods) {
        await turn();
        link.call(method).resolve();
        await turn();
      }
    },
    /** Refuses the one attempt. */
    refuse: async (): Promise<void> => {
      await turn();
      link.call('dial').reject(systemError('ECONNREFUSED'));
      await turn();
      link.call('destroy').resolve();
      await turn();
    },
  };
}

const SHUTDOWN = { guest: true, reason: 'guest-shutdown' };

describe('a supervisor with `once`', () => {
  it('is done when it has stopped, and has freed its connection', async () => {
    const { link, parent, vm, told, fulfil } = start({ once: true });
    const emitted: string[] = [];
    vm.on('*', ({ type }) => emitted.push(type));
    await fulfil('dial', 'establish');
    vm.send({ type: 'STOP' });
    await fulfil('flush', 'close');
    expect(parent.getSnapshot().value).toBe('off');
    expect(told).toEqual([{}]);
    expect(vm.getSnapshot()).toMatchObject({ status: 'done', value: 'STOPPED' });
    expect(emitted).toEqual(['up', 'stopping', 'stopped']);
    expect(link.released).toBe(1);
  });

  it('is done when the peer has shut down, with the reason', async () => {
    const { parent, vm, told, fulfil } = start({ once: true });
    await fulfil('dial', 'establish');
    const { connection } = vm.getSnapshot().children;
    connection?.send({ type: 'EXPECT_END', shutdown: SHUTDOWN });
    await fulfil('read', 'flush', 'close');
    expect(parent.getSnapshot().value).toBe('off');
    expect(told).toEqual([{ shutdown: SHUTDOWN }]);
  });

  it('goes on after a failure that is worth a retry', async () => {
    const { parent, vm, refuse } = start({ once: true, attempts: 2 });
    await refuse();
    expect(vm.getSnapshot().value).toBe('WAITING');
    expect(parent.getSnapshot().value).toBe('on');
  });

  it('is done when it has given up, with the cause in its output', async () => {
    const { link, parent, vm, told, refuse } = start({ once: true });
    await refuse();
    expect(parent.getSnapshot().value).toBe('off');
    const { cause } = vm.getSnapshot().context;
    expect(told).toEqual([{ cause }]);
    expect(cause).toMatchObject({ code: 'ERR_CONNECT' });
    expect(vm.getSnapshot()).toMatchObject({ status: 'done', value: 'GIVEN_UP' });
    expect([...vm.getSnapshot().tags]).toEqual(['idle', 'failed']);
    expect(link.released).toBe(1);
  });

  it('stored when it had ended, is restored with its state and its output', async () => {
    const { machine, vm, refuse } = start({ once: true });
    await refuse();
    const stored: unknown = JSON.parse(JSON.stringify(vm.getPersistedSnapshot()));
    expect(stored).toStrictEqual(vm.getPersistedSnapshot());
    const actor = createActor(machine, {
      input: { address: '/not/used' },
      snapshot: stored as Snapshot<SupervisorOutcome>,
    });
    const outcome = toPromise(actor);
    actor.start();
    expect((await outcome).cause).toMatchObject({ code: 'ERR_CONNECT', retryable: true });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', value: 'GIVEN_UP' });
    expect(actor.getSnapshot().hasTag('failed')).toBe(true);
  });
});

describe("a supervisor with `failWith: 'error'`", () => {
  const options = { once: true, failWith: 'error' } as const;

  it('ends in error with the cause when it gives up: the `onError` of its parent', async () => {
    const { link, parent, vm, told, refuse } = start(options);
    await refuse();
    expect(parent.getSnapshot().value).toBe('broken');
    expect(told).toEqual([vm.getSnapshot().context.cause]);
    expect(told).toMatchObject([{ code: 'ERR_CONNECT' }]);
    expect(vm.getSnapshot()).toMatchObject({ status: 'error', value: 'GIVEN_UP' });
    expect(link.released).toBe(1);
  });

  it('emits `gaveUp` and the outage before', async () => {
    const { vm, refuse } = start(options);
    const emitted: string[] = [];
    vm.on('*', ({ type }) => emitted.push(type));
    await refuse();
    expect(emitted).toEqual(['outage', 'gaveUp']);
  });

  it('is done when it stops', async () => {
    const { parent, vm, told, fulfil } = start(options);
    await fulfil('dial', 'establish');
    vm.send({ type: 'STOP' });
    await fulfil('flush', 'close');
    expect(parent.getSnapshot().value).toBe('off');
    expect(told).toEqual([{}]);
  });

  it('rejects toPromise()', async () => {
    const { machine, link } = start(options);
    const actor = createActor(machine, { input: { address: '/run/x' } });
    const rejected = rejection(toPromise(actor));
    actor.start();
    await turn();
    for (const call of link.live) if (call.method === 'dial') call.reject(systemError('EPIPE'));
    await turn();
    for (const call of link.live) if (call.method === 'destroy') call.resolve();
    expect(await rejected).toMatchObject({ code: 'ERR_CONNECT' });
  });

  it('stored when it had failed, fails again when it is restored', async () => {
    const { machine, vm, refuse } = start(options);
    await refuse();
    const snapshot = JSON.parse(JSON.stringify(vm.getPersistedSnapshot())) as Snapshot<unknown>;
    const actor = createActor(machine, { input: { address: '/not/used' }, snapshot });
    const rejected = rejection(toPromise(actor));
    actor.start();
    expect(await rejected).toMatchObject({ code: 'ERR_CONNECT' });
  });
});

describe('createSupervisorMachine() refuses', () => {
  const kind = clientClassOver(() => new FakeLink());

  it('`failWith` without `once`, and values that neither has', () => {
    expect(() => createSupervisorMachine(kind, { failWith: 'error' })).toThrow(
      'failWith of createSupervisorMachine() needs once: true',
    );
    expect(() =>
      createSupervisorMachine(kind, { once: true, failWith: 'loudly' as never }),
    ).toThrow("failWith of createSupervisorMachine() must be 'output' or 'error'");
    expect(() => createSupervisorMachine(kind, { once: 1 as never })).toThrow(/once/);
  });

  it('neither of them, but supervise() does: its supervisor has methods', () => {
    // @ts-expect-error -- a supervisor does not end
    expect(() => supervise({ codec: lines() }, '/run/x', { once: true })).toThrow(/once/);
  });
});
