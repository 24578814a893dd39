/** Actors that live more than once: restarted as React does it, and restored from stored snapshots. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine, setup, SimulatedClock, type SnapshotFrom } from 'xstate';
import { createProtocolMachine, lines, streamPair } from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { stopAsReactDoes } from '../support/react-lives.ts';
import { type MessageLog, stateOf, watch } from './support.ts';

expectIdleAfterEach();

/** A stream whose far end writes a line at once. */
function greeted(line: string) {
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  far.write(`${line}\r\n`);
  cleanUp(() => far.destroy());
  return near;
}

/** The ids of the living actors, as a new watcher gets them. */
const living = (feed: Feed) =>
  watch(feed)
    .of('service.register')
    .map(({ id }) => id);

/** The messages of the peer that were reported. */
const heard = (log: MessageLog) => log.of('wirechart.message').map(({ text }) => text);

const connection = createProtocolMachine({ codec: lines() });
const parent = setup({
  actors: { connection },
  types: { children: {} as { connection: 'connection' } },
}).createMachine({ id: 'parent', invoke: { id: 'connection', src: 'connection' } });

type Way = 'inspect' | 'attach';

/** Starts an actor that is watched in one of the two ways. */
function startWatched(feed: Feed, way: Way, snapshot?: SnapshotFrom<typeof parent>) {
  const actor = createActor(parent, {
    id: 'parent',
    ...(snapshot && { snapshot }),
    ...(way === 'inspect' && { inspect: feed.inspect }),
  });
  if (way === 'attach') feed.inspect.attach(actor);
  cleanUp(() => actor.stop());
  return actor.start();
}

async function connect(actor: ReturnType<typeof startWatched>, line: string): Promise<void> {
  const { connection: ref } = actor.getSnapshot().children;
  if (ref === undefined) throw new Error('There is no connection');
  const received = new Promise<void>((resolve) => {
    const check = ref.subscribe((snapshot) => {
      if (!snapshot.hasTag('up')) return;
      check.unsubscribe();
      resolve();
    });
  });
  ref.send({ type: 'CONNECT', address: { stream: greeted(line) } });
  await received;
}

/** The stored snapshot of a parent whose connection was up. */
async function storedInRunning() {
  const actor = createActor(parent).start();
  await connect(actor, 'before');
  const stored = JSON.stringify(actor.getPersistedSnapshot());
  actor.stop();
  return JSON.parse(stored) as SnapshotFrom<typeof parent>;
}

describe.each<Way>(['inspect', 'attach'])('an actor that is watched by %s', (way) => {
  it('is reported as living, with its new children, when it is started again', async () => {
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    const actor = startWatched(feed, way);
    await connect(actor, 'first');
    await log.until((all) => heard(all).includes('first'));
    stopAsReactDoes(actor);
    const actors = ['parent', 'connection', 'owner', 'reader', 'writer'];
    expect(log.summary).toEqual(expect.arrayContaining(actors.map((id) => `stop ${id}`)));
    expect(living(feed)).toEqual([]);

    log.clear();
    actor.start();
    const { sessionId } = log.registered('connection');
    expect(log.registered('owner').parent).toBe(sessionId);
    expect(log.statesOf('connection').map((state) => stateOf(state).value)).toEqual(['IDLE']);
    expect(living(feed)).toEqual(['parent', 'connection', 'owner']);

    await connect(actor, 'second');
    await log.until((all) => heard(all).includes('second'));
    expect(heard(log)).toEqual(['second']);
    expect(log.of('wirechart.problem')).toEqual([]);
  });

  it('has the deadlines that run in its new life', () => {
    const feed = new Feed();
    const log = watch(feed);
    const clock = new SimulatedClock();
    const chart = createMachine({
      id: 'chart',
      initial: 'on',
      states: { on: { after: { 1000: 'off' } }, off: {} },
    });
    const actor = createActor(chart, {
      id: 'chart',
      clock,
      ...(way === 'inspect' && { inspect: feed.inspect }),
    });
    if (way === 'attach') feed.inspect.attach(actor);
    actor.start();
    stopAsReactDoes(actor);
    log.clear();
    actor.start();
    expect(log.last('service.state').wirechart.deadlines).toMatchObject([{ ms: 1_000 }]);
    clock.increment(1_000);
    expect(log.last('service.state').wirechart).not.toHaveProperty('deadlines');
    expect(stateOf(log.last('service.state')).value).toBe('off');
    actor.stop();
  });

  it('is reported with its children when it is restored', async () => {
    const stored = await storedInRunning();
    const feed = new Feed();
    const log = watch(feed);
    feed.setTapping(true);
    const actor = startWatched(feed, way, stored);
    const { sessionId } = log.registered('connection');
    expect(log.registered('owner').parent).toBe(sessionId);
    expect(living(feed)).toEqual(['parent', 'connection', 'owner']);
    await connect(actor, 'hello');
    await log.until((all) => heard(all).includes('hello'));
    expect(log.of('wirechart.problem')).toEqual([]);
  });

  it.each(['output', 'error'] as const)(
    'is shown as ended when it is restored after its end, by %s',
    async (failWith) => {
      const machine = createProtocolMachine({ codec: lines() }, { once: true, failWith });
      const input = { address: '/nowhere/at/all' };
      const ended = createActor(machine, { input });
      const end = new Promise<void>((complete) => {
        ended.subscribe({
          complete,
          error: () => {
            complete();
          },
        });
      });
      ended.start();
      await end;
      const stored = JSON.stringify(ended.getPersistedSnapshot());

      const feed = new Feed();
      const log = watch(feed);
      const snapshot = JSON.parse(stored) as SnapshotFrom<typeof machine>;
      const actor = createActor(machine, {
        ...{ id: 'c', input, snapshot },
        ...(way === 'inspect' && { inspect: feed.inspect }),
      });
      if (way === 'attach') feed.inspect.attach(actor);
      actor.subscribe({ error: () => undefined });
      actor.start();
      await log.until((all) => all.summary.includes('stop c'));
      expect(log.statesOf('c').at(-1)?.wirechart.status).toBe(
        failWith === 'error' ? 'error' : 'done',
      );
      expect(log.of('wirechart.problem')).toEqual([]);
    },
  );
});
