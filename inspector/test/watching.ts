/** What the tests of the page have in common: an inspector, a program that reports to it, and a page. */

import type { Locator, Page } from 'playwright-core';
import { type Inspection, inspectTo } from '../../src/inspect/index.ts';
import { cleanUp } from '../../test/support/cleanup.ts';
import { type Inspector, type InspectorOptions, startInspector } from '../src/index.ts';
import { openPage } from './browser.ts';

/** See the module's comment. */
export interface Watching {
  readonly inspector: Inspector;
  readonly inspection: Inspection;
  readonly page: Page;
}

/** Starts all three; they end with the test. */
export async function watch(
  options: InspectorOptions & Parameters<typeof openPage>[1] = {},
): Promise<Watching> {
  const inspector = await startInspector(options);
  const inspection = inspectTo(inspector.url, { name: 'program' });
  const opening = openPage(inspector.url, options);
  cleanUp(async () => {
    try {
      // First the page: one that is still loading would rightly complain of a server that has gone.
      await (await opening).close();
    } finally {
      await inspection.close();
      await inspector.close();
    }
  });
  const open = await opening;
  return { inspector, inspection, page: open.page };
}

/** The row of an actor in the tree. */
export const actorRow = (page: Page, name: string): Locator =>
  page.locator('#tree [role=treeitem]').filter({ has: page.getByText(name, { exact: true }) });

/** A state that is lit in the chart. */
export const lit = (page: Page, id: string): Locator =>
  page.locator(`#chart .node[data-node="${id}"][data-active]`);

/** Resolves when the page shows it. */
export const shown = (locator: Locator): Promise<void> =>
  locator.first().waitFor({ state: 'attached' });

/** Resolves when the page does not show it any more. */
export const gone = (locator: Locator): Promise<void> =>
  locator.first().waitFor({ state: 'detached' });

/** The rows of the timeline that say something. */
export const rows = (page: Page, text: string | RegExp): Locator =>
  page.locator('#timeline .row').filter({ hasText: text });
