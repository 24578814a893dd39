/**
 * Listeners of the user that throw have no effect on the session. XState throws their errors again
 * in a macrotask, as uncaught exceptions.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor, waitFor } from 'xstate';
import { AsyncProtocol, HandlerError, type ProtocolEmitted } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { parentOf, discardingPair, startParent } from './support.ts';

expectIdleAfterEach();

/** Runs without other handlers of uncaught exceptions; resolves with the exceptions. */
async function uncaughtBy(run: () => Promise<unknown>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => uncaught.push(error);
  const others = process.listeners('uncaughtException');
  const monitors = process.listeners('uncaughtExceptionMonitor');
  process.removeAllListeners('uncaughtException').removeAllListeners('uncaughtExceptionMonitor');
  process.on('uncaughtException', onUncaught);
  try {
    await run();
    // XState throws in timers of 0 ms; timers of the same length fire in the order in which they
    // were set.
    await new Promise((resolve) => setTimeout(resolve));
    await turn();
  } finally {
    process.off('uncaughtException', onUncaught);
    for (const other of others) process.on('uncaughtException', other);
    for (const monitor of monitors) process.on('uncaughtExceptionMonitor', monitor);
  }
  return uncaught;
}

const THROWN = new Error('from the listener');
const throwError = (): never => {
  throw THROWN;
};

/** Runs a whole session of a connection that forwards, in which two messages are received. */
async function session({ connection, send }: ReturnType<typeof startParent>): Promise<void> {
  const [stream, far] = discardingPair();
  send({ type: 'CONNECT', address: { stream } });
  await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
  far.write('one\ntwo\n');
  far.end();
  await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
}

const typesOf = (emitted: readonly ProtocolEmitted[]) => emitted.map(({ type }) => type);
const EVENT_TYPES = ['runstate', 'runstate', 'message', 'runstate', 'closed', 'runstate'];

describe('a listener that throws', () => {
  it.each(['runstate', 'message', 'closed', '*'] as const)(
    'by on(%s) affects neither the session nor other listeners',
    async (type) => {
      const fixture = startParent({ forward: true });
      fixture.connection.on(type, throwError);
      const after: ProtocolEmitted[] = [];
      fixture.connection.on('*', (event) => after.push(event));
      const protocol = AsyncProtocol.attach(fixture.connection);
      const { closed } = protocol;
      const uncaught = await uncaughtBy(() => session(fixture));
      const times = type === '*' ? 6 : EVENT_TYPES.filter((each) => each === type).length;
      expect(uncaught).toEqual(Array(times).fill(THROWN));
      expect(typesOf(fixture.emitted)).toEqual(EVENT_TYPES);
      expect(typesOf(after)).toEqual(EVENT_TYPES);
      expect((await closed).cause).toMatchObject({ message: 'The peer ended the stream' });
      expect(protocol.runstate).toBe('IDLE');
      expect(fixture.parent.getSnapshot().status).toBe('active');
    },
  );

  it.each(['connection', 'parent'] as const)(
    'by subscribe() to the %s does not either',
    async (which) => {
      const fixture = startParent({ forward: true });
      if (which === 'connection') fixture.connection.subscribe(throwError);
      else fixture.parent.subscribe(throwError);
      const uncaught = await uncaughtBy(() => session(fixture));
      expect(uncaught.length).toBeGreaterThan(3);
      expect(new Set(uncaught)).toEqual(new Set([THROWN]));
      expect(typesOf(fixture.emitted)).toEqual(EVENT_TYPES);
      expect(fixture.parent.getSnapshot().context.seen.at(-1)).toBe('IDLE idle failed');
      // The next session works too.
      await uncaughtBy(() => session(fixture));
      expect(fixture.connection.getSnapshot().context.session).toBe(2);
    },
  );

  it('by `complete` of subscribe() does not either when the machine is stopped', async () => {
    const [stream] = discardingPair();
    const fixture = startParent({ address: { stream } });
    await waitFor(fixture.connection, (snapshot) => snapshot.hasTag('up'));
    fixture.connection.subscribe({ complete: throwError });
    const { closed } = AsyncProtocol.attach(fixture.connection);
    const uncaught = await uncaughtBy(() => {
      fixture.parent.send({ type: 'LEAVE' });
      return closed;
    });
    expect(uncaught).toEqual([THROWN]);
    expect(stream.destroyed).toBe(true);
    expect(fixture.parent.getSnapshot()).toMatchObject({ value: 'outside', status: 'active' });
  });

  it('as onMessage fails the session, and the parent gets the cause', async () => {
    const fixture = startParent({ definition: { onMessage: throwError }, once: true });
    const uncaught = await uncaughtBy(async () => {
      const [stream, far] = discardingPair();
      fixture.send({ type: 'CONNECT', address: { stream } });
      far.write('one\n');
      await waitFor(fixture.parent, ({ status }) => status === 'done');
    });
    expect(uncaught).toEqual([]);
    expect(fixture.parent.getSnapshot().context.outcome?.cause).toMatchObject({
      code: 'ERR_HANDLER',
      cause: THROWN,
    });
  });
});

describe('a function that throws instead of returning a definition', () => {
  it('causes a HandlerError that the parent can handle', async () => {
    const parent = createActor(parentOf({ define: throwError }));
    onTestFinished(() => {
      parent.stop();
    });
    const uncaught = await uncaughtBy(() => {
      parent.start();
      return turn();
    });
    expect(uncaught).toEqual([]);
    expect(parent.getSnapshot()).toMatchObject({ value: 'failed', status: 'active' });
    const { error } = parent.getSnapshot().context;
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toMatchObject({ code: 'ERR_HANDLER', cause: THROWN });
  });
});
