/** Code that may throw, in an actor beside the connection: its failure ends the state that invokes both. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, fromPromise, setup, waitFor } from 'xstate';
import { createProtocolMachine, lines } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { closing } from '../support/sockets.ts';
import { invoked, startPeer, THROWN, throwError } from './throwing-support.ts';

expectIdleAfterEach();

describe('code that may throw in an actor beside the connection', () => {
  const connection = createProtocolMachine({ codec: lines() });
  /** The user's chart: its actions may throw. */
  const work = setup({ types: { events: {} as { type: 'GO' } } }).createMachine({
    on: { GO: { actions: throwError } },
  });

  it('ends the state that invokes both, and so the connection', async () => {
    const { address, connected } = await startPeer();
    const root = setup({
      types: {
        context: {} as { error: unknown },
        children: {} as { connection: 'connection'; work: 'work' },
      },
      actors: { connection, work },
    }).createMachine({
      context: { error: undefined },
      initial: 'on',
      states: {
        on: {
          invoke: [
            { id: 'connection', src: 'connection', input: { address } },
            {
              id: 'work',
              src: 'work',
              onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
            },
          ],
        },
        failed: {},
      },
    });
    const actor = createActor(root).start();
    onTestFinished(() => {
      actor.stop();
    });
    const { children } = actor.getSnapshot();
    const [ref, worker] = [invoked(children.connection), invoked(children.work)];
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    const socket = await connected;
    worker.send({ type: 'GO' });
    expect(actor.getSnapshot()).toMatchObject({
      status: 'active',
      value: 'failed',
      context: { error: THROWN },
    });
    expect(ref.getSnapshot().status).toBe('stopped');
    await closing(socket);
  });

  it('stops the connection even without onError: the parent fails by an event, not by throwing', async () => {
    const { address, connected } = await startPeer();
    const root = setup({
      types: {
        events: {} as { type: 'WRITE' },
        children: {} as { connection: 'connection' },
      },
      actors: { connection, write: fromPromise(() => Promise.reject(THROWN)) },
    }).createMachine({
      invoke: { id: 'connection', src: 'connection', input: { address } },
      initial: 'reading',
      states: {
        reading: { on: { WRITE: 'writing' } },
        writing: { invoke: { src: 'write' } },
      },
    });
    const actor = createActor(root);
    const failed = new Promise((resolve) => actor.subscribe({ error: resolve }));
    actor.start();
    const ref = invoked(actor.getSnapshot().children.connection);
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    const socket = await connected;
    actor.send({ type: 'WRITE' });
    expect(await failed).toBe(THROWN);
    expect(ref.getSnapshot().status).toBe('stopped');
    await closing(socket);
  });

  it('may be a promise, whose failure is an arrow of the parent', async () => {
    const { address, connected } = await startPeer();
    const root = setup({
      types: { children: {} as { connection: 'connection' } },
      actors: { connection, write: fromPromise(() => Promise.reject(THROWN)) },
    }).createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: {
            id: 'connection',
            src: 'connection',
            input: { address },
            onSnapshot: { guard: ({ event }) => event.snapshot.hasTag('up'), target: '.writing' },
          },
          initial: 'waiting',
          states: {
            waiting: {},
            writing: { invoke: { src: 'write', onError: '#failed' } },
          },
        },
        failed: { id: 'failed' },
      },
    });
    const actor = createActor(root).start();
    onTestFinished(() => {
      actor.stop();
    });
    await waitFor(actor, (snapshot) => snapshot.matches('failed'));
    await closing(await connected);
  });
});
