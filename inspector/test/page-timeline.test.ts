import { describePage } from './browser.ts';
import { expect, test } from 'vitest';
import { actorOf, createMachine, nested } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { activeState, attached, detached, rows, watch } from './setup.ts';

expectIdleAfterEach();

type Watching = Awaited<ReturnType<typeof watch>>;
type Actor = ReturnType<typeof actorOf>;

/** A page that watches a started machine. */
async function watching(machine = nested): Promise<Watching & { actor: Actor }> {
  const all = await watch();
  const actor = actorOf(machine);
  cleanUp(() => actor.stop());
  all.inspection.inspect.attach(actor);
  actor.start();
  return { ...all, actor };
}

/** Sends events at a rate until the test ends. */
function keepSending(actor: Actor, perSecond: number): void {
  let count = 0;
  const timer = setInterval(() => {
    actor.send({ type: count % 2 === 0 ? 'START' : 'STOP' });
    count += 1;
  }, 1000 / perSecond);
  cleanUp(() => {
    clearInterval(timer);
  });
}

/** Resolves when the page has drawn. */
const frame = (page: Watching['page']) =>
  page.evaluate(
    'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
  );
const isLive = (page: Watching['page'], is: boolean) =>
  attached(page.locator(`#live[aria-pressed=${String(is)}]`));

describePage('the timeline while much happens', () => {
  test('takes each of 12 presses, at 20 transitions a second', async () => {
    const { page, actor } = await watching();
    keepSending(actor, 20);
    // The list is full, so that it scrolls with each entry.
    await attached(page.locator('#count').filter({ hasText: /^[4-9]\d of/ }));
    const box = await page.locator('#timeline').boundingBox();
    if (box === null) throw new Error('the timeline is not visible');
    let hits = 0;
    for (let press = 0; press < 12; press += 1) {
      await page.mouse.move(box.x + 200, box.y + 20 + press * 12);
      await page.mouse.down();
      await page.mouse.up();
      // The press itself has pinned the moment: nothing that comes later does.
      await frame(page);
      if ((await page.locator('#live').getAttribute('aria-pressed')) === 'false') hits += 1;
      await page.keyboard.press('l');
      await isLive(page, true);
    }
    expect(hits).toBe(12);
  });

  test('pins the entry that was under the pointer', async () => {
    const { page, actor } = await watching();
    keepSending(actor, 50);
    await attached(page.locator('#count').filter({ hasText: /^[4-9]\d of/ }));
    const box = await page.locator('#timeline').boundingBox();
    if (box === null) throw new Error('the timeline is not visible');
    for (const y of [40, 70, 100]) {
      const [x, at] = [box.x + 200, box.y + y];
      await page.mouse.move(x, at);
      await frame(page);
      const under = await page.evaluate(
        ([left, top]) =>
          document
            .elementFromPoint(left ?? 0, top ?? 0)
            ?.closest('.row')
            ?.getAttribute('data-seq'),
        [x, at],
      );
      await page.mouse.down();
      await page.mouse.up();
      const selected = page.locator('#timeline [aria-selected=true]');
      await attached(selected);
      expect(await selected.getAttribute('data-seq')).toBe(under);
      await page.keyboard.press('l');
      await detached(selected);
    }
  });

  test('stands still under the pointer, counts what is new, and follows again on request', async () => {
    const { page, actor } = await watching();
    for (let count = 0; count < 60; count += 1) actor.send({ type: 'START' });
    actor.send({ type: 'PAUSE' });
    await attached(rows(page, /→PAUSE/));
    await page.locator('#timeline').hover();
    await frame(page);
    for (const type of ['RESUME', 'STOP']) actor.send({ type });
    await attached(page.locator('#timeline-new:visible').filter({ hasText: '4 new entries ↓' }));
    await page.locator('#timeline-new').click();
    await attached(page.locator('#timeline-new[hidden]'));
    await attached(rows(page, /●off/));
  });

  test('keeps its place while the user reads what is above', async () => {
    const { page, actor } = await watching();
    for (let count = 0; count < 100; count += 1) actor.send({ type: 'START' });
    await attached(rows(page, 'START').nth(5));
    await page.locator('#timeline').hover();
    await page.mouse.wheel(0, -600);
    await attached(page.locator('#timeline-new'));
    await page.mouse.move(5, 5);
    const first = () =>
      page.evaluate(() => {
        const top = document.querySelector('#timeline')?.getBoundingClientRect().top ?? 0;
        const shown = [...document.querySelectorAll('#timeline .row[data-seq]')];
        const row = shown.find((one) => one.getBoundingClientRect().top >= top);
        return row?.getAttribute('data-seq');
      });
    await frame(page);
    await frame(page);
    const before = await first();
    for (let count = 0; count < 50; count += 1) actor.send({ type: 'START' });
    await attached(page.locator('#timeline-new:visible'));
    expect(before).toBeDefined();
    expect(await first()).toBe(before);
  });

  test('pauses and continues with Space, but not while a text is typed', async () => {
    const { page, actor } = await watching();
    actor.send({ type: 'START' });
    await attached(activeState(page, 'nested.on.slow'));
    await page.keyboard.press('Space');
    await isLive(page, false);
    actor.send({ type: 'FASTER' });
    await attached(rows(page, /●on\.fast/));
    await attached(activeState(page, 'nested.on.slow'));
    await page.keyboard.press('Space');
    await isLive(page, true);
    await attached(activeState(page, 'nested.on.fast'));
    await page.locator('#search').focus();
    await page.keyboard.press('Space');
    await isLive(page, true);
  });

  test('is reached with Tab, and keeps the focus', async () => {
    const { page, actor } = await watching();
    keepSending(actor, 20);
    await attached(rows(page, 'START').first());
    const focused = () => page.evaluate(() => document.activeElement?.id ?? '');
    await page.locator('#chart').focus();
    for (let step = 0; step < 100 && (await focused()) !== 'timeline'; step += 1) {
      await page.keyboard.press('Tab');
    }
    expect(await focused()).toBe('timeline');
    await page.keyboard.press('ArrowUp');
    const selected = page.locator('#timeline [aria-selected=true]');
    await attached(selected);
    await attached(page.locator('#timeline-new:visible'));
    expect(await focused()).toBe('timeline');
    const active = await page.locator('#timeline').getAttribute('aria-activedescendant');
    expect(active).toBe(await selected.getAttribute('id'));
    await attached(page.locator('.said').filter({ hasText: /(START|STOP|on\.slow|off)/ }));
  });
});

