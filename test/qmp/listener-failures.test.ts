/** Listeners of on() and once() that fail: reported, and the session goes on. */

import { describe, expect, it, vi } from 'vitest';
import type { QmpEvent } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { createClient, eventOf, ManualMonitor, session } from '../support/qmp.ts';
import { gate, turn } from '../support/signal.ts';

expectIdleAfterEach();

/** Connects a client, and records the failures of its listeners. */
async function sessionWithFailures() {
  const failures: [unknown, string][] = [];
  const options = {
    onListenerError: (error: unknown, { event }: QmpEvent) => failures.push([error, event]),
  };
  return { failures, ...(await session(options)) };
}

describe('a listener that fails', () => {
  const boom = new Error('boom');
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['returns a promise that rejects', () => Promise.reject(boom)],
    [
      'returns a thenable that rejects',
      () => ({
        then: (_: unknown, reject: (error: unknown) => void) => {
          reject(boom);
        },
      }),
    ],
    [
      'returns a thenable that throws',
      () => ({
        then: () => {
          throw boom;
        },
      }),
    ],
  ])('because it %s goes to onListenerError, and the session goes on', async (_, listener) => {
    const { client, monitor, failures } = await sessionWithFailures();
    const received: string[] = [];
    const events = client.events();
    client.on('STOP', listener).on('STOP', ({ event }) => received.push(event));
    monitor.send(eventOf('STOP'));
    await turn();
    expect(failures).toEqual([[boom, 'STOP']]);
    expect(received).toEqual(['STOP']);
    expect(await events.next()).toMatchObject({ value: { event: 'STOP' } });
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
    expect(client.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  it('is reported each time, in order', async () => {
    const { client, monitor, failures } = await sessionWithFailures();
    const errors = [new Error('first'), new Error('second')];
    for (const error of errors) {
      client.on('STOP', () => {
        throw error;
      });
    }
    monitor.send(eventOf('STOP'), eventOf('STOP'));
    await turn();
    expect(failures.map(([error]) => error)).toEqual([...errors, ...errors]);
    await client.disconnect();
  });

  it('is a warning of the logger without onListenerError', async () => {
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({ logger });
    client.on('STOP', () => client.execute('eject', { id: 'cd0' }));
    monitor.send(eventOf('STOP'));
    const { id } = await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'locked' }, id });
    await turn();
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([
      'warn A listener of the event STOP failed: eject: locked. The session goes on',
    ]);
    await client.disconnect();
  });

  it('is one warning of the process for each client without a logger', async () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { client, monitor } = await session({ name: 'vm1' });
    client.on('STOP', () => Promise.reject(boom));
    monitor.send(eventOf('STOP'), eventOf('STOP'));
    await turn();
    expect(emitted).toHaveBeenCalledOnce();
    expect(emitted).toHaveBeenCalledWith(
      'A listener of the event STOP failed: boom. The session goes on. Handle such failures with the ' +
        "option onListenerError (client: <QmpClient name='vm1' runstate=RUNNING>).",
      { type: 'WirechartWarning', code: 'WIRECHART_LISTENER', detail: boom.stack },
    );
    await client.disconnect();
  });

  it('is only logged when onListenerError throws as well', async () => {
    const { logger, records } = recordingLogger();
    const { client, monitor } = await session({
      logger,
      onListenerError: () => {
        throw new Error('worse');
      },
    });
    client.on('STOP', () => Promise.reject(boom));
    monitor.send(eventOf('STOP'));
    await turn();
    expect(records.filter((record) => record.startsWith('warn'))).toEqual([
      'warn The option onListenerError threw: worse',
      'warn A listener of the event STOP failed: boom. The session goes on',
    ]);
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
  });

  it('because disconnect() interrupts its command makes no disconnect() reject, and no warning', async () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { client, monitor } = await session();
    client.on('STOP', async () => {
      await client.execute('query-status');
    });
    monitor.send(eventOf('STOP'));
    await monitor.take();
    await client.disconnect();
    await turn();
    expect(client.outcome).toEqual({ suppressed: [], undelivered: 0 });
    expect(emitted).not.toHaveBeenCalled();
  });

  it('during the handshake does not fail the attempt', async () => {
    const failures: unknown[] = [];
    const client = createClient({ onListenerError: (error) => failures.push(error) });
    const boom = new Error('boom');
    client.on('STOP', () => Promise.reject(boom));
    const monitor = new ManualMonitor();
    const connected = client.connect({ stream: monitor.stream });
    monitor.send(eventOf('STOP'));
    await monitor.establish();
    await connected;
    expect(failures).toEqual([boom]);
    await client.disconnect();
  });

  it('after its session is reported, and leaves the next session alone', async () => {
    const { client, monitor, failures } = await sessionWithFailures();
    const late = gate();
    client.on('STOP', () => late.opened);
    monitor.send(eventOf('STOP'));
    await turn();
    await client.disconnect();
    await session(undefined, client);
    const error = new Error('from the previous session');
    late.fail(error);
    await turn();
    expect(failures).toEqual([[error, 'STOP']]);
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
  });
});
