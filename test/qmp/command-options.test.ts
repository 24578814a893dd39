/** The options of a client that concern its commands. */

import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import { TimeoutError } from '../../src/index.ts';
import { createQmpMachine, type OpenQapi, QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach, track } from '../support/cleanup.ts';
import { greetingOf, ManualMonitor, session } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

describe('timeouts.execute', () => {
  it('is the deadline of commands that are given none', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock, timeouts: { execute: 50 } });
    const late = rejection(client.execute('a'));
    const later = rejection(client.executeMessage({ execute: 'b' }, { timeout: 80 }));
    const never = client.execute('c', {}, { timeout: Infinity });
    await monitor.take();
    await monitor.take();
    const c = await monitor.take();
    clock.increment(50);
    expect(await late).toMatchObject({ phase: 'execute', ms: 50 });
    expect(await hasSettled(later)).toBe(false);
    clock.increment(1000);
    expect(await later).toMatchObject({ ms: 80 });
    monitor.reply(c, 3);
    expect(await never).toBe(3);
    await client.disconnect();
  });
});

describe('an invalid option', () => {
  it.each([
    [{ limits: { maxInFlight: 0 } }, /limits.maxInFlight must be a whole number above 0, .*not 0/],
    [{ limits: { maxInFlight: 1.5 } }, /not 1.5/],
    [
      { limits: { maxInflight: 2 } },
      /limits has no option 'maxInflight': did you mean 'maxInFlight'\?/,
    ],
    [{ limits: { window: 2 } }, /limits has no option 'window'; it has .*, maxInFlight$/],
    [{ timeouts: { excute: 5 } }, /timeouts has no option 'excute': did you mean 'execute'\?/],
    [{ timeouts: { command: 5 } }, /timeouts has no option 'command'; it has .*, execute$/],
    [{ timeouts: { execute: -1 } }, /timeouts.execute must be a number above 0, not -1/],
    [{ oob: 1 }, /oob/],
  ])('is refused by the client and by the machine: %j', (options, text) => {
    // @ts-expect-error The values are of the wrong type, or have no meaning.
    expect(() => new QmpClient(options)).toThrow(text);
    // @ts-expect-error The values are of the wrong type, or have no meaning.
    expect(() => createQmpMachine(options)).toThrow(text);
  });

  it('is none in a machine: its client has the deadline and the window', async () => {
    const machine = createQmpMachine({
      timeouts: { execute: 5, close: 100 },
      limits: { maxInFlight: 1 },
    });
    const clock = new SimulatedClock();
    const actor = createActor(machine, { clock }).start();
    const client = track(QmpClient.attach(actor) as QmpClient<OpenQapi>);
    const monitor = new ManualMonitor();
    const connected = client.connect({ stream: monitor.stream });
    monitor.send(greetingOf());
    monitor.reply(await monitor.take());
    await connected;
    const rejected = ['a', 'b'].map((name) => rejection(client.execute(name)));
    expect(client.stats).toMatchObject({ commandsInFlight: 1, commandsWaiting: 1 });
    clock.increment(5);
    for (const error of await Promise.all(rejected)) expect(error).toBeInstanceOf(TimeoutError);
    await client.disconnect({ force: true });
    actor.stop();
  });
});
