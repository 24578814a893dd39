import { describePage, openPage } from './browser.ts';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { createActor, createMachine, fromPromise } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { VIEWS } from '../page/dock.ts';
import { startInspector } from '../src/index.ts';
import { attached, rows, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** An entry in the lanes is a drawing, whose name says in words what its place and its texts show. */
const OPTIONS = JSON.stringify({
  resultTypes: ['violations'],
  rules: { 'label-content-name-mismatch': { enabled: false } },
});

/** The violations of axe, each with the elements that have it. */
async function violations(page: Page): Promise<string[]> {
  // Evaluated, because the page allows no scripts of other origins.
  await page.evaluate(`if (!('axe' in globalThis)) { ${AXE} }`);
  return page.evaluate(`axe.run(document, ${OPTIONS}).then(({ passes, violations }) =>
    passes.length === 0 ? ['nothing was checked'] : violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => [id, html.slice(0, 200), failureSummary].join('\\n'))))`);
}

/** A machine whose invoked actor has failed, and a living one below another. */
function started({ inspection }: Watching): void {
  const work = fromPromise(() => Promise.reject(new Error('No space left')));
  const child = createMachine({ id: 'child', initial: 'on', states: { on: {} } });
  const machine = createMachine({
    id: 'job',
    context: { disks: ['a', 'b'], size: 3, error: new Error('earlier') },
    initial: 'running',
    states: {
      running: {
        description: 'Copies',
        invoke: [
          { src: 'work', id: 'copy', onError: 'broken' },
          { src: 'child', id: 'child' },
        ],
        after: { 60_000: 'broken' },
      },
      broken: { tags: ['failed'], on: { RETRY: 'running', FORGET: {} }, invoke: { src: 'child' } },
    },
  });
  const actor = createActor(machine.provide({ actors: { work, child } }), { id: 'job' });
  cleanUp(() => actor.stop());
  inspection.inspect.attach(actor);
  actor.start();
}

describePage('axe finds nothing', () => {
  test.each([false, true])('in the empty page, dark: %s', async (dark) => {
    const inspector = await startInspector();
    cleanUp(() => inspector.close());
    const open = await openPage(inspector.url, { dark });
    cleanUp(() => open.close());
    const { page } = open;
    await attached(page.locator('#welcome pre'));
    expect(await violations(page)).toEqual([]);
  });

  test.each([false, true])('in any view, live and in the past, dark: %s', async (dark) => {
    const watching = await watch({ dark, control: true });
    const { page } = watching;
    started(watching);
    await attached(rows(page, 'broken'));
    await attached(page.locator('#tree .badge').filter({ hasText: /\d/ }));
    for (const view of VIEWS) {
      await page.locator(`#tab-${view}`).click();
      await page.locator(`#view-${view}`).waitFor();
      expect(await violations(page), view).toEqual([]);
    }
    await page.locator('#tab-timeline').click();
    await rows(page, 'broken').first().click();
    await attached(page.locator('#live[aria-pressed=false]'));
    expect(await violations(page), 'in the past').toEqual([]);
    await page.locator('#ended').check();
    await page.keyboard.press('Escape');
    await page.locator('#help').click();
    await page.locator('#keys').waitFor();
    expect(await violations(page), 'with a dialog').toEqual([]);
  });

  test.each(['tree', 'chart', 'time', 'detail'])('on a phone, in the pane %s', async (tab) => {
    const watching = await watch({ width: 420, height: 800, dark: tab === 'chart' });
    const { page } = watching;
    started(watching);
    await page.locator(`[data-tab=${tab}]`).click();
    await attached(rows(page, 'broken'));
    expect(await violations(page)).toEqual([]);
  });
});
