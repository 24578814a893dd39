/** What the classes are called in texts: bundlers rename classes, and the names are shown to people. */

import { AsyncProtocol, lines, StateError } from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { expect, it } from 'vitest';
import { runProgram } from './support.ts';

it('shows the names of classes as they are imported', async () => {
  const client = new QmpClient({ name: 'vm1' });
  expect(String(client)).toBe("<QmpClient name='vm1' runstate=IDLE>");
  expect([QmpClient.name, AsyncProtocol.name, StateError.name]).toEqual([
    'QmpClient',
    'AsyncProtocol',
    'StateError',
  ]);
  await expect(client.execute('query-status')).rejects.toThrow('QmpClient is disconnected');
  await expect(client.accept()).rejects.toThrow(/^QmpClient is disconnected/);
  await expect(new AsyncProtocol({ codec: lines() }).send('a')).rejects.toThrow(
    /^AsyncProtocol is/,
  );
});

it('gives a program what it imports by name', async () => {
  const end = await runProgram(`
    import { QmpClient } from 'wirechart/qmp';
    console.log(String(new QmpClient()));
  `);
  expect(end).toMatchObject({ code: 0, stdout: '<QmpClient runstate=IDLE>\n', stderr: '' });
});
