/** The view "Compare" of the page. */

import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describePage } from './browser.ts';
import { type Watching, watch } from './setup.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { assign, createActor, createMachine } from '../../test/inspector/machines.ts';

expectIdleAfterEach();

const vm = createMachine({
  id: 'vm',
  context: { tries: 0 },
  initial: 'idle',
  states: {
    idle: { on: { DIAL: 'dialing' } },
    dialing: { on: { OPENED: 'open', FAILED: { target: 'idle', actions: assign({ tries: 1 }) } } },
    open: { on: { PING: {} } },
  },
});

const PINGS = Array<string>(12).fill('PING');

/** Starts two machines, which get these events, and opens the view. */
async function compare(
  left: readonly string[],
  right: readonly string[],
  options: Parameters<typeof watch>[0] = {},
): Promise<Watching & { readonly send: (type: string) => void }> {
  const watching = await watch(options);
  const actors = [left, right].map((events, at) => {
    const actor = createActor(vm, {
      id: `vm${String(at + 1)}`,
      inspect: watching.inspection.inspect,
    }).start();
    for (const type of events) actor.send({ type });
    return actor;
  });
  await watching.page.locator('#tree [role=treeitem]').nth(1).waitFor();
  await watching.page.getByRole('tab', { name: 'Compare' }).click();
  return { ...watching, send: (type) => actors[1]?.send({ type }) };
}

const said = (page: Page, text: string): Promise<void> =>
  page.locator('#compare .difference').getByText(text).waitFor();

describePage('the comparison of two actors', () => {
  it('proposes two runs of a machine, which the choice tells apart, as soon as there are two', async () => {
    const { inspector, inspection, page } = await watch();
    const lamp = createMachine({ id: 'lamp', initial: 'off', states: { off: {} } });
    createActor(vm, { id: 'vm1', inspect: inspection.inspect }).start();
    createActor(lamp, { id: 'lamp', inspect: inspection.inspect }).start();
    await page.locator('#tree [role=treeitem]').nth(1).waitFor();
    await page.getByRole('tab', { name: 'Compare' }).click();
    const sides = page.locator('#compare select');
    const shown = (at: number) => sides.nth(at).locator('option:checked').textContent();
    await page.waitForFunction(() => document.querySelector('#compare select')?.textContent !== '');
    expect([await shown(0), await shown(1)].sort()).toEqual(['lamp – program', 'vm1 – program']);

    const again = inspectTo(inspector.url, { name: 'program' });
    cleanUp(() => again.close());
    createActor(vm, { id: 'vm1', inspect: again.inspect }).start();
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLSelectElement>('#compare select')].every((side) =>
        /^vm1 – program, \d\d:/.test(side.selectedOptions[0]?.textContent ?? ''),
      ),
    );
    expect(await shown(0)).not.toBe(await shown(1));
  });

  it('tells the first difference, and shows it beside the equal steps, which are folded', async () => {
    const { page } = await compare(
      ['DIAL', 'OPENED', ...PINGS, 'DIAL'],
      ['DIAL', 'OPENED', ...PINGS],
    );
    await said(page, "only the left got 'DIAL'.");
    const fold = page.locator('#compare .fold button');
    expect(await fold.textContent()).toBe('12 equal steps');
    await fold.click();
    await page.waitForFunction(() => document.querySelectorAll('#compare .row').length === 16);
    expect(await page.locator('#compare .row[data-same="false"]').count()).toBe(1);
  });

  it('shows how the contexts differ, and the moment of the side that is pressed', async () => {
    const { page } = await compare(['DIAL', 'OPENED'], ['DIAL', 'FAILED']);
    await said(page, "the left got 'OPENED', the right 'FAILED'.");
    const table = page.locator('#compare .contexts table');
    expect(await table.locator('tbody').textContent()).toBe('tries01');
    await page.locator('#compare .row').nth(1).getByRole('button').nth(1).click();
    await page.locator('#compare .contexts').getByText('The contexts are equal').waitFor();
    await page.locator('#chart .node[data-node="vm.dialing"][data-active]').waitFor();
    await page.locator('#tree [aria-selected=true]').getByText('vm2').waitFor();
  });

  it('follows actors that go on', async () => {
    const { page, send } = await compare(['DIAL', 'OPENED'], ['DIAL', 'OPENED']);
    await said(page, 'No difference in 3 steps.');
    send('PING');
    await said(page, "only the right got 'PING'.");
    await page.locator('#compare').getByRole('button', { name: 'Swap the sides' }).click();
    await said(page, "only the left got 'PING'.");
  });

  it('says what it needs when there is one machine only', async () => {
    const { page, inspection } = await watch();
    createActor(vm, { inspect: inspection.inspect }).start();
    await page.getByRole('tab', { name: 'Compare' }).click();
    await said(page, 'Two machines are needed');
  });
});
