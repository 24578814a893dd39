/** A loop over events() ends with the session, and throws when that fails. */

import { QmpClient } from 'wirechart/qmp';
import { faults, ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

/** Connects, and loops over all events; `loop` settles with the loop. */
async function looping() {
  const server = new ScriptedQmpServer();
  onTestFinished(() => server.close());
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  const names: string[] = [];
  const loop = async () => {
    for await (const { event } of qmp.events()) names.push(event);
  };
  return { server, qmp, names, loop };
}

it.each<[string, (qmp: QmpClient) => Promise<unknown>]>([
  ['disconnect()', (qmp) => qmp.disconnect()],
  ['quit', (qmp) => qmp.execute('quit')],
])('ends without an error after %s', async (_, end) => {
  const { server, qmp, names, loop } = await looping();
  const ended = loop();
  server.emit('STOP');
  await qmp.execute('query-status');
  await end(qmp);
  await ended;
  expect(names.slice(0, 1)).toEqual(['STOP']);
});

it('ends without an error after a shutdown', async () => {
  const { server, names, loop } = await looping();
  const ended = loop();
  server.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
  server.show(faults.end());
  await ended;
  expect(names).toEqual(['SHUTDOWN']);
});

it.each([
  ['the connection is dropped', faults.drop()],
  ['the server ends it', faults.end()],
  ['the server sends garbage', faults.raw('%$\r\n')],
])('throws the cause, after the events, when %s', async (_, fault) => {
  const { server, qmp, names, loop } = await looping();
  const thrown = thrownBy(loop);
  server.emit('STOP');
  await qmp.execute('query-status');
  server.show(fault);
  const error = await thrown;
  expect(error).toBe((await qmp.closed).cause);
  expect(error).toBeDefined();
  expect(names).toEqual(['STOP']);
});
