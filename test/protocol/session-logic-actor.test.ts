/** The actor that runs a handshake which is actor logic. */

import { describe, expect, it } from 'vitest';
import {
  createActor,
  type EventObject,
  fromCallback,
  fromPromise,
  setup,
  SimulatedClock,
  waitFor,
} from 'xstate';
import { createProtocolMachine, lines, type Session, streamPair } from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { memberOf } from '../../src/core/shape.ts';
import { create, createPeer, type Input, login, recordActors } from './login.ts';

expectIdleAfterEach();

describe('the actor of a handshake', () => {
  it('is seen by an inspector, with its states, below the chart of the connection', async () => {
    const peer = createPeer('mail 1.0', () => 'welcome');
    const { seen, inspect } = recordActors();
    const protocol = create(login, { inspect });
    await protocol.connect({ stream: peer.stream });
    expect(seen.filter((entry) => entry.startsWith('/handshake/login '))).toEqual([
      '/handshake/login greeting',
      '/handshake/login authenticating',
      '/handshake/login loggedIn',
    ]);
    await protocol.disconnect();
  });

  it('is in the snapshot of its parent while it runs, and is not persisted', async () => {
    const [ours, theirs] = streamPair();
    const chart = createActor(createProtocolMachine({ codec: lines(), handshake: login })).start();
    chart.send({ type: 'CONNECT', address: { stream: ours } });
    const establishing = { CONNECTING: 'establishing' } as const;
    await waitFor(chart, (snapshot) => snapshot.matches(establishing));
    const { handshake } = chart.getSnapshot().children;
    if (handshake === undefined) throw new Error('There is no actor');
    const snapshot: unknown = await waitFor(handshake, (current) => 'children' in current);
    expect(Object.keys(Object(memberOf(snapshot, 'children')) as object)).toEqual(['login']);
    const persisted = JSON.stringify(chart.getPersistedSnapshot());
    expect(persisted).not.toContain('login');
    expect(persisted).not.toContain('greeting');
    chart.stop();
    theirs.destroy();
  });

  it.each([
    ['at the deadline', 'ERR_CONNECT', 'TimeoutError'],
    ['by disconnect()', 'ERR_CONNECT_ABORTED', 'AbortError'],
  ])('is stopped %s, after its signal was aborted', async (how, code, reason) => {
    const clock = new SimulatedClock();
    const [ours, theirs] = streamPair();
    const log: string[] = [];
    const waiting = defer<undefined>();
    const watching = fromCallback<EventObject, Session<string>>(({ input: { signal } }) => {
      signal.addEventListener('abort', () => {
        log.push(`aborted: ${(signal.reason as Error).name}`);
      });
      waiting.resolve(undefined);
      return () => {
        log.push('stopped');
      };
    });
    const patient = setup({
      types: { input: {} as Input, context: {} as Input },
      actors: { watching },
    }).createMachine({
      context: ({ input }) => input,
      invoke: { src: 'watching', input: ({ context }) => context.session },
    });
    const protocol = create(patient, { clock, timeouts: { handshake: 500 } });
    const connected = protocol.connect({ stream: ours });
    await waiting.promise;
    if (how === 'at the deadline') clock.increment(500);
    else void protocol.disconnect();
    await expect(connected).rejects.toMatchObject({ code });
    expect(log).toEqual([`aborted: ${reason}`, 'stopped']);
    theirs.destroy();
  });

  it('is stopped with an actor that is stopped from outside', async () => {
    const [ours, theirs] = streamPair();
    const events: string[] = [];
    const entered = defer<undefined>();
    const handshake = fromCallback<EventObject, Input>(() => {
      entered.resolve(undefined);
      return () => {
        events.push('stopped');
      };
    });
    const chart = createActor(createProtocolMachine({ codec: lines(), handshake })).start();
    chart.send({ type: 'CONNECT', address: { stream: ours } });
    await entered.promise;
    chart.stop();
    expect(events).toEqual(['stopped']);
    theirs.destroy();
  });

  it('has timers on the clock of the connection', async () => {
    const clock = new SimulatedClock();
    const [ours, theirs] = streamPair();
    cleanUp(() => theirs.destroy());
    const entered = defer<undefined>();
    const slow = setup({
      types: { input: {} as Input, output: {} as string },
    }).createMachine({
      initial: 'waiting',
      states: {
        waiting: {
          entry: () => {
            entered.resolve(undefined);
          },
          after: { 200: 'done' },
        },
        done: { type: 'final' },
      },
      output: 'ready',
    });
    const protocol = create(slow, { clock, timeouts: { handshake: 500 } });
    const connected = protocol.connect({ stream: ours });
    await entered.promise;
    clock.increment(200);
    await connected;
    expect(protocol.negotiated).toBe('ready');
    await protocol.disconnect({ force: true });
  });

  it('cannot use its session when the handshake has ended', async () => {
    const peer = createPeer('hello', () => undefined);
    const sessions: Session<string>[] = [];
    const protocol = create(
      fromPromise<string, Input>(({ input }) => {
        sessions.push(input.session);
        return input.session.receive();
      }),
    );
    await protocol.connect({ stream: peer.stream });
    await expect(sessions[0]?.receive()).rejects.toMatchObject({ code: 'ERR_STATE' });
    await protocol.disconnect();
  });

  it('whose clean-up throws does no harm', async () => {
    const [ours, theirs] = streamPair();
    const entered = defer<undefined>();
    const protocol = create(
      fromCallback<EventObject, Input>(() => {
        entered.resolve(undefined);
        return () => {
          throw new Error('clean-up');
        };
      }),
    );
    const connected = protocol.connect({ stream: ours });
    await entered.promise;
    await protocol.disconnect();
    await expect(connected).rejects.toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    const peer = createPeer('hello', () => undefined);
    const again = protocol.connect({ stream: peer.stream });
    await protocol.disconnect();
    await expect(again).rejects.toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    theirs.destroy();
  });
});
