/**
 * Listeners of the user's that throw harm nobody. XState throws their errors once more in a macrotask, as
 * uncaught exceptions, for whoever watches over the process.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor, waitFor } from 'xstate';
import { AsyncProtocol, HandlerError, type ProtocolEmitted } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { houseOf, politePair, startHouse } from './support.ts';

expectIdleAfterEach();

/** Runs with nobody else to hear of uncaught exceptions; gives those that there were. */
async function uncaughtBy(run: () => Promise<unknown>): Promise<unknown[]> {
  const heard: unknown[] = [];
  const hear = (error: unknown) => heard.push(error);
  const others = process.listeners('uncaughtException');
  const monitors = process.listeners('uncaughtExceptionMonitor');
  process.removeAllListeners('uncaughtException').removeAllListeners('uncaughtExceptionMonitor');
  process.on('uncaughtException', hear);
  try {
    await run();
    // They are thrown by timers of no time; timers of one length fire in the order they were set in.
    await new Promise((resolve) => setTimeout(resolve));
    await turn();
  } finally {
    process.off('uncaughtException', hear);
    for (const other of others) process.on('uncaughtException', other);
    for (const monitor of monitors) process.on('uncaughtExceptionMonitor', monitor);
  }
  return heard;
}

const broken = new Error('of the user');
const thrower = (): never => {
  throw broken;
};

/** A session of a line that forwards, from its beginning to its end, with something said in between. */
async function session({ line, tell }: ReturnType<typeof startHouse>): Promise<void> {
  const [stream, far] = politePair();
  tell({ type: 'CONNECT', address: { stream } });
  await waitFor(line, (snapshot) => snapshot.hasTag('up'));
  far.write('one\ntwo\n');
  far.end();
  await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
}

const typesOf = (emitted: readonly ProtocolEmitted[]) => emitted.map(({ type }) => type);
const STORY = ['runstate', 'runstate', 'message', 'runstate', 'closed', 'runstate'];

describe('a listener that throws', () => {
  it.each(['runstate', 'message', 'closed', '*'] as const)(
    'by on(%s) is not felt by the session, nor by others',
    async (type) => {
      const made = startHouse({ forward: true });
      made.line.on(type, thrower);
      const after: ProtocolEmitted[] = [];
      made.line.on('*', (event) => after.push(event));
      const protocol = AsyncProtocol.attach(made.line);
      const { closed } = protocol;
      const uncaught = await uncaughtBy(() => session(made));
      const times = type === '*' ? 6 : STORY.filter((word) => word === type).length;
      expect(uncaught).toEqual(Array(times).fill(broken));
      expect(typesOf(made.emitted)).toEqual(STORY);
      expect(typesOf(after)).toEqual(STORY);
      expect((await closed).cause).toMatchObject({ message: 'The peer ended the stream' });
      expect(protocol.runstate).toBe('IDLE');
      expect(made.house.getSnapshot().status).toBe('active');
    },
  );

  it.each(['line', 'house'] as const)('by subscribe() to the %s neither', async (which) => {
    const made = startHouse({ forward: true });
    if (which === 'line') made.line.subscribe(thrower);
    else made.house.subscribe(thrower);
    const uncaught = await uncaughtBy(() => session(made));
    expect(uncaught.length).toBeGreaterThan(3);
    expect(new Set(uncaught)).toEqual(new Set([broken]));
    expect(typesOf(made.emitted)).toEqual(STORY);
    expect(made.house.getSnapshot().context.seen.at(-1)).toBe('IDLE');
    // And it works as before.
    await uncaughtBy(() => session(made));
    expect(made.line.getSnapshot().context.session).toBe(2);
  });

  it('as it is told that the machine was stopped neither', async () => {
    const [stream] = politePair();
    const made = startHouse({ address: { stream } });
    await waitFor(made.line, (snapshot) => snapshot.hasTag('up'));
    made.line.subscribe({ complete: thrower });
    const { closed } = AsyncProtocol.attach(made.line);
    const uncaught = await uncaughtBy(() => {
      made.house.send({ type: 'LEAVE' });
      return closed;
    });
    expect(uncaught).toEqual([broken]);
    expect(stream.destroyed).toBe(true);
    expect(made.house.getSnapshot()).toMatchObject({ value: 'outside', status: 'active' });
  });

  it('as onMessage is a failure of the session, which the parent is told of', async () => {
    const made = startHouse({ definition: { onMessage: thrower }, once: true });
    const uncaught = await uncaughtBy(async () => {
      const [stream, far] = politePair();
      made.tell({ type: 'CONNECT', address: { stream } });
      far.write('one\n');
      await waitFor(made.house, ({ status }) => status === 'done');
    });
    expect(uncaught).toEqual([]);
    expect(made.house.getSnapshot().context.outcome?.cause).toMatchObject({
      code: 'ERR_HANDLER',
      cause: broken,
    });
  });
});

describe('a function that makes the definition, and throws,', () => {
  it('is an error that the parent can handle, and is typed', async () => {
    const house = createActor(houseOf({ define: thrower }));
    onTestFinished(() => {
      house.stop();
    });
    const uncaught = await uncaughtBy(() => {
      house.start();
      return turn();
    });
    expect(uncaught).toEqual([]);
    expect(house.getSnapshot()).toMatchObject({ value: 'broken', status: 'active' });
    const { error } = house.getSnapshot().context;
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toMatchObject({ code: 'ERR_HANDLER', cause: broken });
  });
});
