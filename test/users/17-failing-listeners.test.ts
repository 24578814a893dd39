/** A listener of on() that fails is reported, and the session goes on. */

import { supervise } from 'wirechart';
import { ExecuteError, QmpClient } from 'wirechart/qmp';
import { CommandFailure, ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from './support.ts';

async function startServer() {
  const server = new ScriptedQmpServer({
    commands: { eject: new CommandFailure("Device 'cd0' is locked") },
  });
  onTestFinished(() => server.close());
  return { server, address: await server.listen() };
}

it('a command that fails in a listener goes to onListenerError', async () => {
  const { server, address } = await startServer();
  const reported = new Promise<[unknown, string]>((resolve) => {
    const qmp = new QmpClient({
      onListenerError: (error, { event }) => {
        resolve([error, event]);
      },
    });
    onTestFinished(() => qmp.disconnect());
    qmp.on('STOP', async () => {
      await qmp.execute('eject', { id: 'cd0' });
    });
    void qmp.connect(address).then(() => {
      server.emit('STOP');
    });
  });
  const [error, event] = await reported;
  expect(error).toBeInstanceOf(ExecuteError);
  expect(error).toHaveProperty('message', "eject: Device 'cd0' is locked");
  expect(event).toBe('STOP');
});

it('it does not give up a supervised machine, which has the option, too', async () => {
  const { server, address } = await startServer();
  const failed = new Promise((resolve) => {
    const vm = supervise(QmpClient, address, { onListenerError: resolve });
    onTestFinished(() => vm.stop());
    vm.client.on('STOP', async () => {
      await vm.client.execute('eject', { id: 'cd0' });
    });
    void vm.up().then(() => {
      server.emit('STOP');
    });
    return vm;
  });
  expect(await failed).toBeInstanceOf(ExecuteError);
});

it('without the option, the process warns once', async () => {
  const end = await runProgram(`
    import { QmpClient } from 'wirechart/qmp';
    import { CommandFailure, ScriptedQmpServer } from 'wirechart/testing';
    const server = new ScriptedQmpServer({ commands: { eject: new CommandFailure('locked') } });
    const qmp = new QmpClient({ name: 'vm1' });
    qmp.on('STOP', async function onStop() {
      await qmp.execute('eject', { id: 'cd0' });
    });
    await qmp.connect(await server.listen());
    server.emit('STOP');
    server.emit('STOP');
    await qmp.execute('query-status');
    await qmp.execute('query-status');
    console.log(qmp.runstate);
    await qmp.disconnect();
    await server.close();
  `);
  expect(end).toMatchObject({ code: 0, stdout: 'RUNNING\n' });
  expect(end.stderr.match(/WirechartWarning/g)).toHaveLength(1);
  expect(end.stderr).toContain('A listener of the event STOP failed: eject: locked.');
  expect(end.stderr).toMatch(/at async .*onStop/);
});
