/** Replies to an earlier client of the monitor, which arrive before the reply to the negotiation. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf, greetingOf, ManualMonitor } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** Returns a client that is connecting, and its monitor. */
function connecting(client = createClient()) {
  const monitor = new ManualMonitor();
  return { client, monitor, connected: client.connect({ stream: monitor.stream }) };
}

describe('the negotiation', () => {
  it('is not answered by an error that an earlier client has left', async () => {
    const { client, monitor, connected } = connecting();
    monitor.send(greetingOf());
    const { id } = await monitor.take();
    const stale = { error: { class: 'GenericError', desc: 'Node does not exist' } };
    monitor.send(stale, stale, { return: {}, id });
    await connected;
    const done = client.execute('query-status');
    monitor.reply(await monitor.take(), 'ours');
    expect(await done).toBe('ours');
    await client.disconnect();
  });

  it('is answered by an error without an id if no other reply follows within a second', async () => {
    const clock = new SimulatedClock();
    const { client, monitor, connected } = connecting(createClient({ clock }));
    const failed = rejection(connected);
    const next = new Promise((resolve) => client.once('X', resolve));
    monitor.send(greetingOf());
    await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'no' } }, eventOf('X'));
    await next;
    clock.increment(999);
    expect(await hasSettled(failed)).toBe(false);
    clock.increment(1);
    expect(await failed).toMatchObject({ cause: { code: 'ERR_QMP_NEGOTIATION' } });
  });

  it('answered by a parse error fails at once, as that has no id', async () => {
    const clock = new SimulatedClock();
    const { monitor, connected } = connecting(createClient({ clock }));
    monitor.send(greetingOf());
    await monitor.take();
    monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error, expecting value' } });
    expect(await rejection(connected)).toMatchObject({ cause: { code: 'ERR_QMP_NEGOTIATION' } });
  });
});

describe('a second greeting', () => {
  it.each(['before the reply to the negotiation', 'before the reply to a command'])(
    'is no reply: %s',
    async (when) => {
      const { client, monitor, connected } = connecting();
      monitor.send(greetingOf());
      const negotiation = await monitor.take();
      if (when.endsWith('negotiation')) monitor.send(greetingOf());
      monitor.reply(negotiation);
      await connected;
      const done = client.execute('query-status');
      const command = await monitor.take();
      if (when.endsWith('command')) monitor.send(greetingOf());
      monitor.reply(command, 'ours');
      expect(await done).toBe('ours');
      await client.disconnect();
    },
  );
});
