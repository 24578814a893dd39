/**
 * Every feature of the page as it is seen: at three widths, in dark and light. The screens are kept in
 * `coverage/inspector` for people to look at; `WIRECHART_PICTURE=1` also makes those of the documentation.
 */

import { describePage, openPage } from './browser.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { QmpClient } from '../../src/qmp/index.ts';
import { faults, ScriptedQmpServer } from '../../src/testing/index.ts';
import { checkout, declined } from '../../test/inspector/checkout.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { startInspector } from '../src/index.ts';
import { withPalette } from './palette-png.ts';
import { drawn, faultsOf } from './pictures.ts';
import { activeState, attached, rows, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const ARTIFACTS = join(import.meta.dirname, '../../coverage/inspector');
const DOCS = join(import.meta.dirname, '../../docs');
const WIDTHS = [1600, 1100, 420] as const;
const HEIGHTS = { 1600: 900, 1100: 800, 420: 800 } as const;
const MAX_BYTES = 120_000;

/** A picture of the documentation. */
interface Picture {
  readonly file: string;
  readonly width: (typeof WIDTHS)[number];
  readonly dark?: true;
  /** What it shows; the whole page by default. */
  readonly crop?: string;
}

interface Feature {
  readonly name: string;
  /** The pane that a phone shows. */
  readonly tab: 'tree' | 'chart' | 'time' | 'detail';
  readonly pictures: readonly Picture[];
  /** Whether its view is made higher. */
  readonly isTall?: true;
  /** Brings the page there. */
  readonly show: (page: Page) => Promise<void>;
}

mkdirSync(ARTIFACTS, { recursive: true });
mkdirSync(join(DOCS, 'inspecting'), { recursive: true });

async function keep(page: Page, { name }: Feature, { file, crop }: Picture): Promise<void> {
  const shot =
    crop === undefined ? await page.screenshot() : await page.locator(crop).first().screenshot();
  const png = withPalette(shot);
  expect(png.length, `the size of ${file}, which shows ${name}`).toBeLessThan(MAX_BYTES);
  writeFileSync(join(DOCS, file), png);
}

/** Looks at a feature at all widths, dark and light, and returns what is wrong with it. */
async function lookAt(page: Page, feature: Feature): Promise<string[]> {
  const wrong: string[] = [];
  await feature.show(page);
  const splitter = page.locator('[data-splitter=bottom]');
  if (feature.isTall) for (let steps = 0; steps < 12; steps += 1) await splitter.press('ArrowUp');
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHTS[width] });
    const tab = page.locator(`[data-tab=${feature.tab}]`);
    if (await tab.isVisible()) await tab.click();
    // Nothing is pointed at.
    await page.mouse.move(0, 0);
    for (const dark of [false, true]) {
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
      await drawn(page);
      const screen = `${feature.name}-${String(width)}-${dark ? 'dark' : 'light'}`;
      wrong.push(...(await faultsOf(page)).map((fault) => `${screen}: ${fault}`));
      await page.screenshot({ path: join(ARTIFACTS, `${screen}.png`) });
      const pictures = feature.pictures.filter(
        (one) => one.width === width && (one.dark ?? false) === dark,
      );
      if (process.env['WIRECHART_PICTURE'] !== '1') continue;
      for (const picture of pictures) await keep(page, feature, picture);
    }
  }
  await page.setViewportSize({ width: 1600, height: HEIGHTS[1600] });
  if (feature.isTall) await splitter.dblclick();
  return [...new Set(wrong)];
}

/** A shop with a checkout that fails and one that does not, and virtual machines of which one is not there. */
async function shop({ inspection, page }: Watching): Promise<() => Promise<void>> {
  const server = new ScriptedQmpServer({ commands: { migrate: faults.silence() } });
  cleanUp(() => server.close());
  const address = await server.listen();
  const [vm1, vm2] = ['vm1', 'vm2'].map((name) =>
    track(new QmpClient({ name, inspect: inspection.inspect })),
  );
  await expect(vm2?.connect('/run/vm2/qmp.sock')).rejects.toThrow();
  await vm1?.connect(address);
  await vm1?.execute('query-status');
  const checkouts = [checkout([declined(), declined()]), checkout(['receipt 1001'])];
  for (const one of checkouts) {
    cleanUp(() => one.stop());
    inspection.inspect.attach(one);
    one.start();
    one.send({ type: 'ADD', item: 'tea', price: 4 });
    one.send({ type: 'ADD', item: 'teapot', price: 38 });
    one.send({ type: 'PAY', card: { brand: 'visa', last4: '4242' } });
  }
  await attached(page.locator('#tree .state').filter({ hasText: 'declined' }));
  await page.locator('#tree [role=treeitem]').filter({ hasText: 'declined' }).first().click();
  await attached(activeState(page, 'checkout.declined'));
  return async () => vm1?.disconnect();
}

