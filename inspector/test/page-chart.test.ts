/** The chart in the page: moved, scaled, collapsed, selected, searched and saved. */

import { describePage } from './browser.ts';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { actorOf, createMachine, nested, parallel } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../../test/support/cleanup.ts';
import { activeState, attached, detached, rows, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const started = ({ inspection }: Watching, machine = nested) => {
  const actor = actorOf(machine);
  cleanUp(() => actor.stop());
  inspection.inspect.attach(actor);
  return actor.start();
};

/** More states than fit into the pane. */
const tall = createMachine({
  id: 'tall',
  initial: 's0',
  states: Object.fromEntries(
    Array.from({ length: 30 }, (_, at): [string, object] => [
      `s${String(at)}`,
      { on: { NEXT: `s${String((at + 1) % 30)}` } },
    ]),
  ),
});

const place = async (page: Page) => {
  const box = await page.locator('#chart svg').boundingBox();
  if (box === null) throw new Error('There is no chart');
  return box;
};

const paneOf = async (page: Page) => {
  const box = await page.locator('#chart').boundingBox();
  if (box === null) throw new Error('There is no pane');
  return box;
};

/**
 * Resolves when an expression is true in a frame of the page. Playwright's own way would have the page evaluate
 * it, which the page's security policy forbids.
 */
async function untilTrue(page: Page, expression: string): Promise<void> {
  const inNextFrame = `new Promise((resolve) => requestAnimationFrame(() => resolve(${expression})))`;
  while ((await page.evaluate<unknown>(inNextFrame)) !== true);
}

/** Resolves when the chart's position has a property. */
const untilPlaced = (page: Page, is: string): Promise<void> =>
  untilTrue(
    page,
    `(() => {
    const box = document.querySelector('#chart svg').getBoundingClientRect();
    const pane = document.querySelector('#chart').getBoundingClientRect();
    return ${is};
  })()`,
  );

const node = (page: Page, id: string) => page.locator(`#chart .node[data-node="${id}"]`);

describePage('the chart', () => {
  test('is dragged, and follows the active states again on request', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching, tall);
    await attached(activeState(page, 'tall.s0'));
    const [before, pane] = [await place(page), await paneOf(page)];
    await page.mouse.move(pane.x + pane.width - 20, pane.y + pane.height - 20);
    await page.mouse.down();
    await page.mouse.move(pane.x + pane.width - 60, pane.y + pane.height - 120, { steps: 4 });
    await page.mouse.up();
    await untilPlaced(page, `Math.abs(box.y - ${String(before.y)}) > 50`);
    expect(await page.locator('#chart-follow').isChecked()).toBe(false);
    // The end of the drag selects nothing.
    expect(await page.locator('.chart-panel').isVisible()).toBe(false);
    for (let at = 0; at < 25; at += 1) actor.send({ type: 'NEXT' });
    await attached(activeState(page, 'tall.s25'));
    await page.locator('#chart-follow').check();
    await untilTrue(
      page,
      `(() => {
      const box = document.querySelector('[data-node="tall.s25"]').getBoundingClientRect();
      const pane = document.querySelector('#chart').getBoundingClientRect();
      return box.top >= pane.top && box.bottom <= pane.bottom;
    })()`,
    );
  });

  test('never shows texts below 11 px by itself, and all of it on request', async () => {
    const watching = await watch();
    const { page } = watching;
    started(watching, tall);
    await attached(activeState(page, 'tall.s0'));
    const scale = () =>
      page.evaluate(() => {
        const text = document.querySelector('#chart .label text');
        return text instanceof SVGGraphicsElement ? (text.getScreenCTM()?.a ?? 0) : 0;
      });
    await untilTrue(page, `document.querySelector('#chart svg').getAttribute('width') > 0`);
    expect(11 * (await scale())).toBeGreaterThanOrEqual(10.9);
    await page.locator('#zoom-fit').click();
    await untilPlaced(page, 'box.top >= pane.top && box.bottom <= pane.bottom');
    await page.locator('#chart').focus();
    const small = await scale();
    await page.keyboard.press('+');
    await untilTrue(
      page,
      `document.querySelector('#chart .label text').getScreenCTM().a > ${String(small)}`,
    );
    await page.keyboard.press('0');
    await untilPlaced(page, 'box.top >= pane.top && box.bottom <= pane.bottom');
  });

  test('collapses a state, which then names what is active in it, and expands it', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching);
    actor.send({ type: 'START' });
    await attached(activeState(page, 'nested.on.slow'));
    await node(page, 'nested.on').locator('.caret').click();
    await detached(node(page, 'nested.on.slow'));
    const inside = node(page, 'nested.on').locator('.inside');
    await attached(inside.filter({ hasText: 'slow' }));
    actor.send({ type: 'FASTER' });
    await attached(inside.filter({ hasText: 'fast' }));
    await node(page, 'nested.on').locator('.key').dblclick();
    await attached(activeState(page, 'nested.on.fast'));
  });

  test('shows the selected state and its transitions, and closes that with Escape', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching);
    actor.send({ type: 'START' });
    await rows(page, 'started').click();
    await attached(activeState(page, 'nested.off'));
    await node(page, 'nested.off').locator('.key').click();
    const panel = page.locator('.chart-panel');
    await attached(panel.filter({ hasText: 'State, active' }));
    expect(await panel.locator('li').allTextContents()).toEqual(['START → on']);
    await panel.locator('li button').click();
    await attached(panel.filter({ hasText: 'State with states, not active' }));
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'hidden' });
    // Only the panel is closed: the page stays at the moment.
    await attached(activeState(page, 'nested.off'));
    await page.locator('#chart .label').filter({ hasText: 'STOP' }).first().click();
    await attached(panel.filter({ hasText: 'Transition of on' }));
  });

  test('is walked through with the keyboard', async () => {
    const watching = await watch();
    const { page } = watching;
    started(watching);
    await attached(activeState(page, 'nested.off'));
    await page.locator('#chart').focus();
    await page.keyboard.press('Enter');
    const heading = page.locator('.chart-panel h3');
    await attached(heading.filter({ hasText: 'off' }));
    await page.keyboard.press('ArrowDown');
    await detached(heading.filter({ hasText: 'off' }));
    await attached(page.locator('#chart .node[data-selected]'));
    await page.keyboard.press('Escape');
    await detached(page.locator('#chart .node[data-selected]'));
  });

  test('keeps the last transition of each region, and marks its label only', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching, parallel);
    actor.send({ type: 'SWITCH' });
    actor.send({ type: 'BLOW' });
    const taken = page.locator('#chart .edge[data-taken]');
    const light = '[data-source="parallel.light.dark"]';
    const fan = '[data-source="parallel.air.fan.still"]';
    await attached(page.locator(`#chart .edge${light}[data-taken][data-older]`));
    await attached(page.locator(`#chart .edge${fan}[data-taken]:not([data-older])`));
    actor.send({ type: 'UNKNOWN' });
    await attached(rows(page, 'UNKNOWN'));
    expect(await taken.count()).toBe(2);
    actor.send({ type: 'SWITCH' });
    await attached(page.locator(`#chart .edge[data-source="parallel.light.bright"][data-taken]`));
    const labels = await page.locator('#chart .label[data-taken] text').allTextContents();
    expect(new Set(labels)).toEqual(new Set(['SWITCH', 'BLOW']));
    expect(labels).toHaveLength(2);
  });

  test('is searched for states, events and actions', async () => {
    const watching = await watch();
    const { page } = watching;
    started(watching);
    await attached(activeState(page, 'nested.off'));
    await page.locator('#chart-find').fill('resume');
    await attached(node(page, 'nested.paused').and(page.locator('[data-found]')));
    await attached(page.locator('#chart .label[data-found]').filter({ hasText: 'RESUME' }));
    expect(await page.locator('#chart .node[data-found]').count()).toBe(1);
    await page.keyboard.press('Enter');
    await attached(page.locator('.chart-panel h3').filter({ hasText: 'paused' }));
    await page.locator('#chart-find').fill('');
    await detached(page.locator('#chart [data-found]'));
  });

  test('is saved as SVG, PNG and Mermaid text', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching);
    actor.send({ type: 'START' });
    await attached(activeState(page, 'nested.on.slow'));
    const folder = await tempDir();
    const save = async (format: string): Promise<Buffer> => {
      await page.locator('#chart-export summary').click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator(`#chart-export [data-format=${format}]`).click(),
      ]);
      const file = join(folder, download.suggestedFilename());
      await download.saveAs(file);
      expect(file).toMatch(new RegExp(`-\\d\\d-\\d\\d-\\d\\d\\.\\d{3}\\.${format}$`));
      return readFileSync(file);
    };
    const picture = (await save('svg')).toString();
    expect(picture).toMatch(/^<svg /);
    expect(picture).not.toMatch(/var\(|<script|href/);
    expect(picture).toContain('data-active');
    const png = await save('png');
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    // The width, with two pixels for each one of the chart.
    expect(png.readUInt32BE(16)).toBe(2 * Number(/ width="(\d+)"/.exec(picture)?.[1]));
    const text = (await save('mmd')).toString();
    const blank = await page.context().newPage();
    await blank.addScriptTag({
      path: createRequire(import.meta.url).resolve('@mermaid-js/tiny/dist/mermaid.tiny.js'),
    });
    const type = await blank.evaluate(
      `mermaid.parse(${JSON.stringify(text)}).then((found) => found.diagramType)`,
    );
    expect(type).toMatch(/^stateDiagram/);
    await blank.close();
  });

  test.each([false, true])('has sufficient contrast, dark: %s', async (dark) => {
    const watching = await watch({ dark });
    const { page } = watching;
    const actor = started(watching);
    actor.send({ type: 'START' });
    await attached(activeState(page, 'nested.on.slow'));
    const contrasts = await page.evaluate(() => {
      const luminance = (color: string): number => {
        const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map(Number).map((value) => {
          const part = value / 255;
          return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const styleOf = (selector: string, name: string): string => {
        const found = document.querySelector(selector);
        if (found === null) throw new Error(`There is no ${selector}`);
        return getComputedStyle(found).getPropertyValue(name);
      };
      const pane = styleOf('.pane.chart', 'background-color');
      const contrast = (one: string, other: string): number => {
        const [a, b] = [luminance(one), luminance(other)];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      };
      const active = '#chart .node.atomic[data-active]';
      return {
        texts: [
          contrast(styleOf(`${active} .key`, 'fill'), styleOf(`${active} .box`, 'fill')),
          contrast(styleOf('#chart .label', 'fill'), pane),
          contrast(styleOf('#chart .label[data-taken]', 'fill'), pane),
        ],
        lines: [
          contrast(styleOf('#chart .edge .way', 'stroke'), pane),
          contrast(styleOf(`${active} .box`, 'stroke'), pane),
          contrast(styleOf('#chart .edge[data-possible] .way', 'stroke'), pane),
        ],
      };
    });
    expect(Math.min(...contrasts.texts)).toBeGreaterThanOrEqual(4.5);
    expect(Math.min(...contrasts.lines)).toBeGreaterThanOrEqual(3);
  });
});
