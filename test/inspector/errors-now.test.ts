import { expect, test } from 'vitest';
import { createActor, createMachine, fromPromise } from 'xstate';
import { failureOf } from '../../inspector/page/errors-now.ts';
import { Model } from '../../inspector/page/model.ts';
import { startInspector } from '../../inspector/src/index.ts';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { type FakePage, openFakePage } from './fake-page.ts';

expectIdleAfterEach();

async function watch() {
  const inspector = await startInspector();
  const inspection = inspectTo(inspector.url, { name: 'program' });
  const page = await openFakePage(inspector);
  cleanUp(async () => {
    page.socket.close();
    await inspection.close();
    await inspector.close();
  });
  return { inspection, page };
}

/** What the page knows. */
function modelOf({ programs, actors, entries }: FakePage): Model {
  const model = new Model(() => undefined);
  for (const message of [...programs.values(), ...actors.values(), ...entries])
    model.receive(message);
  return model;
}

/** Resolves when an actor is in a state. */
const inState = async (page: FakePage, actor: string, value: string): Promise<void> => {
  await page.until(({ entries }) => {
    const latest = entries.findLast((entry) => entry.kind === 'state' && entry.actor === actor);
    return latest?.kind === 'state' && JSON.stringify(latest.state.value).includes(value);
  });
};

async function connection(name = 'vm1') {
  const { inspection, page } = await watch();
  const options = { name, inspect: inspection.inspect };
  const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
  const { id } = await page.actor(name);
  return { page, protocol, id };
}

test('a connection that failed says so at rest: the state, the error and its cause', async () => {
  const { page, protocol, id } = await connection();
  await expect(protocol.connect('/missing/peer.sock')).rejects.toThrow('ENOENT');
  await page.until(({ entries }) =>
    entries.some((one) => one.kind === 'event' && one.name === 'error.platform.dialer'),
  );
  await inState(page, id, 'IDLE');
  const model = modelOf(page);
  const failure = failureOf(model, id);
  expect(failure?.sentence).toMatch(
    /^CONNECTING\.dialing failed after \d[^:]* m?s: Failed to establish connection: connect ENOENT \/missing\/peer\.sock \(ConnectError ERR_CONNECT\), caused by Error ENOENT$/,
  );
  expect(failure).toMatchObject({
    path: 'context.outcome.cause',
    advice: 'There is no such file or socket. Is the peer running, and is the path right?',
    chain: [{ code: 'ERR_CONNECT' }, { code: 'ENOENT' }],
  });
  const entry = model.history.entry(failure?.seq ?? 0);
  expect(entry).toMatchObject({ kind: 'event', name: 'error.platform.dialer' });
  expect(model.actorOf(failure?.from ?? '')?.name).toBe('dialer');
  // The same while it ends, and at the very event; before it, all was well.
  model.pin(failure?.seq ?? 0);
  expect(failureOf(model, id)?.sentence).toMatch(
    /^dialer failed in CONNECTING\.dialing: connect ENOENT/,
  );
  model.pin((failure?.seq ?? 0) - 2);
  expect(failureOf(model, id)).toBeUndefined();
});

test('the outcome of an earlier session is no failure of the one that runs', async () => {
  const { page, protocol, id } = await connection();
  await expect(protocol.connect('/missing/peer.sock')).rejects.toThrow('ENOENT');
  const [ours, theirs] = streamPair();
  const peer = track(new AsyncProtocol({ codec: jsonLines() }));
  await Promise.all([peer.connect({ stream: theirs }), protocol.connect({ stream: ours })]);
  await inState(page, id, 'RUNNING');
  const model = modelOf(page);
  expect(JSON.stringify(model.stateOf(id)?.context)).toContain('ENOENT');
  expect(failureOf(model, id)).toBeUndefined();

  // A peer that ends the stream unasked is a failure, with the entry at which it was noticed.
  await peer.disconnect();
  await inState(page, id, 'IDLE');
  const ended = modelOf(page);
  const failure = failureOf(ended, id);
  expect(failure?.sentence).toMatch(
    /^RUNNING\.open failed after .*: The peer ended the stream \(ClosedError ERR_CLOSED\)$/,
  );
  expect(ended.history.entry(failure?.seq ?? 0)).toMatchObject({ kind: 'state', actor: id });
  await expect(protocol.disconnect()).rejects.toThrow('ended');
});