const failing = createMachine({
  id: 'failing',
  initial: 'well',
  states: {
    well: { on: { FAIL: 'failed', NOTE: { actions: 'writeItDown' } } },
    failed: { tags: 'failed', on: { REPAIR: 'well' } },
  },
}).provide({ actions: { writeItDown: () => undefined } });

describePage('the rows of the timeline', () => {
  test('mark failures and events that were not handled, and can be limited to them', async () => {
    const { page, actor } = await watching(failing);
    for (const type of ['FAIL', 'NONSENSE', 'REPAIR', 'NOTE']) actor.send({ type });
    await attached(page.locator('#timeline .row.failure').filter({ hasText: '●failed' }));
    const unhandled = page.locator('#timeline .row.unhandled');
    await attached(unhandled.filter({ hasText: 'NONSENSE' }));
    expect(await unhandled.count()).toBe(1);
    expect(await unhandled.getAttribute('title')).toContain('not handled');
    await page.locator('#show-unhandled').check();
    await detached(rows(page, 'REPAIR'));
    await attached(unhandled);
    actor.send({ type: 'NONSENSE' });
    await attached(unhandled.nth(1));
    await page.locator('#show-unhandled').uncheck();
    await page.locator('#show-errors').check();
    await detached(rows(page, 'REPAIR'));
    expect(await page.locator('#timeline .row').count()).toBe(1);
  });

  test('lead to the next and the previous failure with e and E', async () => {
    const { page, actor } = await watching(failing);
    for (const type of ['FAIL', 'REPAIR', 'NOTE', 'FAIL', 'REPAIR']) actor.send({ type });
    await attached(page.locator('#timeline .row.failure').nth(1));
    const seqs = await page
      .locator('#timeline .row.failure')
      .evaluateAll((all) => all.map((row) => row.getAttribute('data-seq')));
    const selected = async (at: number) => {
      await attached(page.locator(`#timeline [aria-selected=true][data-seq="${seqs[at] ?? ''}"]`));
    };
    await page.keyboard.press('e');
    await selected(0);
    await page.keyboard.press('e');
    await selected(1);
    await page.keyboard.press('e');
    await attached(page.locator('.said').filter({ hasText: 'There is no later failure' }));
    await selected(1);
    await page.keyboard.press('Shift+E');
    await selected(0);
  });

  test('say how much later they are than the one before, and than the selected one', async () => {
    const { page, actor } = await watching();
    for (const type of ['START', 'FASTER', 'STOP']) actor.send({ type });
    await attached(rows(page, /●off/));
    await rows(page, /→FASTER/).click();
    const stop = rows(page, /→STOP/);
    await attached(stop.locator('.since').filter({ hasText: /^\+[\d.]+ (m?s|min)$/ }));
    await attached(stop.locator('.distance').filter({ hasText: /^\+/ }));
    await attached(
      rows(page, /→START/)
        .locator('.distance')
        .filter({ hasText: /^−/ }),
    );
    expect(
      await rows(page, /→FASTER/)
        .locator('.distance')
        .textContent(),
    ).toBe('');
  });

  test('are found by actions, by fields, and by a pattern', async () => {
    const { page, actor } = await watching(failing);
    for (const type of ['NOTE', 'FAIL', 'REPAIR']) actor.send({ type });
    await attached(rows(page, 'REPAIR'));
    const search = page.locator('#search');
    await page.locator('#show-all').check();
    const found = async (query: string, text: string, missing: string | RegExp) => {
      await search.fill(query);
      await attached(rows(page, text));
      await detached(rows(page, missing));
    };
    await found('writeitdown', '●well', 'REPAIR');
    await found('event:repair', 'REPAIR', /→FAIL/);
    await found('state:failed', '●failed', 'REPAIR');
    await found('/\\b(repair|note)\\b/ -note', 'REPAIR', 'NOTE');
    // The field takes n and N for itself.
    await search.fill('event:repair');
    await detached(rows(page, /→FAIL/));
    await search.press('Enter');
    await attached(rows(page, 'REPAIR').and(page.locator('[aria-selected=true]')));
    await search.fill('/(/');
    await attached(page.locator('#search-problem').filter({ hasText: "A ')' is missing." }));
    await search.fill('');
    await detached(page.locator('#search-problem').filter({ hasText: 'missing' }));
  });

  test('can be limited to the selected actor', async () => {
    const { page, inspection, actor } = await watching();
    const other = actorOf(failing);
    cleanUp(() => other.stop());
    inspection.inspect.attach(other);
    other.start();
    other.send({ type: 'FAIL' });
    actor.send({ type: 'START' });
    await attached(rows(page, /→FAIL/));
    await page.locator('#scope').selectOption('actor');
    await detached(rows(page, /→FAIL/));
    await attached(rows(page, /→START/));
  });
});
