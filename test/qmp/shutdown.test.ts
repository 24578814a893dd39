/** What announces the end of a session: the event SHUTDOWN, and the command `quit`. */

import { describe, expect, it } from 'vitest';
import { EndAnnouncement } from '../../src/qmp/end-announcement.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf, session } from '../support/qmp.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const SHUTDOWN = eventOf('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
const ANNOUNCED = { guest: true, reason: 'guest-shutdown' };

describe('the event SHUTDOWN', () => {
  it.each([
    ['without a reason, as before 4.0', { guest: true }, { guest: true, reason: 'unknown' }],
    ['without data, as before 2.10', undefined, { guest: false, reason: 'unknown' }],
    ['with a reason of the future', { guest: false, reason: 'x' }, { guest: false, reason: 'x' }],
  ])('%s makes the end of the stream clean', async (_, data, shutdown) => {
    const { client, monitor } = await session();
    monitor.send(eventOf('SHUTDOWN', data));
    monitor.peer.end();
    expect(await client.closed).toEqual({ shutdown, suppressed: [], undelivered: 0 });
  });

  it('makes a reset clean, too', async () => {
    const { client, monitor } = await session();
    monitor.send(SHUTDOWN);
    await turn();
    monitor.peer.destroy(new Error('reset'));
    expect(await client.closed).toMatchObject({ shutdown: ANNOUNCED });
    expect(client.outcome?.cause).toBeUndefined();
  });

  it('is not skipped, though no listener wants it, and neither is the STOP behind it', async () => {
    const { client, monitor } = await session();
    monitor.send(SHUTDOWN, eventOf('STOP'));
    monitor.peer.end();
    expect((await client.closed).cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
  });

  it('is in the outcome also when the client disconnects before the end of the stream', async () => {
    const { client, monitor } = await session();
    monitor.send(SHUTDOWN);
    await turn();
    await client.disconnect();
    expect(client.outcome).toMatchObject({ shutdown: ANNOUNCED });
  });

  it('does not outlast its session', async () => {
    const client = createClient();
    const first = await session(undefined, client);
    first.monitor.send(SHUTDOWN);
    first.monitor.peer.end();
    await client.closed;
    const second = await session(undefined, client);
    second.monitor.peer.end();
    const { cause, shutdown } = await client.closed;
    expect([cause?.code, shutdown]).toEqual(['ERR_CLOSED', undefined]);
  });

  it('stays announced when a quit behind it is refused', async () => {
    const { client, monitor } = await session();
    monitor.send(SHUTDOWN);
    const refused = rejection(client.execute('quit'));
    const { id } = await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'not now' }, id });
    await refused;
    monitor.peer.end();
    expect(await client.closed).toMatchObject({ shutdown: ANNOUNCED });
  });

  it('of a panic takes back an earlier one, and leaves a quit announced', () => {
    const announced: unknown[] = [];
    const ending = new EndAnnouncement((expected) => announced.push(expected));
    const timestamp = { seconds: 1, microseconds: 2 };
    const shutDown = (reason: string) => {
      ending.onEvent({ event: 'SHUTDOWN', data: { guest: true, reason }, timestamp });
    };
    shutDown('guest-shutdown');
    expect(ending.text).toBe('The server has shut down (guest-shutdown)');
    ending.onQuit();
    expect(ending.text).toBe('The server was asked to quit');
    shutDown('guest-panic');
    expect(announced).toEqual([ANNOUNCED, true, false, true]);
  });
});

describe('the command quit', () => {
  it('stays announced until each of several is refused', async () => {
    const { client, monitor } = await session();
    const refused = [rejection(client.execute('quit')), rejection(client.execute('quit'))];
    const refuse = async () => {
      const { id } = await monitor.take();
      monitor.send({ error: { class: 'GenericError', desc: 'not now' }, id });
    };
    await refuse();
    await refused[0];
    expect(client.protocol.outcome).toBeUndefined();
    await refuse();
    await refused[1];
    monitor.peer.end();
    expect((await client.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('that could not be sent announces nothing', async () => {
    const client = createClient();
    await rejection(client.execute('quit'));
    const error = await rejection(client.execute('stop'));
    expect(error).toHaveProperty(
      'message',
      'stop was not sent: QmpClient is disconnected and idle.',
    );
  });
});
