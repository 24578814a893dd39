/** More than there is room for: everything that is kept is bounded. */

import { describe, expect, it } from 'vitest';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { ask, inspector, withToken } from './clients.ts';
import { openPage } from './page.ts';
import { event, introduction, openTeller, registration, state, stop } from './teller.ts';

expectHomeAfterEach();

describe('the actors of one program', () => {
  it('are at most 20 000 at a time, and the others are a few problems', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const teller = await openTeller(here);
    const machine = '{"id":"m"}';
    for (let at = 0; at < 100_000; at += 1)
      teller.say(registration(`x:${String(at)}`, { machine }));
    teller.say(event('x:19999', 'LAST'), event('x:20000', 'UNKNOWN'), state('x:99999', 'open'));
    await page.until((it) => it.of('event').length > 0);
    expect(page.of('start')).toHaveLength(20_000);
    expect(page.of('problem')).toHaveLength(20);
    expect(page.of('problem')[0]?.text).toMatch(/there are too many actors$/);
    expect(page.of('event')).toMatchObject([{ actor: 'p1/x:19999', name: 'LAST' }]);
    expect(page.of('state')).toEqual([]);
    // There is room again when one has ended.
    teller.say(stop('x:0'), registration('x:20000', { id: 'late', machine }));
    await page.actor('late');
    const other = await openTeller(here, {}, [registration('x:0', { id: 'other' })]);
    await page.actor('other');
    other.socket.terminate();
  }, 60_000);

  it('may come and go without an end', async () => {
    const here = await inspector();
    const teller = await openTeller(here);
    for (let at = 0; at < 30_000; at += 1) {
      const id = `x:${String(at)}`;
      teller.say(registration(id, { machine: '{"id":"m"}' }), stop(id));
    }
    await teller.taken();
    const page = await openPage(here);
    await page.until(({ entries }) => entries.length === 20_000);
    expect(page.of('problem')).toEqual([]);
    expect(page.actors.size).toBe(10_000);
  }, 60_000);
});

describe('programs', () => {
  it('that are gone are at most 200, and take their actors along', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const stays = await openTeller(here, { name: 'stays' }, [registration('x:0')]);
    const instance = 'the first to go';
    for (let at = 0; at < 210; at += 1) {
      const facts = { name: `n${String(at)}`, ...(at === 0 && { instance }) };
      const teller = await openTeller(here, facts, [registration('x:0')]);
      teller.socket.close();
    }
    await page.until(({ programs }) => programs.get('p211')?.source === 'gone');
    const late = await openPage(here);
    expect(late.programs.size).toBe(200);
    expect(late.programs.get('p1')).toMatchObject({ name: 'stays', source: 'live' });
    expect([late.programs.has('p2'), late.programs.has('p211')]).toEqual([false, true]);
    const ended = page.of('stop').map(({ actor }) => actor);
    expect(ended).toEqual(Array.from({ length: 11 }, (_, at) => `p${String(at + 2)}/x:0`));
    // One that was forgotten is a new one when it is back.
    await openTeller(here, { instance, name: 'back' });
    expect(await page.program('back')).toMatchObject({ id: 'p212' });
    stays.say(event('x:0', 'STILL_HERE'));
    await page.until((it) => it.of('event').length > 0);
  }, 60_000);

  it('may be recordings, of which the oldest are forgotten first', async () => {
    const here = await inspector();
    const lines = [introduction(), registration('x:0')].map((one) => `${JSON.stringify(one)}\n`);
    for (let at = 1; at <= 203; at += 1) await here.open(`r${String(at)}`, lines);
    const page = await openPage(here);
    expect(page.programs.size).toBe(200);
    expect([...page.programs.values()][0]).toMatchObject({ name: 'r4', source: 'recording' });
  });
});

describe('a program that floods', () => {
  it('does not keep others from their answers', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0')]);
    let isTaken = false;
    for (let at = 0; at < 40_000; at += 1) teller.say(state('x:0', `s${String(at)}`));
    const taken = teller.taken().then(() => {
      isTaken = true;
    });
    expect(await ask(here, '/page/style.css')).toMatchObject({ status: 200 });
    expect(isTaken).toBe(false);
    // This one is long itself, and may take longer than the flood.
    expect((await ask(here, withToken('/recording'))).status).toBe(200);
    await taken;
  });
});
