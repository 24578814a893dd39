/** A wait, or a command, that is not awaited does not end the process. */

import { expect, it } from 'vitest';
import { runProgram } from './support.ts';

it.each([
  ['a waitFor() whose deadline passes', "qmp.waitFor('DEVICE_DELETED', { timeout: 1 })"],
  [
    'a waitFor() with a filter that throws',
    "qmp.waitFor('STOP', () => { throw new Error('no'); })",
  ],
  ['a waitFor() that is aborted', "qmp.waitFor('STOP', { signal: AbortSignal.timeout(1) })"],
  ['a waitFor() with a wrong argument', "qmp.waitFor('stop')"],
  ['a waitFor() of a session that ends', "qmp.waitFor('RESUME'); qmp.disconnect()"],
  ['an execute() that fails', "qmp.execute('device_del', { id: 'nope' })"],
  ['an execute() of a session that ends', "qmp.execute('migrate'); qmp.disconnect()"],
  ['an execute() whose deadline passes', "qmp.execute('migrate', {}, { timeout: 1 })"],
  [
    'an execute() that is aborted',
    "qmp.execute('migrate', {}, { signal: AbortSignal.timeout(1) })",
  ],
  ['an execute() in IDLE', "new QmpClient().execute('stop')"],
  ['an executeMessage() in IDLE', "new QmpClient().executeMessage({ execute: 'stop' })"],
  ['an executeMessage() without a name', 'qmp.executeMessage({})'],
  ['a next() of a session that fails', 'qmp.events().next(); server.show(faults.drop())'],
  ['a next() that is aborted', "qmp.events('STOP', { signal: AbortSignal.timeout(1) }).next()"],
  ['a connect() that fails', "new QmpClient().connect('/nowhere/at/all')"],
  ['an accept() in IDLE', 'new QmpClient().accept()'],
])('%s', async (_, call) => {
  const end = await runProgram(`
    import { QmpClient } from 'wirechart/qmp';
    import { CommandFailure, faults, ScriptedQmpServer } from 'wirechart/testing';
    const server = new ScriptedQmpServer({
      commands: { device_del: new CommandFailure("Device 'nope' not found"), migrate: faults.silence() },
    });
    const qmp = new QmpClient();
    await qmp.connect(await server.listen());
    ${call};
    if (qmp.runstate === 'RUNNING') await qmp.execute('stop').catch(() => undefined);
    setTimeout(() => {
      console.log('alive');
      process.exit();
    }, 50);
  `);
  expect(end).toEqual({ code: 0, signal: null, stdout: 'alive\n', stderr: '' });
});

it('the wait that the documentation recommends may be left alone when its command fails', async () => {
  const end = await runProgram(`
    import { QmpClient } from 'wirechart/qmp';
    import { CommandFailure, ScriptedQmpServer } from 'wirechart/testing';
    const server = new ScriptedQmpServer({
      commands: { device_del: new CommandFailure("Device 'nope' not found") },
    });
    const qmp = new QmpClient();
    await qmp.connect(await server.listen());
    const gone = qmp.waitFor('DEVICE_DELETED', ({ data }) => data?.device === 'nope', { timeout: 20 });
    try {
      await qmp.execute('device_del', { id: 'nope' });
      await gone;
    } catch (error) {
      console.log(error.message);
    }
    setTimeout(async () => {
      await qmp.disconnect();
      await server.close();
      console.log('done');
    }, 60);
  `);
  expect(end).toEqual({
    code: 0,
    signal: null,
    stdout: "device_del: Device 'nope' not found\ndone\n",
    stderr: '',
  });
});
