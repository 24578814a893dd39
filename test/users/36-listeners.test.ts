/** Listeners behave as those of Node's EventEmitter. */

import { ArgumentError } from 'wirechart';
import { type AnyQapi, QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';

async function connected() {
  const server = new ScriptedQmpServer();
  onTestFinished(() => server.close());
  const failures: unknown[] = [];
  const qmp = new QmpClient<AnyQapi>({ onListenerError: (error) => failures.push(error) });
  await qmp.connect(await server.listen());
  onTestFinished(() => qmp.disconnect());
  /** Sends an event, and waits until the client has had it. */
  const emit = async () => {
    server.emit('MINE');
    await qmp.execute('query-status');
  };
  return { qmp, emit, failures };
}

it('once() leaves the same function that was added with on()', async () => {
  const { qmp, emit } = await connected();
  let calls = 0;
  const count = () => (calls += 1);
  qmp.on('MINE', count).once('MINE', count);
  await emit();
  expect(calls).toBe(2);
  await emit();
  expect(calls).toBe(3);
});

it('are called in the order in which they were added, as often as they were', async () => {
  const { qmp, emit } = await connected();
  const calls: string[] = [];
  const first = () => calls.push('first');
  qmp.on('MINE', first);
  qmp.once('MINE', () => calls.push('second'));
  qmp.on('MINE', first);
  await emit();
  expect(calls).toEqual(['first', 'second', 'first']);
  qmp.off('MINE', first);
  await emit();
  expect(calls).toEqual(['first', 'second', 'first', 'first']);
});

it('that are removed while an event is dispatched get that event', async () => {
  const { qmp, emit } = await connected();
  const calls: string[] = [];
  const second = () => calls.push('second');
  qmp.on('MINE', () => qmp.off('MINE', second)).on('MINE', second);
  await emit();
  await emit();
  expect(calls).toEqual(['second']);
});

it.each([undefined, null, 'f', {}])('must be functions, and not %j', (listener) => {
  const qmp = new QmpClient<AnyQapi>();
  for (const method of ['on', 'once', 'off'] as const) {
    expect(() => qmp[method]('MINE', listener as never)).toThrow(ArgumentError);
  }
});

it('may return any thenable: one that rejects is reported like a promise', async () => {
  const { qmp, emit, failures } = await connected();
  const boom = new Error('boom');
  const thenable = {
    then: (_: unknown, reject: (error: unknown) => void) => {
      reject(boom);
    },
  };
  qmp.on('MINE', () => thenable);
  await emit();
  expect(failures).toEqual([boom]);
});
