import { describePage } from './browser.ts';
import { expect, test } from 'vitest';
import { actorOf, nested } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { gone, lit, rows, shown, watch } from './watching.ts';

expectIdleAfterEach();

const ACTORS = 500;
const ROUNDS = 20;

describePage('the page, of 500 actors', () => {
  test(
    'shows them all, in the state that each is in, in few elements',
    { timeout: 60_000 },
    async () => {
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
      await shown(treeRows.nth(ACTORS - 1));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const actor of actors) actor.send({ type: round % 2 === 0 ? 'START' : 'STOP' });
        // As a program does that has other things to do, too.
        await new Promise(setImmediate);
      }
      for (const actor of actors) actor.send({ type: 'START' });
      await shown(treeRows.filter({ hasText: 'on.slow' }).nth(ACTORS - 1));
      expect(await treeRows.count()).toBe(ACTORS);
      expect(await page.locator('#timeline .row').count()).toBeLessThan(100);
      await shown(lit(page, 'nested.on.slow'));

      // The page answers while it is kept busy.
      const last = actors.at(-1);
      await treeRows.last().click();
      last?.send({ type: 'PAUSE' });
      await shown(lit(page, 'nested.paused'));
      await page.locator('#scope').selectOption('family');
      await shown(rows(page, /→PAUSE/));
    },
  );

  test('forgets the oldest of more than it keeps', { timeout: 60_000 }, async () => {
    const { inspection, page } = await watch();
    const actor = actorOf(nested);
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    await shown(lit(page, 'nested.off'));
    for (let round = 0; round < 6_000; round += 1) {
      actor.send({ type: 'START' });
      actor.send({ type: 'STOP' });
      if (round % 100 === 0) await new Promise(setImmediate);
    }
    actor.send({ type: 'START' });
    await shown(lit(page, 'nested.on.slow'));
    await shown(page.locator('#count').filter({ hasText: ' of 20000' }));
    // The very first is gone, and what is left can still be travelled.
    await page.locator('#timeline').focus();
    await page.keyboard.press('Home');
    await gone(rows(page, 'started'));
    await shown(page.locator('#live[aria-pressed=false]'));
  });
});
