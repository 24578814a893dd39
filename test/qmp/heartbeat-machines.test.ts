import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { supervise } from '../../src/index.ts';
import { createQmpMachine, QmpClient } from '../../src/qmp/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { ManualMonitor } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { EVERY, nameOf, WITHIN } from './heartbeat-support.ts';

expectIdleAfterEach();

describe('the heartbeat of a client', () => {
  it('works in a machine of a statechart, where it is a child of the connection', async () => {
    const clock = new CountingClock();
    const monitor = new ManualMonitor();
    const heartbeat = { every: EVERY, within: WITHIN, misses: 1 };
    const address = { stream: monitor.stream };
    const actor = createActor(createQmpMachine({ heartbeat }), { clock, input: { address } });
    cleanUp(() => actor.stop());
    actor.start();
    await monitor.establish();
    await turn();
    const child = actor.getSnapshot().children.heartbeat;
    expect(child?.getSnapshot()).toMatchObject({ value: { healthy: 'resting' } });
    expect(actor.getSnapshot().value).toEqual({ RUNNING: 'open' });
    expect(QmpClient.attach(actor).heartbeat?.state).toBe('healthy');
    expect(actor.getPersistedSnapshot()).toMatchObject({ children: {} });
    clock.increment(EVERY);
    clock.increment(WITHIN);
    await turn();
    expect(actor.getSnapshot().context.cause).toMatchObject({ state: 'silent' });
    expect(actor.getSnapshot().children.heartbeat).toBeUndefined();
  });

  it('makes a supervisor connect again', async () => {
    const clock = new CountingClock();
    const monitors = [new ManualMonitor(), new ManualMonitor()];
    const streams = monitors.map(({ stream }) => stream);
    const supervisor = supervise(
      QmpClient,
      (attempt) => ({ stream: streams.splice(0, 1)[0] ?? expect.unreachable(String(attempt)) }),
      {
        clock,
        backoff: { random: () => 0 },
        heartbeat: { every: EVERY, within: WITHIN, misses: 1 },
      },
    );
    cleanUp(() => supervisor.stop({ force: true }));
    await monitors[0]?.establish();
    await supervisor.up();
    clock.increment(EVERY);
    clock.increment(WITHIN);
    while (supervisor.state === 'UP') await turn();
    monitors[0]?.peer.end();
    while (supervisor.state !== 'WAITING') await turn();
    expect(supervisor.failures.at(-1)?.cause).toMatchObject({ code: 'ERR_QMP_HEARTBEAT' });
    clock.increment(1);
    await monitors[1]?.establish();
    await supervisor.up();
    expect(supervisor.client.heartbeat?.state).toBe('healthy');
  });
});

describe('the probe of a supervisor', () => {
  it('asks a client of QMP as its heartbeat does', async () => {
    const clock = new CountingClock();
    const monitor = new ManualMonitor();
    const supervisor = supervise(
      QmpClient,
      { stream: monitor.stream },
      { clock, liveness: { every: EVERY, within: WITHIN } },
    );
    cleanUp(() => supervisor.stop({ force: true }));
    await monitor.establish();
    await supervisor.up();
    clock.increment(EVERY);
    await turn();
    const asked = [await monitor.take(), await monitor.take()];
    expect(asked.map(nameOf).sort()).toEqual(['query-version', 'query-yank']);
    // A busy server is alive.
    for (const command of asked) if ('exec-oob' in command) monitor.reply(command);
    await turn();
    clock.increment(WITHIN);
    await turn();
    expect(supervisor.state).toBe('UP');
    clock.increment(EVERY);
    await turn();
    clock.increment(WITHIN);
    await turn();
    expect(supervisor.failures.at(-1)?.first).toMatchObject({ phase: 'probe', ms: WITHIN });
  });
});
