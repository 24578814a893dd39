/** The setup for tests of the page: an inspector, a report to it, and a page. */

import type { Locator, Page } from 'playwright-core';
import { type Inspection, inspectTo } from '../../src/inspect/index.ts';
import { cleanUp } from '../../test/support/cleanup.ts';
import { type Inspector, type InspectorOptions, startInspector } from '../src/index.ts';
import { openPage } from './browser.ts';

/** Everything that `watch()` has started. */
export interface Watching {
  readonly inspector: Inspector;
  readonly inspection: Inspection;
  readonly page: Page;
}

/** Starts all three; they are closed after the test. */
export async function watch(
  options: InspectorOptions & Parameters<typeof openPage>[1] & { readonly name?: string } = {},
): Promise<Watching> {
  const { name = 'program', ...others } = options;
  const inspector = await startInspector(others);
  const inspection = inspectTo(inspector.url, { name, control: true });
  const opening = openPage(inspector.url, others);
  cleanUp(async () => {
    try {
      // The page is closed first: a page that is still loading reports an error when its server closes.
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

/** A highlighted state of the chart. */
export const activeState = (page: Page, id: string): Locator =>
  page.locator(`#chart .node[data-node="${id}"][data-active]`);

/** Resolves when the page contains the element. */
export const attached = (locator: Locator): Promise<void> =>
  locator.first().waitFor({ state: 'attached' });

/** Resolves when the page does not contain the element any more. */
export const detached = (locator: Locator): Promise<void> =>
  locator.first().waitFor({ state: 'detached' });

/** The rows of the timeline with a text. */
export const rows = (page: Page, text: string | RegExp): Locator =>
  page.locator('#timeline .row').filter({ hasText: text });