test('a session that ends as announced is none', async () => {
  const { page, protocol, id } = await connection();
  const [ours, theirs] = streamPair();
  const peer = track(new AsyncProtocol({ codec: jsonLines() }));
  await Promise.all([peer.connect({ stream: theirs }), protocol.connect({ stream: ours })]);
  protocol.expectEnd();
  await peer.disconnect();
  await inState(page, id, 'IDLE');
  const model = modelOf(page);
  expect(failureOf(model, id)).toBeUndefined();
  for (const entry of page.entries) {
    model.pin(entry.seq);
    expect([entry, failureOf(model, id)]).toEqual([entry, undefined]);
  }
});

const failing = (message: string) =>
  fromPromise(() => Promise.reject(new Error(message, { cause: new TypeError('inner') })));

test('an onError whose action throws is not said to be missing', async () => {
  const { inspection, page } = await watch();
  const machine = createMachine({
    initial: 'a',
    states: {
      a: {
        invoke: {
          src: failing('first'),
          onError: {
            target: 'b',
            actions: () => {
              throw new Error('second');
            },
          },
        },
      },
      b: {},
    },
  });
  const actor = createActor(machine, { id: 'handler', inspect: inspection.inspect });
  actor.subscribe({ error: () => undefined });
  actor.start();
  const { id } = await page.actor('handler');
  await page.until(({ entries }) =>
    entries.some((one) => one.kind === 'state' && one.actor === id && one.state.status === 'error'),
  );
  const failure = failureOf(modelOf(page), id);
  expect(failure?.sentence).toContain('second (Error)');
  expect(failure?.sentence).not.toContain('No state handles');
});

test('a machine is in failure as long as it is in the state to which the error led', async () => {
  const { inspection, page } = await watch();
  const machine = createMachine({
    id: 'shop',
    initial: 'paying',
    states: {
      paying: { invoke: { src: failing('card declined'), onError: 'failed' } },
      failed: { on: { NOTE: {}, RETRY: 'cart' } },
      cart: {},
    },
  });
  const actor = createActor(machine, { id: 'shop', inspect: inspection.inspect }).start();
  cleanUp(() => actor.stop());
  const { id } = await page.actor('shop');
  await inState(page, id, 'failed');
  actor.send({ type: 'NOTE' });
  await page.until(({ entries }) =>
    entries.some((entry) => entry.kind === 'event' && entry.name === 'NOTE'),
  );
  expect(failureOf(modelOf(page), id)?.sentence).toMatch(
    /^paying failed after .*: card declined \(Error\), caused by inner \(TypeError\)$/,
  );
  actor.send({ type: 'RETRY' });
  await inState(page, id, 'cart');
  expect(failureOf(modelOf(page), id)).toBeUndefined();
});

test('a machine that handles no failure of its actor was ended by XState', async () => {
  const { inspection, page } = await watch();
  const machine = createMachine({
    id: 'shop',
    initial: 'paying',
    states: { paying: { invoke: { id: 'card', src: failing('card declined') } } },
  });
  const actor = createActor(machine, { id: 'shop', inspect: inspection.inspect });
  actor.subscribe({ error: () => undefined });
  actor.start();
  const { id } = await page.actor('shop');
  await page.until(({ entries }) =>
    entries.some(({ kind, actor: one }) => kind === 'stop' && one === id),
  );
  const failure = failureOf(modelOf(page), id);
  expect(failure?.sentence).toMatch(
    /^paying failed after .*: card declined \(Error\), caused by inner \(TypeError\)\. No state handles “card failed”, so XState ended this machine$/,
  );
  expect(failure?.advice).toBe('Give the state that invokes the actor an onError.');
});
