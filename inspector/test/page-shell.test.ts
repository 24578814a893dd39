import { describePage, openPage } from './browser.ts';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { inspectTo } from '../../src/inspect/index.ts';
import { openProgram, registration, state } from '../../test/inspector/fake-program.ts';
import { actorOf, createActor, createMachine, nested } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { type Inspector, startInspector } from '../src/index.ts';
import { activeState, actorRow, attached, detached, rows, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

/** A page with a machine that has been through several states, below another one. */
async function withHistory(): Promise<Watching> {
  const watching = await watch();
  const parent = createActor(
    createMachine({ invoke: { src: 'nested', id: 'nested' } }).provide({ actors: { nested } }),
    { id: 'parent' },
  );
  cleanUp(() => parent.stop());
  watching.inspection.inspect.attach(parent);
  parent.start();
  for (const type of ['START', 'FASTER', 'STOP']) {
    parent.getSnapshot().children['nested']?.send({ type });
  }
  await attached(rows(watching.page, /●off/));
  return watching;
}

/** A page whose inspector may end. */
async function pageOf(inspector: Inspector): Promise<Page> {
  const open = await openPage(inspector.url, { expectErrors: true });
  cleanUp(() => open.close());
  return open.page;
}

const status = (page: Page, text: string) =>
  attached(page.locator('#connection').filter({ hasText: text }));

const selected = (page: Page, name: string) =>
  attached(page.locator('#tree [aria-selected=true]').filter({ hasText: name }));

describePage('the URL of the page', () => {
  test('keeps the actor, the moment, the view and the filters when the page is loaded again', async () => {
    const { page } = await withHistory();
    await rows(page, /●on\.fast/).click();
    await selected(page, 'nested');
    await page.locator('#search').fill('on.');
    await page.locator('#actor-sort').selectOption('name');
    await page.locator('#tab-lanes').click();
    await page.waitForURL(/actor=program\/parent\/nested&at=\d+@\d+&view=lanes/);
    await page.waitForURL(/sort=name/);
    await page.waitForURL(/search=on\./);
    expect(page.url()).not.toContain('token');
    await page.reload();
    await attached(activeState(page, 'nested.on.fast'));
    await selected(page, 'nested');
    await attached(page.locator('#tab-lanes[aria-selected=true]'));
    await attached(page.locator('#live[aria-pressed=false]'));
    expect(await page.locator('#actor-sort').inputValue()).toBe('name');
    expect(await page.locator('#search').inputValue()).toBe('on.');
  });

  test.each([
    ['values that are none', '#actor=%&at=1@2&view=nothing'],
    ['a path of many actors', `#actor=program/${'x/'.repeat(500)}y&at=9999999999@1`],
    ['names of controls that are none', '#sort=errors<script>&ended=7&__proto__=1'],
    ['the id of an element', '#live'],
  ])('may be hostile: %s', async (_, fragment) => {
    const { page } = await withHistory();
    await page.evaluate((hash) => {
      location.hash = hash;
    }, fragment);
    await page.reload();
    await attached(activeState(page, 'nested.off').or(page.locator('#chart .node')));
    await attached(page.locator('#live[aria-pressed=true]'));
    expect(await page.locator('.failed').count()).toBe(0);
  });

  test('loses the token at once, and the page says what to do without one', async () => {
    const inspector = await startInspector();
    cleanUp(() => inspector.close());
    const page = await pageOf(inspector);
    await attached(page.locator('#welcome pre').filter({ hasText: inspector.url }));
    expect(page.url()).not.toContain('token');
    const noProgram = page.locator('#tree').getByText('No program is connected');
    await attached(noProgram);
    await page.evaluate('sessionStorage.clear()');
    await page.reload();
    await status(page, 'This page has no token. Open the URL that the inspector printed');
    // There may be programs: the page does not know.
    expect(await noProgram.count()).toBe(0);
  });
});

describePage('the sentence about the connection', () => {
  test('says that the inspector has ended, keeps what was shown, and goes when it is back', async () => {
    const { inspector, page } = await (async () => {
      const inspector = await startInspector();
      return { inspector, page: await pageOf(inspector) };
    })();
    const inspection = inspectTo(inspector.url, { name: 'program' });
    const actor = actorOf(nested);
    inspection.inspect.attach(actor);
    actor.start();
    await attached(activeState(page, 'nested.off'));
    actor.stop();
    await inspection.close();
    await inspector.close();
    await status(page, 'It is tried again every 8 s. What was shown stays.');
    await rows(page, 'started').first().click();
    await attached(page.locator('#live[aria-pressed=false]'));
    await attached(page.locator('#chart .node'));

    const { port } = new URL(inspector.url);
    const other = await startInspector({ port: Number(port) });
    cleanUp(() => other.close());
    await status(page, 'it was started again with another token. Open the URL that it printed');
    await page.goto(other.url);
    await page.locator('#connection:empty').waitFor({ state: 'attached' });
  });
});

describePage('the keyboard', () => {
  test('goes through the panes, and each press of Escape does one thing', async () => {
    const { page } = await withHistory();
    const focused = (selector: string) => attached(page.locator(`${selector}:focus`));
    for (const selector of ['#tree [role=treeitem]', '#chart', '#detail', '#tab-timeline']) {
      await page.keyboard.press('F6');
      await focused(selector);
    }
    await page.keyboard.press('Shift+F6');
    await focused('#detail');

    await page.keyboard.press(' ');
    await attached(page.locator('#live[aria-pressed=false]'));
    await page.keyboard.press('/');
    await focused('#search');
    await page.keyboard.press('Escape');
    await detached(page.locator('#search:focus'));
    await attached(page.locator('#live[aria-pressed=false]'));
    await page.keyboard.press('?');
    await attached(page.locator('#keys[open]'));
    await page.keyboard.press('Escape');
    await detached(page.locator('#keys[open]'));
    await attached(page.locator('#live[aria-pressed=false]'));
    await page.keyboard.press('Escape');
    await attached(page.locator('#live[aria-pressed=true]'));
  });

  test('selects, folds and unfolds actors, which a screen reader hears', async () => {
    const { page } = await withHistory();
    await actorRow(page, 'parent').click();
    await attached(page.locator('#tree [role=treeitem]:focus'));
    await page.keyboard.press('ArrowLeft');
    await detached(actorRow(page, 'nested'));
    await page.keyboard.press('ArrowRight');
    await attached(actorRow(page, 'nested'));
    await page.keyboard.press('ArrowRight');
    await selected(page, 'nested');
    await attached(page.locator('#announcer').filter({ hasText: 'nested: off' }));
  });

  test('moves a splitter, whose place is kept, and closes a pane', async () => {
    const { page } = await withHistory();
    const width = async () => (await page.locator('.pane.tree').boundingBox())?.width ?? 0;
    const before = await width();
    await page.locator('[data-splitter=left]').focus();
    await page.keyboard.press('ArrowRight');
    const after = await width();
    expect(after).toBe(before + 16);
    await page.reload();
    await attached(actorRow(page, 'parent'));
    expect(await width()).toBe(after);
    await page.locator('[data-splitter=left]').dblclick();
    expect(await width()).toBe(before);
    await page.locator('[data-toggle=left]').click();
    await page.locator('.pane.tree').waitFor({ state: 'hidden' });
    await page.reload();
    await page.locator('.pane.chart').waitFor();
    expect(await page.locator('.pane.tree').isVisible()).toBe(false);
  });
});

describePage('a program that is started again', () => {
  test('is followed: its earlier run is folded, and can be forgotten', async () => {
    const inspector = await startInspector();
    cleanUp(() => inspector.close());
    const page = await pageOf(inspector);
    const actors = (parent: string, child: string) => [
      registration(parent, { id: 'root' }),
      registration(child, { id: 'job', parent }),
    ];
    const first = await openProgram(inspector, { name: 'server' }, actors('x:0', 'x:1'));
    await actorRow(page, 'job').click();
    first.socket.terminate();
    await attached(page.locator('.program[data-source=disconnected]'));
    const second = await openProgram(inspector, { name: 'server', pid: 4712 });
    // Its actors start one after the other.
    const [root, job] = actors('x:7', 'x:9');
    second.send(root ?? {});
    await attached(page.locator('#notice').filter({ hasText: 'server was started again' }));
    await attached(page.locator('[data-actor="p2/x:7"][aria-selected=true]'));
    second.send(job ?? {}, state('x:9', 'open'));
    await attached(page.locator('[data-actor="p2/x:9"][aria-selected=true]'));
    await attached(activeState(page, 'door.open'));
    const earlier = page.locator('.program').filter({ hasText: 'earlier run' });
    await attached(earlier.locator('.fold[aria-expanded=false]'));
    await earlier.locator('.forget').click();
    await detached(earlier);
    await attached(activeState(page, 'door.open'));
  });
});

describePage('many actors', () => {
  test('can be filtered and ordered, with the number of failures on their rows', async () => {
    const { page, inspection } = await withHistory();
    const failing = createMachine({
      initial: 'on',
      states: { on: { on: { FAIL: 'broken' } }, broken: { tags: 'failed' } },
    });
    for (const id of ['alpha', 'beta']) {
      const actor = createActor(failing, { id });
      cleanUp(() => actor.stop());
      inspection.inspect.attach(actor);
      actor.start();
      if (id === 'beta') actor.send({ type: 'FAIL' });
    }
    await attached(actorRow(page, 'beta').locator('.badge').filter({ hasText: '1' }));
    await page.locator('#actor-show').selectOption('failed');
    await detached(actorRow(page, 'alpha'));
    await attached(actorRow(page, 'beta'));
    await page.locator('#actor-show').selectOption('all');
    await page.locator('#actor-sort').selectOption('errors');
    const first = page.locator('#tree [role=treeitem]').first();
    await attached(first.filter({ hasText: 'beta' }));
    await page.locator('#actor-filter').fill('state=off');
    await attached(actorRow(page, 'nested'));
    await detached(actorRow(page, 'beta'));
  });
});
