import { describe, expect, it } from 'vitest';
import { HeartbeatError } from '../../src/qmp/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { createClient, ManualMonitor } from '../support/qmp.ts';
import { rejection, turn } from '../support/signal.ts';
import { BeatingSession, EVERY, nameOf, WITHIN } from './heartbeat-support.ts';

expectIdleAfterEach();

/** No process has this id. */
const NO_PROCESS = 2 ** 31 - 1;
const begun = (...given: ConstructorParameters<typeof BeatingSession>): Promise<BeatingSession> =>
  new BeatingSession(...given).begin();

describe('the heartbeat of a client', () => {
  it('is off without the option, and asks nothing', async () => {
    const clock = new CountingClock();
    const client = createClient({ clock });
    const monitor = new ManualMonitor();
    const established = monitor.establish();
    await client.connect({ stream: monitor.stream });
    await established;
    expect([client.heartbeat, client.stats.heartbeat, clock.timers]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    await client.disconnect();
  });

  it('is healthy from the start of the session, and undefined without one', async () => {
    const beating = new BeatingSession();
    expect(beating.client.heartbeat).toBeUndefined();
    await beating.begin();
    expect(beating.client.heartbeat).toMatchObject({
      state: 'healthy',
      misses: 0,
      outOfBand: true,
    });
    expect(beating.client.stats.heartbeat).toEqual(beating.client.heartbeat);
    await beating.client.disconnect();
    expect([beating.client.heartbeat, beating.clock.timers]).toEqual([undefined, 0]);
  });

  it('asks with two short commands, one in band and one out of band, and no more', async () => {
    const beating = await begun();
    const { length } = beating.monitor.text;
    const asked = await beating.beat();
    expect(asked.map(nameOf).sort()).toEqual(['query-version', 'query-yank']);
    expect(asked.find(({ execute }) => execute !== undefined)).not.toHaveProperty('id');
    expect(beating.monitor.text.length - length).toBeLessThan(80);
    await beating.reply(...asked);
    expect([beating.state, beating.changes]).toEqual(['healthy', []]);
    await beating.client.disconnect();
  });

  it('asks nothing while replies to other commands arrive', async () => {
    const beating = await begun();
    for (let round = 0; round < 5; round += 1) {
      const answered = beating.client.execute('query-status');
      await beating.reply(await beating.monitor.take());
      await answered;
      await beating.pass(EVERY);
    }
    expect(beating.client.stats.commands).toBe(5);
    await beating.client.disconnect();
  });

  it('finds a server busy that answers out of band only, and healthy again', async () => {
    const beating = await begun();
    const asked = await beating.beat();
    const [oob, inBand] = [...asked].sort((one) => ('exec-oob' in one ? -1 : 1));
    await beating.reply(...(oob ? [oob] : []));
    expect(beating.state).toBe('healthy');
    await beating.pass(WITHIN);
    expect(beating.state).toBe('busy');
    // The question in band is still there, and is not asked again.
    const [next] = await beating.beat(1);
    expect(next?.['exec-oob']).toBe('query-yank');
    await beating.reply(...(inBand ? [inBand] : []));
    await beating.pass(WITHIN);
    expect([beating.state, beating.changes]).toEqual(['healthy', ['busy', 'healthy']]);
    await beating.client.disconnect();
  });

  it('takes an error as an answer: the storage daemon has no query-yank', async () => {
    const beating = await begun();
    for (const { id } of await beating.beat()) {
      if (id === undefined) continue;
      beating.monitor.send({ id, error: { class: 'CommandNotFound', desc: 'no such command' } });
    }
    await turn();
    await beating.pass(WITHIN);
    expect(beating.state).toBe('busy');
    await beating.client.disconnect();
  });

  it('counts an unanswered command of the caller as its question in band', async () => {
    const beating = await begun();
    const slow = beating.client.execute('query-block');
    const command = await beating.monitor.take();
    const asked = await beating.beat(1);
    expect(asked.map(nameOf)).toEqual(['query-yank']);
    await beating.reply(...asked);
    await beating.pass(WITHIN);
    expect(beating.state).toBe('busy');
    await beating.reply(command);
    await slow;
    await beating.pass(EVERY);
    expect(beating.state).toBe('healthy');
    await beating.client.disconnect();
  });

  it('stays out of a full window: sixty commands are no false alarm', async () => {
    const beating = await begun({ misses: 1 });
    const slow = Array.from({ length: 60 }, () => beating.client.execute('query-block'));
    for (let at = 0; at < 7; at += 1) await beating.monitor.take();
    for (let round = 0; round < 5; round += 1) {
      const asked = await beating.beat(1);
      expect(asked.map(nameOf)).toEqual(['query-yank']);
      await beating.reply(...asked);
      await beating.pass(WITHIN);
      expect([beating.state, beating.client.runstate]).toEqual(['busy', 'RUNNING']);
    }
    await beating.client.disconnect({ force: true });
    await Promise.allSettled(slow);
  });

  it('fails the session of a silent server after the misses, and says what is known', async () => {
    const beating = await begun({ misses: 3 });
    await beating.missed();
    expect(beating.client.heartbeat).toMatchObject({ state: 'silent', misses: 1 });
    await beating.missed();
    expect([beating.client.runstate, beating.client.heartbeat?.misses]).toEqual(['RUNNING', 2]);
    const { closed } = beating.client;
    await beating.missed();
    const { cause } = await closed;
    expect(cause).toBeInstanceOf(HeartbeatError);
    expect(cause).toMatchObject({
      code: 'ERR_QMP_HEARTBEAT',
      state: 'silent',
      misses: 3,
      pid: undefined,
      retryable: true,
    });
    expect(cause?.message).toMatch(
      /^No answer to 3 heartbeats in a row, the last answer was \d+ ms/,
    );
    expect([beating.clock.timers, beating.changes]).toEqual([0, ['silent']]);
    // No call was rejected with it, those of the heartbeat least of all.
    expect(await rejection(beating.client.disconnect())).toBe(cause);
  });

  it('fails the session at the first heartbeat when the process is not there any more', async () => {
    const beating = await begun({ pid: NO_PROCESS });
    const { closed } = beating.client;
    await beating.missed();
    expect((await closed).cause).toMatchObject({ state: 'dead', misses: 1, pid: NO_PROCESS });
  });

  it('only reports with misses: Infinity', async () => {
    const beating = await begun({ pid: NO_PROCESS, misses: Infinity });
    for (let round = 0; round < 5; round += 1) await beating.missed();
    expect(beating.client.heartbeat).toMatchObject({ state: 'dead', misses: 5 });
    await beating.client.disconnect();
  });

  it('sends at most one question of each kind to a server that answers none', async () => {
    const beating = await begun({ misses: Infinity });
    for (let round = 0; round < 10; round += 1) await beating.missed();
    expect(beating.client.stats.commands).toBe(2);
    await beating.client.disconnect();
  });

  it('asks in band alone where out-of-band execution was not negotiated, and says so', async () => {
    const options = { capabilities: [] };
    const beating = await begun({}, options);
    expect(beating.client.heartbeat?.outOfBand).toBe(false);
    const asked = await beating.beat(1);
    expect(asked.map(nameOf)).toEqual(['query-version']);
    await beating.reply(...asked);
    expect(beating.state).toBe('healthy');
    await beating.missed();
    expect(beating.state).toBe('silent');
    await beating.client.disconnect();
  });

  it('finds a server busy there that has a command of the caller, if its process runs', async () => {
    const beating = await begun({ pid: process.pid, misses: 1 }, { capabilities: [] });
    const slow = beating.client.execute('query-block');
    const command = await beating.monitor.take();
    await beating.missed();
    expect(beating.state).toBe('busy');
    await beating.reply(command);
    await slow;
    await beating.client.disconnect();
  });

  it('asks nothing after quit', async () => {
    const beating = await begun({ misses: 1 });
    const quit = beating.client.execute('quit');
    const command = await beating.monitor.take();
    const { text } = beating.monitor;
    for (let round = 0; round < 3; round += 1) {
      await beating.pass(EVERY);
      await beating.pass(WITHIN);
    }
    expect(beating.monitor.text).toBe(text);
    await beating.reply(command);
    beating.monitor.peer.end();
    await quit;
    await beating.client.closed;
    expect(beating.client.outcome?.cause).toBeUndefined();
  });

  it('begins anew with each session', async () => {
    const beating = await begun({ misses: 2 });
    await beating.missed();
    await beating.client.disconnect();
    const monitor = new ManualMonitor();
    const established = monitor.establish();
    await beating.client.connect({ stream: monitor.stream });
    await established;
    expect(beating.client.heartbeat).toMatchObject({ state: 'healthy', misses: 0 });
    await beating.missed();
    expect([beating.client.runstate, beating.state]).toEqual(['RUNNING', 'silent']);
    await beating.client.disconnect();
  });

  it('tells the logger each change, and what onChange throws', async () => {
    const { logger, records } = recordingLogger();
    const onChange = () => Promise.reject(new Error('broken'));
    const beating = await begun({ onChange, misses: Infinity }, { logger });
    await beating.missed();
    await beating.pass(EVERY);
    const [oob, inBand] = [await beating.monitor.take(), await beating.monitor.take()];
    await beating.reply(oob, inBand);
    await beating.pass(WITHIN);
    const told = records.filter((text) => /heartbeat/i.test(text));
    expect(told).toEqual([
      expect.stringMatching(/^warn Heartbeat: silent, after \d+ ms healthy$/),
      'warn The callback heartbeat.onChange threw: broken',
      expect.stringMatching(/^info Heartbeat: healthy, after \d+ ms silent$/),
      'warn The callback heartbeat.onChange threw: broken',
    ]);
    await beating.client.disconnect();
  });

  it('is shown by util.inspect()', async () => {
    const beating = await begun();
    const inspect = Reflect.get(
      beating.client,
      Symbol.for('nodejs.util.inspect.custom'),
    ) as () => string;
    expect(Reflect.apply(inspect, beating.client, [])).toContain(' heartbeat=healthy>');
    await beating.client.disconnect();
  });
});
