/** What a QMP client looks like when it is printed, and under which name it logs. */

import { inspect } from 'node:util';
import { createQmpMachine, QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { createActor } from 'xstate';
import { expect, it, onTestFinished } from 'vitest';

async function startServer() {
  const server = new ScriptedQmpServer();
  onTestFinished(() => server.close());
  return server.listen();
}

it('util.inspect() shows the name, the runstate, the version of the server and where it is', async () => {
  const qmp = new QmpClient({ name: 'vm1' });
  expect(inspect(qmp)).toBe("<QmpClient name='vm1' runstate=IDLE>");
  await qmp.connect(await startServer());
  expect(inspect({ qmp })).toMatch(
    /<QmpClient name='vm1' runstate=RUNNING server='QEMU \d+\.\d+\.\d+.*' remote='127\.0\.0\.1:\d+'>/,
  );
  await qmp.disconnect();
  expect(inspect(qmp)).toMatch(/^<QmpClient name='vm1' runstate=IDLE server='QEMU /);
});

it('the name of a machine is that of the client that is attached to it', async () => {
  const records: string[] = [];
  const record = (text: string) => void records.push(text);
  const ref = createActor(createQmpMachine({ name: 'vm1' })).start();
  const logger = { debug: record, info: record, warn: record, error: record };
  const qmp = QmpClient.attach(ref, { logger });
  expect(qmp.name).toBe('vm1');
  expect(String(qmp)).toBe("<QmpClient name='vm1' runstate=IDLE>");
  await qmp.connect(await startServer());
  await qmp.disconnect();
  expect(records).toContain('vm1: RUNNING (session 1)');
  ref.stop();
});

it('a name that attach() is given wins', () => {
  const ref = createActor(createQmpMachine({ name: 'machine' })).start();
  expect(QmpClient.attach(ref, { name: 'client' }).name).toBe('client');
  ref.stop();
});
