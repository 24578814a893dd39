import { describePage } from './browser.ts';
import { expect, test } from 'vitest';
import { actorOf, nested } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { detached, activeState, rows, attached, watch } from './setup.ts';

expectIdleAfterEach();

const ACTORS = 500;
const ROUNDS = 20;

describePage('the page with 500 actors', () => {
  test('shows all of them with their states, in few elements', async () => {
    const { inspection, page } = await watch();
    const actors = Array.from({ length: ACTORS }, () => actorOf(nested));
    cleanUp(() => {
      for (const actor of actors) actor.stop();
    });
    for (const actor of actors) {
      inspection.inspect.attach(actor);
      actor.start();
    }
    const treeRows = page.locator('#tree [role=treeitem]');
    await attached(treeRows.nth(ACTORS - 1));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const actor of actors) actor.send({ type: round % 2 === 0 ? 'START' : 'STOP' });
      // A real program yields between events.
      await new Promise(setImmediate);
    }
    for (const actor of actors) actor.send({ type: 'START' });
    await attached(treeRows.filter({ hasText: 'on.slow' }).nth(ACTORS - 1));
    expect(await treeRows.count()).toBe(ACTORS);
    expect(await page.locator('#timeline .row').count()).toBeLessThan(100);
    await attached(activeState(page, 'nested.on.slow'));

    // The page reacts while it is busy.
    const last = actors.at(-1);
    await treeRows.last().click();
    last?.send({ type: 'PAUSE' });
    await attached(activeState(page, 'nested.paused'));
    await page.locator('#scope').selectOption('tree');
    await attached(rows(page, /→PAUSE/));
  });

  test('drops the oldest entries beyond its bound', async () => {
    const { inspection, page } = await watch();
    const actor = actorOf(nested);
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    await attached(activeState(page, 'nested.off'));
    for (let round = 0; round < 6_000; round += 1) {
      actor.send({ type: 'START' });
      actor.send({ type: 'STOP' });
      if (round % 100 === 0) await new Promise(setImmediate);
    }
    actor.send({ type: 'START' });
    await attached(activeState(page, 'nested.on.slow'));
    await attached(page.locator('#count').filter({ hasText: ' of 20000' }));
    // The first entry is dropped; the kept ones can still be selected.
    await page.locator('#timeline').focus();
    await page.keyboard.press('Home');
    await detached(rows(page, 'started'));
    await attached(page.locator('#live[aria-pressed=false]'));
  });
});
