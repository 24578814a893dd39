/** After `quit`: a clean end, and errors that say so. */

import { StateError } from 'wirechart';
import { ExecInterruptedError, QmpClient } from 'wirechart/qmp';
import { faults, ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

async function connected(commands = {}) {
  const server = new ScriptedQmpServer({ commands });
  onTestFinished(() => server.close());
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  return qmp;
}

it('the outcome has no complaint', async () => {
  const qmp = await connected();
  expect(await qmp.execute('quit')).toEqual({});
  expect(await qmp.closed).toEqual({
    shutdown: { guest: false, reason: 'host-qmp-quit' },
    suppressed: [],
    undelivered: 0,
  });
  await qmp.disconnect();
});

it('a command at once says that the server was asked to quit', async () => {
  const qmp = await connected({ quit: faults.end('') });
  const quit = qmp.execute('quit');
  const error = await thrownBy(() => qmp.execute('stop'));
  expect(error).toBeInstanceOf(ExecInterruptedError);
  expect(error).toMatchObject({
    command: 'stop',
    message: 'The session ended before the reply to stop: The server was asked to quit',
    cause: { code: 'ERR_CLOSED', expected: true },
  });
  expect(await quit).toEqual({});
});

it('a command later says that there is no session, and why', async () => {
  const qmp = await connected();
  await qmp.execute('quit');
  await qmp.closed;
  const error = await thrownBy(() => qmp.execute('stop'));
  expect(error).toBeInstanceOf(StateError);
  expect(error).toMatchObject({
    message: 'stop was not sent: QmpClient is disconnected and idle. The server was asked to quit.',
    state: 'IDLE',
    required: 'RUNNING',
  });
});

it('a wait says that the server was asked to quit', async () => {
  const qmp = await connected();
  const resumed = thrownBy(() => qmp.waitFor('RESUME'));
  await qmp.execute('quit');
  expect(await resumed).toMatchObject({
    code: 'ERR_CLOSED',
    message: 'The session ended before the event RESUME: The server was asked to quit',
    expected: true,
  });
});

it('a next session knows nothing of it', async () => {
  const server = new ScriptedQmpServer();
  onTestFinished(() => server.close());
  const address = await server.listen();
  const qmp = new QmpClient();
  await qmp.connect(address);
  await qmp.execute('quit');
  await qmp.closed;
  await qmp.connect(address);
  server.show(faults.end());
  expect((await qmp.closed).cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
  const error = await thrownBy(() => qmp.execute('stop'));
  expect(error).toHaveProperty('message', expect.stringContaining('The last session failed: '));
});
