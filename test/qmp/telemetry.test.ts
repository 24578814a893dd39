/** The counters of a client, and what it publishes of its commands. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ExecuteTrace } from '../../src/index.ts';
import { ExecuteError, ExecInterruptedError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const EVENT =
  '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RTC_CHANGE", "data": {"offset": 1}}\r\n';

/** Records what is published about commands until the end of the test. */
function recordCommands() {
  const published: string[] = [];
  const traces = new Set<ExecuteTrace>();
  for (const part of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
    const name = `tracing:wirechart.execute:${part}`;
    const note = (trace: unknown) => {
      published.push(part);
      traces.add(trace as ExecuteTrace);
    };
    subscribe(name, note);
    onTestFinished(() => void unsubscribe(name, note));
  }
  return { published, traces: () => [...traces] };
}

describe('the counters', () => {
  it('have the commands in flight, those that have failed, and the events', async () => {
    const { client, monitor } = await session();
    const done = client.execute('query-status');
    const refused = rejection(client.execute('device_add', { driver: 'nvme' }));
    const interrupted = rejection(client.execute('stop'));
    expect(client.stats).toMatchObject({ commands: 3, commandsInFlight: 3, commandsFailed: 0 });
    monitor.reply(await monitor.take());
    const { id } = await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'no' }, id }, eventOf('STOP'));
    await done;
    expect(await refused).toBeInstanceOf(ExecuteError);
    expect(client.stats).toMatchObject({ commands: 3, commandsInFlight: 1, commandsFailed: 1 });
    await client.disconnect({ force: true });
    expect(await interrupted).toBeInstanceOf(ExecInterruptedError);
    expect(client.stats).toMatchObject({ commandsInFlight: 0, commandsFailed: 2, events: 1 });
  });

  it('have the commands that were not sent, or got no reply in time', async () => {
    const { client } = await session();
    await rejection(client.execute('stop', undefined, { timeout: 1 }));
    await rejection(client.execute('stop', undefined, { timeout: -1 }));
    await client.disconnect({ force: true });
    await rejection(client.execute('stop'));
    expect(client.stats).toMatchObject({ commands: 2, commandsInFlight: 0, commandsFailed: 2 });
  });

  it('have the events without a listener, which are not decoded', async () => {
    const { client, monitor } = await session();
    const { messagesIn } = client.stats;
    monitor.send(EVENT, EVENT);
    const status = client.execute('query-status');
    monitor.reply(await monitor.take());
    await status;
    expect(client.stats).toMatchObject({ events: 2, messagesIn: messagesIn + 1 });
    await client.disconnect({ force: true });
  });
});

describe('a command', () => {
  it('is published from the call to the reply, without its secrets', async () => {
    const { published, traces } = recordCommands();
    const { client, monitor } = await session();
    const options = { 'qom-type': 'secret', id: 'sec0', data: 'hunter2' } as const;
    const executed = client.execute('object-add', options);
    expect(published).toEqual(['start', 'end']);
    monitor.reply(await monitor.take());
    await executed;
    expect(published).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(traces()).toMatchObject([{ protocol: client.protocol, session: 1, error: undefined }]);
    const [trace] = traces();
    expect(trace?.command).toBe('object-add');
    expect(trace?.message).toMatchObject({ arguments: { 'qom-type': 'secret', id: 'sec0' } });
    expect(JSON.stringify(trace?.message)).not.toContain('hunter2');
    await client.disconnect({ force: true });
  });

  it('is published as failed when the reply is an error, also as executeMessage() sends it', async () => {
    const { published, traces } = recordCommands();
    const { client, monitor } = await session();
    const executed = client.executeMessage({ execute: 'cont' });
    const { id } = await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'no' }, id });
    await executed;
    expect(published).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(traces()[0]?.error).toBeInstanceOf(ExecuteError);
    await client.disconnect({ force: true });
  });

  it('is published as failed when it is not sent, and when its session ends', async () => {
    const { published, traces } = recordCommands();
    const { client } = await session();
    const interrupted = rejection(client.execute('stop'));
    await client.disconnect({ force: true });
    await interrupted;
    const aborted = AbortSignal.abort(new Error('enough'));
    await rejection(client.execute('stop', undefined, { signal: aborted }));
    expect(published.filter((part) => part === 'error')).toHaveLength(2);
    expect(traces().map(({ error }) => error)).toMatchObject([
      { code: 'ERR_QMP_INTERRUPTED' },
      { message: 'enough' },
    ]);
  });
});
