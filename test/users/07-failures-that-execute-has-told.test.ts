/** A failure that rejected a command is not thrown again by what ends the session. */

import { ConnectError } from 'wirechart';
import { ExecInterruptedError, QmpClient } from 'wirechart/qmp';
import { faults, ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

/** A server that drops the connection at the command `stop`. */
async function dyingServer() {
  const server = new ScriptedQmpServer({ commands: { stop: faults.drop() } });
  onTestFinished(() => server.close());
  return server.listen();
}

it('`await using` throws what execute() threw', async () => {
  const address = await dyingServer();
  const error = await thrownBy(async () => {
    await using qmp = new QmpClient();
    await qmp.connect(address);
    await qmp.execute('stop');
  });
  expect(error).toBeInstanceOf(ExecInterruptedError);
  expect(error).toMatchObject({ command: 'stop' });
});

it('`try … finally { await disconnect() }` throws what execute() threw', async () => {
  const qmp = new QmpClient();
  await qmp.connect(await dyingServer());
  const error = await thrownBy(async () => {
    try {
      await qmp.execute('stop');
    } finally {
      await qmp.disconnect();
    }
  });
  expect(error).toBeInstanceOf(ExecInterruptedError);
});

it.each<[string, (qmp: QmpClient) => Promise<unknown>]>([
  ['waitFor()', (qmp) => qmp.waitFor('STOP')],
  ['executeMessage()', (qmp) => qmp.executeMessage({ execute: 'migrate' })],
  [
    'a loop over events()',
    async (qmp) => {
      for await (const event of qmp.events()) expect(event).toBeDefined();
    },
  ],
])('a failure that %s has thrown is not thrown by disconnect()', async (_, call) => {
  const server = new ScriptedQmpServer({ commands: { migrate: faults.silence() } });
  onTestFinished(() => server.close());
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  const thrown = thrownBy(() => call(qmp));
  await qmp.execute('query-status');
  server.show(faults.drop());
  expect(await thrown).not.toBeInstanceOf(ConnectError);
  await qmp.disconnect();
});

it('a failure that nothing has thrown is thrown by disconnect()', async () => {
  const server = new ScriptedQmpServer();
  onTestFinished(() => server.close());
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  server.show(faults.drop());
  const { cause } = await qmp.closed;
  expect(await thrownBy(() => qmp.disconnect())).toBe(cause);
});
