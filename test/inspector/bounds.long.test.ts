/** Everything that the inspector keeps is bounded. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { httpRequest, startTestInspector, withToken } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { event, introduction, openProgram, registration, state, stop } from './fake-program.ts';

expectIdleAfterEach();

describe('the actors of one program', () => {
  it('are limited to 20 000, and further ones are reported as problems', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector);
    const machine = '{"id":"m"}';
    for (let at = 0; at < 100_000; at += 1)
      program.send(registration(`x:${String(at)}`, { machine }));
    program.send(event('x:19999', 'LAST'), event('x:20000', 'UNKNOWN'), state('x:99999', 'open'));
    await page.until((it) => it.of('event').length > 0);
    expect(page.of('start')).toHaveLength(20_000);
    expect(page.of('problem')).toHaveLength(20);
    expect(page.of('problem')[0]?.text).toMatch(/the program has more than 20000 living actors$/);
    expect(page.of('event')).toMatchObject([{ actor: 'p1/x:19999', name: 'LAST' }]);
    expect(page.of('state')).toEqual([]);
    // When an actor has ended, another one can be added.
    program.send(stop('x:0'), registration('x:20000', { id: 'late', machine }));
    await page.actor('late');
    const other = await openProgram(inspector, {}, [registration('x:0', { id: 'other' })]);
    await page.actor('other');
    other.socket.terminate();
  }, 60_000);

  it('can be replaced any number of times', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector);
    for (let at = 0; at < 30_000; at += 1) {
      const id = `x:${String(at)}`;
      program.send(registration(id, { machine: '{"id":"m"}' }), stop(id));
    }
    await program.handled();
    const page = await openFakePage(inspector);
    await page.until(({ entries }) => entries.length === 20_000);
    expect(page.of('problem')).toEqual([]);
    expect(page.actors.size).toBe(10_000);
  }, 60_000);
});

describe('programs', () => {
  it('are limited to 200, and the oldest disconnected ones are dropped with their actors', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const stays = await openProgram(inspector, { name: 'stays' }, [registration('x:0')]);
    const instance = 'the first to disconnect';
    for (let at = 0; at < 210; at += 1) {
      const facts = { name: `n${String(at)}`, ...(at === 0 && { instance }) };
      const program = await openProgram(inspector, facts, [registration('x:0')]);
      program.socket.close();
    }
    await page.until(({ programs }) => programs.get('p211')?.source === 'disconnected');
    const late = await openFakePage(inspector);
    expect(late.programs.size).toBe(200);
    expect(late.programs.get('p1')).toMatchObject({ name: 'stays', source: 'live' });
    expect([late.programs.has('p2'), late.programs.has('p211')]).toEqual([false, true]);
    const stopped = page.of('stop').map(({ actor }) => actor);
    expect(stopped).toEqual(Array.from({ length: 11 }, (_, at) => `p${String(at + 2)}/x:0`));
    // A dropped program is a new one when it reconnects.
    await openProgram(inspector, { instance, name: 'back' });
    expect(await page.program('back')).toMatchObject({ id: 'p212' });
    stays.send(event('x:0', 'LATER'));
    await page.until((it) => it.of('event').length > 0);
  }, 60_000);

  it('can be recordings, of which the oldest are dropped first', async () => {
    const inspector = await startTestInspector();
    const lines = [introduction(), registration('x:0')].map((one) => `${JSON.stringify(one)}\n`);
    for (let at = 1; at <= 203; at += 1) await inspector.open(`r${String(at)}`, lines);
    const page = await openFakePage(inspector);
    expect(page.programs.size).toBe(200);
    expect([...page.programs.values()][0]).toMatchObject({ name: 'r4', source: 'recording' });
  });
});

describe('a program that floods', () => {
  it('does not block the answers to others', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    let isHandled = false;
    for (let at = 0; at < 40_000; at += 1) program.send(state('x:0', `s${String(at)}`));
    const flood = program.handled().then(() => {
      isHandled = true;
    });
    expect(await httpRequest(inspector, '/page/style.css')).toMatchObject({ status: 200 });
    expect(isHandled).toBe(false);
    // The recording is long itself and can take longer than the flood.
    expect((await httpRequest(inspector, withToken('/recording'))).status).toBe(200);
    await flood;
  });
});
