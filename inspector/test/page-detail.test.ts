import { describePage } from './browser.ts';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { assign, createActor, createMachine } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { activeState, attached, detached, rows, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`key${String(at)}`, at]));

const counter = createMachine({
  id: 'counter',
  context: { count: 0, deep: { list: ['a', { inner: 'needle' }], other: true }, many },
  on: { COUNT: { actions: 'count' }, DROP: { actions: 'drop' } },
}).provide({
  actions: {
    count: assign({ count: ({ context }) => context.count + 1 }),
    drop: assign({ deep: { list: ['a'], other: false } }),
  },
});

function started({ inspection }: Watching) {
  const actor = createActor(counter, { id: 'counter' });
  cleanUp(() => actor.stop());
  inspection.inspect.attach(actor);
  return actor.start();
}

/** The row of the context with a key. */
const row = (page: Page, key: string) =>
  page.locator(`ul[aria-label=Context] li:has(> .line > .key:text-is("${key}"))`);

describePage('the details of a machine that goes on', () => {
  test('stay open, keep the focus and the scroll position', async () => {
    const watching = await watch({ height: 500 });
    const { page } = watching;
    const actor = started(watching);
    for (const key of ['deep', 'list', '1']) await row(page, key).locator('> .line > .key').click();
    await attached(row(page, 'inner'));
    await page.evaluate(`document.getElementById('detail').scrollTop = 60`);
    await page.evaluate(`globalThis.focused = document.activeElement`);
    for (let round = 1; round <= 5; round += 1) {
      actor.send({ type: 'COUNT' });
      await attached(row(page, 'count').getByText(String(round), { exact: true }));
    }
    expect(await row(page, 'inner').isVisible()).toBe(true);
    expect(await page.evaluate(`document.activeElement === focused && focused.role`)).toBe(
      'treeitem',
    );
    expect(await page.evaluate(`document.getElementById('detail').scrollTop`)).toBe(60);
    // What is gone is removed, and what is left stays open.
    actor.send({ type: 'DROP' });
    await detached(row(page, 'inner'));
    await attached(row(page, '0').getByText('a', { exact: true }));
  });

  test('are a tree for the keyboard, with one stop for Tab', async () => {
    const watching = await watch();
    const { page } = watching;
    started(watching);
    await row(page, 'count').locator('> .line > .key').click();
    const key = () => page.locator('[role=treeitem]:focus > .line > .key').innerText();
    const path: string[] = [];
    for (const press of [
      'ArrowDown',
      'ArrowRight',
      'ArrowRight',
      'ArrowRight',
      'ArrowDown',
      'End',
      'Home',
    ]) {
      await page.keyboard.press(press);
      path.push(await key());
    }
    expect(path).toEqual(['deep', 'deep', 'list', 'list', '0', 'many', 'count']);
    for (const press of ['ArrowDown', 'ArrowLeft']) await page.keyboard.press(press);
    await detached(row(page, 'list'));
    const context = page.getByRole('tree', { name: 'Context' });
    expect(await context.locator('[role=treeitem][tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await context.locator(':focus').count()).toBe(0);
  });

  test('find a value, and open everything as far as there is room', async () => {
    const watching = await watch();
    const { page } = watching;
    started(watching);
    const search = page.getByRole('searchbox', { name: 'Search in Context' });
    await search.fill('needle');
    await attached(row(page, 'inner').locator('> .line[data-match]'));
    await attached(page.locator('.found').filter({ hasText: '1 of 1' }));
    await search.fill('key2345');
    await attached(row(page, 'key2345').locator('> .line[data-match]'));
    await search.fill('nowhere');
    await attached(page.locator('.found').filter({ hasText: 'not found' }));
    await page.getByRole('button', { name: 'Collapse: Context' }).click();
    await detached(row(page, 'key2345'));
    await page.getByRole('button', { name: 'Expand all: Context' }).click();
    const keys = page.locator('ul[aria-label=Context] .key');
    await attached(keys.filter({ hasText: 'key2345' }));
    await attached(keys.filter({ hasText: 'inner' }));
  });

  test('pin a value, which shows its changes and leads to their moments', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching);
    await row(page, 'count').hover();
    await row(page, 'count').getByRole('button', { name: 'pin' }).click();
    const panel = page.getByRole('region', { name: 'Pinned values' });
    await attached(panel.locator('.key').filter({ hasText: 'context.count' }));
    for (let round = 1; round <= 3; round += 1) actor.send({ type: 'COUNT' });
    await attached(panel.locator('.pin-value').filter({ hasText: '3' }));
    expect(await panel.locator('.sparkline').getAttribute('aria-label')).toBe(
      '4 values from 0 to 3',
    );
    await panel.locator('summary').click();
    await panel.locator('.pin-changes li').filter({ hasText: /1$/ }).getByRole('button').click();
    await attached(panel.locator('.pin-value').filter({ hasText: '1' }));
    await attached(page.locator('#detail .entry h3').filter({ hasText: 'State' }));
    // The tab keeps it.
    await page.reload();
    await attached(panel.locator('.key').filter({ hasText: 'context.count' }));
    await panel.getByRole('button', { name: 'Unpin context.count' }).click();
    await panel.waitFor({ state: 'hidden' });
  });
});

describePage('the alarm', () => {
  test('says first what failed and why, and leads to the entry', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'vm1', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await expect(protocol.connect('/missing/peer.sock')).rejects.toThrow('ENOENT');
    const alarm = page.locator('#detail .error');
    await attached(
      alarm.locator('.sentence').filter({ hasText: /^CONNECTING\.dialing failed after .*ENOENT/ }),
    );
    await attached(activeState(page, 'protocol.IDLE'));
    await attached(alarm.locator('.advice').filter({ hasText: 'Is the peer running' }));
    await alarm.getByRole('button', { name: 'Show when it happened' }).click();
    await attached(page.locator('#detail .entry h3:text-is("Event dialer failed")'));
    await attached(page.locator('#detail .entry .json .key:text-is("error")'));
    await page.locator('#live').click();
    await alarm.getByRole('button', { name: 'Show dialer, which failed first' }).click();
    await attached(page.locator('#detail h2:text-is("dialer")'));
    await attached(alarm.locator('.sentence').filter({ hasText: /^It failed after .*ENOENT/ }));
  });

  test('is silent about an earlier session, and an end that was expected', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'vm1', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await expect(protocol.connect('/missing/peer.sock')).rejects.toThrow('ENOENT');
    await attached(page.locator('#detail .error'));
    const [ours, theirs] = streamPair();
    const peer = track(new AsyncProtocol({ codec: jsonLines() }));
    await Promise.all([peer.connect({ stream: theirs }), protocol.connect({ stream: ours })]);
    await attached(activeState(page, 'protocol.RUNNING.open'));
    await page.locator('#detail .error').waitFor({ state: 'hidden' });
    protocol.expectEnd();
    await peer.disconnect();
    await attached(activeState(page, 'protocol.IDLE'));
    await attached(rows(page, /●IDLE/).nth(1));
    expect(await page.locator('#detail .error').isVisible()).toBe(false);
  });
});
