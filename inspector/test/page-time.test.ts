import { describePage } from './browser.ts';
import { expect, test } from 'vitest';
import { actorOf, nested, parallel } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { actorRow, gone, lit, rows, shown, watch, type Watching } from './watching.ts';

expectIdleAfterEach();

/** A machine that has been through some states, as the page shows it. */
async function travelled(): Promise<Watching & { actor: ReturnType<typeof actorOf> }> {
  const watching = await watch();
  const actor = actorOf(nested);
  cleanUp(() => actor.stop());
  watching.inspection.inspect.attach(actor);
  actor.start();
  for (const type of ['START', 'FASTER', 'STOP', 'START', 'PAUSE']) actor.send({ type });
  await shown(lit(watching.page, 'nested.paused'));
  return { ...watching, actor };
}

describePage('the timeline', () => {
  test('travels back to an entry that is clicked, and returns to the present', async () => {
    const { page, actor } = await travelled();
    await rows(page, /●on\.fast/).click();
    await shown(lit(page, 'nested.on.fast'));
    await gone(lit(page, 'nested.paused'));
    await shown(page.locator('#live[aria-pressed=false]').filter({ hasText: 'back to live' }));

    // What happens meanwhile does not move what is looked at.
    actor.send({ type: 'RESUME' });
    await shown(rows(page, /→RESUME/));
    await shown(lit(page, 'nested.on.fast'));

    await page.locator('#live').click();
    await shown(lit(page, 'nested.on.slow'));
    await gone(lit(page, 'nested.on.fast'));
    await shown(page.locator('#live[aria-pressed=true]'));
  });

  test('shows what ran out as it stood then', async () => {
    const { page, actor } = await travelled();
    actor.send({ type: 'RESUME' });
    await shown(lit(page, 'nested.on.slow'));
    await rows(page, /●paused/).click();
    await shown(lit(page, 'nested.paused'));
    const left = page.locator('#detail dt:text("after limit") + dd');
    expect(await left.textContent()).toBe('in 60.0 s');
  });

  test('is walked through by the keyboard', async () => {
    const { page } = await travelled();
    const timeline = page.locator('#timeline');
    await timeline.focus();
    await page.keyboard.press('Home');
    await shown(page.locator('#timeline .row[aria-selected=true]'));
    const walked: (string | null)[] = [];
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press('j');
      await page.evaluate('new Promise(requestAnimationFrame)');
      await page.evaluate('new Promise(requestAnimationFrame)');
      walked.push(await timeline.locator('.row[aria-selected=true] .what').textContent());
    }
    expect(walked).toEqual(['START', 'on.slow', 'FASTER', 'on.fast']);
    await page.keyboard.press('k');
    await page.keyboard.press('ArrowUp');
    await shown(lit(page, 'nested.on.slow'));
    await page.keyboard.press('End');
    await shown(lit(page, 'nested.paused'));
    await page.keyboard.press('Escape');
    await shown(page.locator('#live[aria-pressed=true]'));
  });

  test('is searched, and filtered by kind', async () => {
    const { page } = await travelled();
    await page.keyboard.press('/');
    await page.keyboard.type('faster');
    await gone(rows(page, 'START'));
    await shown(rows(page, /→FASTER/));
    await page.locator('#search').fill('');
    await shown(rows(page, 'START'));
    await page.locator('#show-event').uncheck();
    await gone(rows(page, '→'));
    await shown(rows(page, /●paused/));
    await page.locator('#show-state').uncheck();
    await gone(rows(page, '●'));
    await shown(rows(page, 'started'));
    await page.locator('#show-event').check();
    await page.locator('#show-state').check();
    expect(await rows(page, 'xstate.init').count()).toBe(0);
    await page.locator('#show-all').check();
    await shown(rows(page, 'xstate.init'));
  });

  test('is narrowed to one tree of actors', async () => {
    const { page, inspection } = await travelled();
    const other = actorOf(parallel);
    cleanUp(() => other.stop());
    inspection.inspect.attach(other);
    other.start();
    other.send({ type: 'BLOW' });
    await shown(rows(page, /→BLOW/));
    await page.locator('#scope').selectOption('family');
    await gone(rows(page, /→BLOW/));
    await shown(rows(page, /→START/));
    await actorRow(page, `machine ${other.sessionId}`).click();
    await shown(rows(page, /→BLOW/));
    await gone(rows(page, /→START/));
  });
});

describePage('the chart', () => {
  test('of a parallel machine lights one state in each region', async () => {
    const { inspection, page } = await watch();
    const actor = actorOf(parallel);
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'WARM' });
    for (const id of ['light.dark', 'air.fan.still', 'air.heat.warm']) {
      await shown(lit(page, `parallel.${id}`));
    }
    await gone(lit(page, 'parallel.air.heat.cold'));
    await shown(
      page.locator('#detail dd').filter({ hasText: 'light.dark | air.(fan.still | heat.warm)' }),
    );
  });

  test('grows and shrinks, and shows all of itself when asked', async () => {
    const { page } = await travelled();
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
    const shownPicture = await picture.boundingBox();
    expect(shownPicture?.width).toBeLessThanOrEqual(pane?.width ?? 0);
    expect(shownPicture?.height).toBeLessThanOrEqual(pane?.height ?? 0);
  });
});
