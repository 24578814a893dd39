/** A monitor that sends what is not JSON ends the session; it does not hang. */

import { QmpClient } from 'wirechart/qmp';
import { faults, ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

it.each([
  ['a word', '{"return": not json\r\n'],
  ['a missing value', '{"return": \r\n}\r\n'],
  ['a missing comma', '{"return": {} "id": 1}\r\n'],
  ['single quotes', "{'return': {}}\r\n"],
])('with %s', async (_, reply) => {
  const server = new ScriptedQmpServer({ commands: { stop: faults.raw(reply) } });
  onTestFinished(() => server.close());
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  const error = await thrownBy(() => qmp.execute('stop', {}, { timeout: 5_000 }));
  expect(error).toMatchObject({
    code: 'ERR_QMP_INTERRUPTED',
    command: 'stop',
    cause: { code: 'ERR_CODEC' },
  });
  expect(qmp.runstate).toBe('IDLE');
});
