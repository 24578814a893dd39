/** hmp(): commands of QEMU's monitor for people. */

import { expect, it } from 'vitest';
import { ArgumentError } from '../../src/index.ts';
import { BadReplyError, ExecuteError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

it('hmp() resolves with the text that the command prints', async () => {
  const { client, monitor } = await session();
  const output = client.hmp('info status');
  const command = await monitor.take();
  expect(command).toMatchObject({
    execute: 'human-monitor-command',
    arguments: { 'command-line': 'info status' },
  });
  monitor.reply(command, 'VM status: running\r\n');
  expect(await output).toBe('VM status: running\r\n');
  await client.disconnect();
});

it('hmp() rejects as execute() does, and when the reply is no text', async () => {
  const { client, monitor } = await session();
  const failing = rejection(client.hmp('info status'));
  const { id } = await monitor.take();
  monitor.send({ error: { class: 'GenericError', desc: 'no' }, id });
  expect(await failing).toBeInstanceOf(ExecuteError);
  const odd = rejection(client.hmp('info status'));
  monitor.reply(await monitor.take(), { text: 'x' });
  expect(await odd).toBeInstanceOf(BadReplyError);
  const signal = AbortSignal.abort('enough');
  expect(await rejection(client.hmp('info status', { signal }))).toBe('enough');
  await client.disconnect();
});

it.each([[''], [' '], [undefined], [{ 'command-line': 'info' }]])(
  'hmp() refuses %j',
  async (line) => {
    const { client, monitor } = await session();
    const error = await rejection(client.hmp(line as string));
    expect(error).toBeInstanceOf(ArgumentError);
    await client.disconnect();
    expect(monitor.text).not.toContain('human-monitor-command');
  },
);

it('hmp() hides secrets from the log', async () => {
  const { logger, records } = recordingLogger();
  const { client, monitor } = await session({ logger });
  const output = client.hmp('set_password vnc hunter2');
  monitor.reply(await monitor.take(), '');
  await output;
  await client.disconnect();
  expect(records.join()).toContain('set_password');
  expect(records.join()).not.toContain('hunter2');
});
