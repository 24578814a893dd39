/** Names that no QMP event has are refused, instead of waiting for ever. */

import { ArgumentError } from 'wirechart';
import { type AnyQapi, QmpClient } from 'wirechart/qmp';
import { expect, it } from 'vitest';
import { thrownBy } from './support.ts';

it.each(['error', 'close', 'shutdown', 'Stop'])('%s', async (name) => {
  const qmp = new QmpClient<AnyQapi>();
  const calls = [
    () => qmp.on(name, () => undefined),
    () => qmp.once(name, () => undefined),
    () => qmp.off(name, () => undefined),
    () => qmp.events(name),
    () => qmp.events(['STOP', name]),
    () => qmp.waitFor(name),
    () => qmp.waitFor(['STOP', name]),
  ];
  for (const call of calls) {
    const error = await thrownBy(call);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toHaveProperty(
      'message',
      `No QMP event is called '${name}': their names are in upper case, such as 'SHUTDOWN'. The end ` +
        'and the failure of a session are not events: see closed, outcome and runstates()',
    );
  }
});

it('names of a distributor may have lower-case letters', () => {
  const qmp = new QmpClient<AnyQapi>();
  expect(qmp.on('__com.redhat_SPICE_MIGRATED', () => undefined)).toBe(qmp);
});
