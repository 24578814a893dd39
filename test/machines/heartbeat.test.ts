import { describe, expect, it } from 'vitest';
import type { HeartbeatState } from '../../src/core/heartbeat.ts';
import { EVERY, HeartbeatHarness, WITHIN } from './heartbeat-support.ts';

describe('a heartbeat', () => {
  it('asks after each rest, and finds a peer that answers healthy', async () => {
    const heart = new HeartbeatHarness();
    expect(heart.state).toBe('healthy.resting');
    await heart.pass(EVERY - 1);
    expect(heart.pulse.asked).toBe(0);
    await heart.pass(1);
    expect([heart.state, heart.pulse.asked]).toEqual(['healthy.probing', 1]);
    await heart.pulse.answer();
    expect([heart.state, heart.looks]).toEqual(['healthy.resting', 0]);
    heart.leave();
  });

  it('does not ask while the answers to others prove that the peer is healthy', async () => {
    const heart = new HeartbeatHarness();
    for (let round = 0; round < 5; round += 1) {
      heart.pulse.answers += 1;
      await heart.pass(EVERY);
    }
    expect([heart.state, heart.pulse.asked]).toEqual(['healthy.resting', 0]);
    await heart.pass(EVERY);
    expect(heart.pulse.asked).toBe(1);
    heart.leave();
  });

  it('takes an answer to others for one to its question', async () => {
    const heart = new HeartbeatHarness();
    await heart.pass(EVERY);
    heart.pulse.answers += 1;
    await heart.pass(WITHIN);
    expect([heart.state, heart.looks]).toEqual(['healthy.resting', 0]);
    heart.leave();
  });

  it('finds a peer busy that gives no more than a sign of life', async () => {
    const heart = new HeartbeatHarness();
    await heart.pass(EVERY);
    heart.pulse.signsOfLife += 1;
    await heart.pass(WITHIN - 1);
    expect(heart.state).toBe('healthy.probing');
    await heart.pass(1);
    expect([heart.state, heart.looks]).toEqual(['busy.resting', 0]);
    heart.leave();
  });

  it.each([
    ['running', 'silent'],
    ['unknown', 'silent'],
    ['stopped', 'stopped'],
    ['gone', 'dead'],
  ] as const)('finds a peer without an answer, whose process is %s, %s', async (process, state) => {
    const heart = new HeartbeatHarness();
    heart.process = process;
    await heart.miss();
    expect([heart.state, heart.looks]).toEqual([`${state}.resting`, 1]);
    heart.leave();
  });

  it('finds a peer silent whose process cannot be looked at, or that cannot be asked', async () => {
    const heart = new HeartbeatHarness();
    heart.process = new Error('no such file');
    await heart.miss();
    expect(heart.state).toBe('silent.resting');
    heart.pulse.cannotAsk = true;
    heart.process = 'stopped';
    await heart.pass(EVERY);
    expect(heart.state).toBe('stopped.resting');
    heart.leave();
  });

  it('finds a peer busy that has work, and no other way to say so, as long as its process runs', async () => {
    const heart = new HeartbeatHarness();
    heart.pulse.isAtWork = true;
    await heart.miss();
    expect(heart.state).toBe('busy.resting');
    heart.process = 'unknown';
    await heart.miss();
    expect(heart.state).toBe('silent.resting');
    heart.process = 'stopped';
    await heart.miss();
    expect(heart.state).toBe('stopped.resting');
    heart.leave();
  });

  it('believes an answer that has arrived while it looked at the process', async () => {
    const heart = new HeartbeatHarness();
    heart.process = 'stopped';
    await heart.pass(EVERY);
    heart.clock.increment(WITHIN);
    expect(heart.state).toBe('healthy.looking');
    await heart.pulse.answer();
    expect(heart.state).toBe('healthy.resting');
    heart.leave();
  });

  const STATES: readonly HeartbeatState[] = ['healthy', 'busy', 'stopped', 'silent', 'dead'];
  /** Makes the next heartbeat find a state. */
  const find = async (heart: HeartbeatHarness, state: HeartbeatState): Promise<void> => {
    const processes = { stopped: 'stopped', dead: 'gone' } as const;
    heart.process = state === 'stopped' || state === 'dead' ? processes[state] : 'running';
    await heart.pass(EVERY);
    if (state === 'healthy') await heart.pulse.answer();
    if (state === 'busy') heart.pulse.signsOfLife += 1;
    if (state !== 'healthy') await heart.pass(WITHIN);
  };

  it.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))(
    'goes from %s to %s',
    async (from, to) => {
      const heart = new HeartbeatHarness();
      await find(heart, from);
      expect(heart.state).toBe(`${from}.resting`);
      await find(heart, to);
      expect(heart.state).toBe(`${to}.resting`);
      expect(heart.pulse.notes.map(({ state }) => state)).toEqual([from, to]);
      heart.leave();
    },
  );

  it('counts the misses in a row, and keeps when the state began', async () => {
    const heart = new HeartbeatHarness();
    for (const state of ['silent', 'stopped', 'silent', 'busy', 'silent', 'silent'] as const) {
      await find(heart, state);
    }
    const { notes } = heart.pulse;
    expect(notes.map(({ misses }) => misses)).toEqual([1, 2, 3, 0, 1, 2]);
    expect(notes.at(-1)?.since).toBe(notes.at(-2)?.since);
    heart.leave();
  });

  it.each(['silent', 'stopped', 'dead'] as const)(
    'fails the connection when a peer was found %s as often as the user allows',
    async (state) => {
      const heart = new HeartbeatHarness();
      heart.pulse.misses[state] = 3;
      for (const expected of [0, 0, 1]) {
        await find(heart, state);
        expect(heart.sent).toHaveLength(expected);
      }
      const message = `${state} after 3, process 4711`;
      expect(heart.sent).toMatchObject([{ type: 'FAIL', error: { message } }]);
      expect(heart.actor.getSnapshot()).toMatchObject({ status: 'done', value: 'failed' });
      expect([heart.clock.timers, heart.pulse.signal?.aborted]).toEqual([0, true]);
      heart.leave();
    },
  );

  it('does not fail the connection of a peer that comes back in time', async () => {
    const heart = new HeartbeatHarness();
    heart.pulse.misses.silent = 2;
    for (const state of ['silent', 'healthy', 'silent', 'busy', 'silent'] as const) {
      await find(heart, state);
    }
    expect([heart.state, heart.sent]).toEqual(['silent.resting', []]);
    heart.leave();
  });

  it('neither asks nor judges while the end of the session is expected', async () => {
    const heart = new HeartbeatHarness();
    heart.pulse.misses.silent = 1;
    heart.isEndExpected = true;
    for (let round = 0; round < 5; round += 1) await heart.miss();
    expect([heart.state, heart.pulse.asked, heart.sent]).toEqual(['healthy.resting', 0, []]);
    heart.isEndExpected = false;
    await heart.pass(EVERY);
    expect(heart.pulse.asked).toBe(1);
    heart.isEndExpected = true;
    await heart.pass(WITHIN);
    expect([heart.state, heart.looks, heart.sent]).toEqual(['healthy.resting', 0, []]);
    heart.leave();
  });

  it('leaves no timer, and gives up what it asked, when the connection leaves RUNNING', async () => {
    const heart = new HeartbeatHarness();
    await heart.pass(EVERY);
    const { signal } = heart.pulse;
    expect([heart.clock.timers, signal?.aborted]).toEqual([1, false]);
    heart.leave();
    expect([heart.clock.timers, signal?.aborted]).toEqual([0, true]);
  });

  it('shows nothing of the peer in its context', () => {
    const heart = new HeartbeatHarness();
    const { context } = heart.actor.getSnapshot() as { context: object };
    expect(JSON.parse(JSON.stringify(context))).toMatchObject({ state: 'healthy', run: {} });
    heart.leave();
  });
});
