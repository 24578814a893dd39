/** The options of commands that `supervise()` passes on. */

import { expect, it } from 'vitest';
import { ArgumentError, supervise, TimeoutError } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { ManualMonitor } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

it('a supervised client has the window, the deadline of commands, and oob', async () => {
  const monitor = new ManualMonitor();
  const supervisor = supervise(
    QmpClient,
    { stream: monitor.stream },
    { oob: false, timeouts: { execute: 5, up: 1000 }, limits: { maxInFlight: 2 } },
  );
  cleanUp(() => supervisor.stop());
  const negotiation = await monitor.establish();
  expect(negotiation).not.toHaveProperty('arguments');
  const client = await supervisor.up();
  const rejected = [1, 2, 3].map(() => rejection(client.execute('query-status')));
  expect(client.stats).toMatchObject({ commandsInFlight: 2, commandsWaiting: 1 });
  const oob = await rejection(client.execute('query-yank', undefined, { oob: true }));
  expect(oob).toBeInstanceOf(ArgumentError);
  for (const error of await Promise.all(rejected)) expect(error).toBeInstanceOf(TimeoutError);
  await supervisor.stop();
});
