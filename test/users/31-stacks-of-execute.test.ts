/** The stack of a rejected command, or wait, names the line that made the call. */

import { QmpClient } from 'wirechart/qmp';
import { CommandFailure, faults, ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

async function connected() {
  const server = new ScriptedQmpServer({
    commands: {
      eject: new CommandFailure('locked'),
      migrate: faults.silence(),
      strange: faults.raw(''),
    },
  });
  onTestFinished(() => server.close());
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  onTestFinished(() => qmp.disconnect({ force: true }));
  return { server, qmp };
}

const stackOf = async (call: () => Promise<unknown>): Promise<string> => {
  const error = await thrownBy(call);
  return error instanceof Error ? (error.stack ?? '') : '';
};

it('of a command that fails', async () => {
  const { qmp } = await connected();
  const stack = await stackOf(async function ejectTheDisk() {
    await qmp.execute('eject', { id: 'cd0' });
  });
  expect(stack).toMatch(
    /^ExecuteError: eject: locked\n(.*node:internal.*\n)*.*at (async )?ejectTheDisk/,
  );
});

it('of a command whose deadline passes', async () => {
  const { qmp } = await connected();
  const stack = await stackOf(async function migrateInTime() {
    await qmp.execute('migrate', {}, { timeout: 1 });
  });
  expect(stack).toMatch(/^TimeoutError: .*\n(.*node:internal.*\n)*.*at (async )?migrateInTime/);
});

it('of a command, and of a wait, whose session ends', async () => {
  const { qmp } = await connected();
  const command = stackOf(async function migrateForEver() {
    await qmp.execute('migrate');
  });
  const wait = stackOf(async function waitForever() {
    await qmp.waitFor('RESUME');
  });
  await qmp.disconnect();
  expect(await command).toMatch(
    /^ExecInterruptedError: .*\n(.*node:internal.*\n)*.*at (async )?migrateForEver/,
  );
  expect(await wait).toMatch(/^ClosedError: .*\n(.*node:internal.*\n)*.*at (async )?waitForever/);
});

it('of a command without a session', async () => {
  const stack = await stackOf(async function stopTooEarly() {
    await new QmpClient().execute('stop');
  });
  expect(stack).toMatch(
    /^StateError: stop was not sent.*\n(.*node:internal.*\n)*.*at (async )?stopTooEarly/,
  );
});

it('of each of several commands', async () => {
  const { qmp } = await connected();
  const stacks = await Promise.all([
    stackOf(async function first() {
      await qmp.execute('eject');
    }),
    stackOf(async function second() {
      await qmp.execute('eject');
    }),
  ]);
  expect(stacks[0]).toMatch(/at (async )?first/);
  expect(stacks[1]).toMatch(/at (async )?second/);
});

it('of a wait whose deadline passes', async () => {
  const { qmp } = await connected();
  const stack = await stackOf(async function waitForResume() {
    await qmp.waitFor('RESUME', { timeout: 1 });
  });
  expect(stack).toMatch(/^TimeoutError: .*\n(.*node:internal.*\n)*.*at (async )?waitForResume/);
});

it('of connect(), to a monitor that does not exist', async () => {
  const stack = await stackOf(async function dialNowhere() {
    await new QmpClient().connect('/nowhere/at/all');
  });
  expect(stack).toMatch(/at (async )?dialNowhere/);
});

it('but not of the reason of a signal, which is left as it is', async () => {
  const { qmp } = await connected();
  const reason = new Error('enough');
  const { stack } = reason;
  const controller = new AbortController();
  const { signal } = controller;
  const waits = [
    thrownBy(() => qmp.execute('migrate', {}, { signal })),
    thrownBy(() => qmp.waitFor('RESUME', { signal })),
  ];
  controller.abort(reason);
  waits.push(thrownBy(() => qmp.execute('migrate', {}, { signal })));
  expect(await Promise.all(waits)).toEqual([reason, reason, reason]);
  expect(reason.stack).toBe(stack);
});
