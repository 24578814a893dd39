/** The view "Coverage" of the page. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describePage } from './browser.ts';
import { type Watching, watch } from './setup.ts';
import { expectIdleAfterEach, tempDir } from '../../test/support/cleanup.ts';
import { createActor, createMachine } from '../../test/inspector/machines.ts';
import { parseCoverage } from '../shared/coverage-file.ts';

expectIdleAfterEach();

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: 'open', KICK: 'broken' } },
    open: { on: { CLOSE: 'closed' } },
    broken: {},
  },
});

/** Starts a door, opens it twice, and opens the view. */
async function openCoverage(options: Parameters<typeof watch>[0] = {}): Promise<Watching> {
  const watching = await watch(options);
  const actor = createActor(door, { inspect: watching.inspection.inspect }).start();
  for (const type of ['OPEN', 'CLOSE', 'OPEN', 'CLOSE', 'KNOCK']) actor.send({ type });
  await watching.page.getByRole('tab', { name: 'Coverage' }).click();
  return watching;
}

/** The texts of a row's cells, when the row is there. */
const cells = async (page: Page, table: string, name: string): Promise<string[]> =>
  page
    .getByRole('table', { name: table })
    .getByRole('row')
    .filter({ has: page.getByText(name, { exact: true }) })
    .getByRole('cell')
    .allTextContents();

const firstRow = (page: Page, table: string): Promise<string | null> =>
  page.getByRole('table', { name: table }).locator('tbody th').first().textContent();

describePage('the coverage', () => {
  it('shows what was never entered or taken first, and how often the rest was', async () => {
    const { page } = await openCoverage();
    await page
      .getByText('door: 2 of 3 (66 %) states, 2 of 3 (66 %) transitions, 1 actor')
      .waitFor();
    expect(await firstRow(page, 'States')).toBe('broken');
    expect(await firstRow(page, 'Transitions')).toBe('closed – KICK → broken');
    expect((await cells(page, 'States', 'closed'))[0]).toBe('3');
    expect(await cells(page, 'Transitions', 'open – CLOSE → closed')).toEqual(['2']);
    expect(await cells(page, 'Events', 'KNOCK')).toEqual(['1', '1']);
  });

  it('sorts, filters, and shows a state in the chart, where the missing ones are marked', async () => {
    const { page } = await openCoverage();
    await page.locator('#chart .node[data-node="door.broken"][data-covered="no"]').waitFor();
    expect(await page.locator('#chart [data-node="door.open"]').getAttribute('data-covered')).toBe(
      'yes',
    );
    const view = page.locator('#coverage');
    await view.getByLabel('Order').selectOption('by name');
    await view.getByLabel('Filter').fill('CLOSE');
    await page.waitForFunction(
      () => document.querySelectorAll('#coverage table[aria-label="States"] tbody tr').length === 1,
    );
    await view.getByRole('button', { name: 'closed', exact: true }).click();
    await page.getByText('entered 3 times', { exact: false }).waitFor();
  });

  it('exports a file, counts from 0 again, and merges the file', async () => {
    const { page } = await openCoverage();
    const view = page.locator('#coverage');
    await view.getByText('2 of 3 (66 %) transitions,').waitFor();
    const downloading = page.waitForEvent('download');
    await view.getByRole('button', { name: 'Export' }).click();
    const path = join(await tempDir(), 'coverage.json');
    await (await downloading).saveAs(path);
    expect(parseCoverage(readFileSync(path, 'utf8')).machines).toMatchObject([
      { machine: 'door', states: [{ entered: 3 }, { entered: 2 }, { entered: 0 }] },
    ]);
    await view.getByRole('button', { name: 'Reset' }).click();
    await view.getByText('0 of 3 (0 %) transitions,').waitFor();
    await view.locator('input[type=file]').setInputFiles(path);
    await view.getByText('2 of 3 (66 %) transitions,').waitFor();
  });

  it('says why a file cannot be merged', async () => {
    const { page } = await openCoverage();
    const path = join(await tempDir(), 'other.json');
    writeFileSync(path, '{"type":"wirechart.coverage","version":9}');
    const view = page.locator('#coverage');
    await view.locator('input[type=file]').setInputFiles(path);
    await view.getByText('Cannot merge other.json: The file has another version than 1').waitFor();
  });
});
