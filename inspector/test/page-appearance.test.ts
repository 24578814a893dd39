import { describePage, openPage } from './browser.ts';
import { expect, test } from 'vitest';
import { QmpClient } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { startInspector } from '../src/index.ts';
import { activeState, attached, watch } from './setup.ts';

expectIdleAfterEach();

describePage('the page', () => {
  test.each([false, true])('has sufficient contrast, dark: %s', async (dark) => {
    const { page } = await watch({ dark });
    const contrast = await page.evaluate(() => {
      const luminance = (color: string): number => {
        const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map(Number).map((value) => {
          const part = value / 255;
          return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const pane = document.querySelector('.pane') ?? document.body;
      const [back, ink] = [
        getComputedStyle(pane).backgroundColor,
        getComputedStyle(document.body).color,
      ];
      const [one, other] = [luminance(back), luminance(ink)];
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
    expect(contrast).toBeGreaterThan(7);
  });

  test('shows one pane at a time on a phone, and fits its width', async () => {
    const { inspection, page } = await watch({ width: 380, height: 720 });
    const client = track(new QmpClient({ name: 'vm1', inspect: inspection.inspect }));
    await expect(client.connect('/run/vm1/qmp.sock')).rejects.toThrow();
    await attached(activeState(page, 'protocol.IDLE'));
    for (const tab of ['tree', 'time', 'detail', 'chart']) {
      await page.locator(`[data-tab=${tab}]`).click();
      await page.locator(`.pane.${tab}`).waitFor({ state: 'visible' });
      expect(await page.locator('.pane:visible').count()).toBe(1);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(380);
    }
  });

  test('has an accessible name for every control', async () => {
    const { page } = await watch({ control: true });
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, input, select, a')]
        .filter((element) => {
          const label = element.closest('label')?.textContent ?? '';
          const own = element.getAttribute('aria-label') ?? element.textContent;
          return !element.hidden && (label + own).trim() === '';
        })
        .map((element) => element.id),
    );
    expect(unnamed).toEqual([]);
  });

  test('shows when its token is wrong, and when the inspector disconnects and reconnects', async () => {
    const inspector = await startInspector();
    cleanUp(() => inspector.close());
    const refused = await openPage(inspector.url.replace(/token=.*/, 'token=wrong'), {
      expectErrors: true,
    });
    cleanUp(() => refused.close());
    await attached(
      refused.page.locator('#connection').filter({ hasText: 'Cannot connect to the inspector' }),
    );

    const open = await openPage(inspector.url, { expectErrors: true });
    cleanUp(() => open.close());
    await attached(open.page.locator('#tree .hint').filter({ hasText: 'No program is connected' }));
    // The page says so before it is connected.
    await inspector.opened;
    await inspector.close();
    await attached(open.page.locator('#connection').filter({ hasText: 'Disconnected' }));
    const { port, searchParams } = new URL(inspector.url);
    const token = searchParams.get('token') ?? '';
    const again = await startInspector({ port: Number(port), token });
    cleanUp(() => again.close());
    await open.page.locator('#connection:empty').waitFor({ state: 'attached' });
  });
});
