import { describePage } from './browser.ts';
import { expect, test, vi } from 'vitest';
import { actorOf, nested, parallel } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { actorRow, detached, activeState, rows, attached, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

/** A page with a machine that has been through several states. */
async function withHistory(): Promise<Watching & { actor: ReturnType<typeof actorOf> }> {
  const watching = await watch();
  const actor = actorOf(nested);
  cleanUp(() => actor.stop());
  watching.inspection.inspect.attach(actor);
  actor.start();
  for (const type of ['START', 'FASTER', 'STOP', 'START', 'PAUSE']) actor.send({ type });
  await attached(activeState(watching.page, 'nested.paused'));
  return { ...watching, actor };
}

describePage('the timeline', () => {
  test('shows the moment of a clicked entry, and returns to live', async () => {
    const { page, actor } = await withHistory();
    await rows(page, /●on\.fast/).click();
    await attached(activeState(page, 'nested.on.fast'));
    await detached(activeState(page, 'nested.paused'));
    await attached(page.locator('#live[aria-pressed=false]').filter({ hasText: 'back to live' }));

    // New entries do not change the selected moment.
    actor.send({ type: 'RESUME' });
    await attached(rows(page, /→RESUME/));
    await attached(activeState(page, 'nested.on.fast'));

    await page.locator('#live').click();
    await attached(activeState(page, 'nested.on.slow'));
    await detached(activeState(page, 'nested.on.fast'));
    await attached(page.locator('#live[aria-pressed=true]'));
  });

  test('shows the remaining time of a deadline at that moment', async () => {
    // The program's clock, which no busy machine advances while it enters a state.
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.now() });
    cleanUp(() => vi.useRealTimers());
    const { page, actor } = await withHistory();
    vi.advanceTimersByTime(5_000);
    actor.send({ type: 'RESUME' });
    await attached(activeState(page, 'nested.on.slow'));
    await rows(page, /●paused/).click();
    await attached(activeState(page, 'nested.paused'));
    const left = page.locator('#detail dt:text("after limit") + dd');
    expect(await left.textContent()).toBe('in 60.0 s');
  });

  test('can be navigated with the keyboard', async () => {
    const { page } = await withHistory();
    const timeline = page.locator('#timeline');
    await timeline.focus();
    await page.keyboard.press('Home');
    await attached(page.locator('#timeline .row[aria-selected=true]'));
    const selected: (string | null)[] = [];
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press('j');
      await page.evaluate('new Promise(requestAnimationFrame)');
      await page.evaluate('new Promise(requestAnimationFrame)');
      selected.push(await timeline.locator('.row[aria-selected=true] .what').textContent());
    }
    expect(selected).toEqual(['START', 'on.slow', 'FASTER', 'on.fast']);
    await page.keyboard.press('k');
    await page.keyboard.press('ArrowUp');
    await attached(activeState(page, 'nested.on.slow'));
    await page.keyboard.press('End');
    await attached(activeState(page, 'nested.paused'));
    await page.keyboard.press('Escape');
    await attached(page.locator('#live[aria-pressed=true]'));
  });

  test('can be searched, and filtered by kind', async () => {
    const { page } = await withHistory();
    await page.keyboard.press('/');
    await page.keyboard.type('faster');
    await detached(rows(page, 'START'));
    await attached(rows(page, /→FASTER/));
    await page.locator('#search').fill('');
    await attached(rows(page, 'START'));
    await page.locator('#show-event').uncheck();
    await detached(rows(page, '→'));
    await attached(rows(page, /●paused/));
    await page.locator('#show-state').uncheck();
    await detached(rows(page, '●'));
    await attached(rows(page, 'started'));
    await page.locator('#show-event').check();
    await page.locator('#show-state').check();
    expect(await rows(page, 'xstate.init').count()).toBe(0);
    await page.locator('#show-all').check();
    await attached(rows(page, 'xstate.init'));
  });

  test('can be limited to one tree of actors', async () => {
    const { page, inspection } = await withHistory();
    const other = actorOf(parallel);
    cleanUp(() => other.stop());
    inspection.inspect.attach(other);
    other.start();
    other.send({ type: 'BLOW' });
    await attached(rows(page, /→BLOW/));
    await page.locator('#scope').selectOption('tree');
    await detached(rows(page, /→BLOW/));
    await attached(rows(page, /→START/));
    await actorRow(page, `parallel ${other.sessionId}`).click();
    await attached(rows(page, /→BLOW/));
    await detached(rows(page, /→START/));
  });
});

describePage('the chart', () => {
  test('of a parallel machine highlights one state in each region', async () => {
    const { inspection, page } = await watch();
    const actor = actorOf(parallel);
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'WARM' });
    for (const id of ['light.dark', 'air.fan.still', 'air.heat.warm']) {
      await attached(activeState(page, `parallel.${id}`));
    }
    await detached(activeState(page, 'parallel.air.heat.cold'));
    await attached(
      page.locator('#detail dd').filter({ hasText: 'light.dark | air.(fan.still | heat.warm)' }),
    );
  });

  test('can be zoomed, and fits the pane on request', async () => {
    const { page } = await withHistory();
    const picture = page.locator('#chart svg');
    const width = async () => Number(await picture.getAttribute('width'));
    const before = await width();
    await page.locator('#zoom-in').click();
    expect(await width()).toBeGreaterThan(before);
    await page.locator('#zoom-out').click();
    await page.locator('#zoom-out').click();
    expect(await width()).toBeLessThan(before);
    await page.locator('#zoom-fit').click();
    const pane = await page.locator('#chart').boundingBox();
    const pictureBox = await picture.boundingBox();
    expect(pictureBox?.width).toBeLessThanOrEqual(pane?.width ?? 0);
    expect(pictureBox?.height).toBeLessThanOrEqual(pane?.height ?? 0);
  });
});