const goLive = async (page: Page): Promise<void> => {
  if ((await page.locator('#live').getAttribute('aria-pressed')) === 'false')
    await page.locator('#live').click();
};
const openView = (view: string) => (page: Page) => page.locator(`#tab-${view}`).click();

const FEATURES: readonly Feature[] = [
  {
    name: 'page',
    tab: 'chart',
    pictures: [
      { file: 'inspector.png', width: 1600 },
      { file: 'inspecting/dark.png', width: 1600, dark: true },
      { file: 'inspecting/phone.png', width: 420 },
    ],
    show: openView('timeline'),
  },
  {
    name: 'failure',
    tab: 'detail',
    pictures: [{ file: 'inspecting/failure.png', width: 1600, crop: '.pane.detail' }],
    show: openView('timeline'),
  },
  { name: 'tree', tab: 'tree', pictures: [], show: openView('timeline') },
  {
    name: 'entry',
    tab: 'detail',
    pictures: [{ file: 'inspecting/entry.png', width: 1600, crop: '.pane.detail' }],
    show: async (page) => {
      await rows(page, /→PAY/).first().click();
      await attached(page.locator('#detail .entry'));
    },
  },
  {
    name: 'timeline',
    tab: 'time',
    pictures: [{ file: 'inspecting/timeline.png', width: 1100, crop: '#dock' }],
    show: goLive,
  },
  {
    name: 'lanes',
    tab: 'time',
    isTall: true,
    pictures: [{ file: 'inspecting/lanes.png', width: 1100, crop: '#dock' }],
    show: openView('lanes'),
  },
  {
    name: 'coverage',
    tab: 'time',
    pictures: [{ file: 'inspecting/coverage.png', width: 1600 }],
    show: openView('coverage'),
  },
  {
    name: 'compare',
    tab: 'time',
    pictures: [{ file: 'inspecting/compare.png', width: 1100, crop: '#dock' }],
    show: openView('compare'),
  },
];

describePage('every feature of the page', () => {
  test('can be shown at each width, in dark and light', { timeout: 180_000 }, async () => {
    const watching = await watch({ control: true, name: 'shop', width: 1600, height: 900 });
    await watching.page.locator('#wire').check();
    const end = await shop(watching);
    const wrong: string[] = [];
    for (const feature of FEATURES) wrong.push(...(await lookAt(watching.page, feature)));
    expect(wrong).toEqual([]);
    await end();
  });

  test('can be shown when a breakpoint has frozen the page', async () => {
    const watching = await watch({ control: true, name: 'shop', width: 1600, height: 900 });
    const { page } = watching;
    await openView('breakpoints')(page);
    await page.locator('#breakpoint-kind').selectOption('state');
    await page.locator('#breakpoint-text').fill('payment.authorizing');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const actor = checkout([declined(), declined()]);
    cleanUp(() => actor.stop());
    watching.inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'ADD', item: 'teapot', price: 38 });
    actor.send({ type: 'PAY', card: { brand: 'visa', last4: '4242' } });
    await attached(page.locator('.breakpoints [data-frozen]'));
    await attached(activeState(page, 'checkout.payment.authorizing'));
    const wrong = await lookAt(page, {
      name: 'breakpoints',
      tab: 'time',
      pictures: [{ file: 'inspecting/breakpoints.png', width: 1600 }],
      show: () => Promise.resolve(),
    });
    expect(wrong).toEqual([]);
  });

  test('can be shown before a program is there', async () => {
    const inspector = await startInspector({ token: 'the-token-of-the-inspector' });
    cleanUp(() => inspector.close());
    const open = await openPage(inspector.url, { width: 1600, height: 900 });
    cleanUp(() => open.close());
    const wrong = await lookAt(open.page, {
      name: 'empty',
      tab: 'chart',
      pictures: [{ file: 'inspecting/empty.png', width: 1100 }],
      show: (page) => attached(page.locator('#welcome pre')),
    });
    expect(wrong).toEqual([]);
  });
});
