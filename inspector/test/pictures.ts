/** What must hold of a screen before it is shown: nothing is cut off, too small or empty. */

import type { Page } from 'playwright-core';

/** Resolves when the page has drawn everything that it has got. */
export const drawn = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() => {
          requestAnimationFrame(() => {
            requestAnimationFrame(() => {
              resolve();
            });
          });
        });
      }),
  );

/** The faults of the visible panes, in words. */
export const faultsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const faults: string[] = [];
    const shown = (element: Element): boolean =>
      element.checkVisibility({ visibilityProperty: true });
    const texts = function* (root: Element): Generator<readonly [Element, DOMRect]> {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const element = node.parentElement;
        if (element === null || (node.nodeValue ?? '').trim() === '' || !shown(element)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        yield [element, range.getBoundingClientRect()];
      }
    };
    const textSize = (element: Element): number => {
      const size = parseFloat(getComputedStyle(element).fontSize);
      return element instanceof SVGGraphicsElement
        ? size * Math.abs(element.getScreenCTM()?.a ?? 1)
        : size;
    };
    /** Whether the text has its room, or is in what can be scrolled, or ends with an ellipsis. */
    const isWhole = (element: Element, { left, right }: DOMRect, pane: Element): boolean => {
      for (let around: Element | null = element; around !== null; around = around.parentElement) {
        const { overflowX, textOverflow } = getComputedStyle(around);
        if (overflowX === 'auto' || overflowX === 'scroll') return true;
        if (around instanceof SVGElement || textOverflow === 'ellipsis') return true;
        const box = around.getBoundingClientRect();
        // Only for screen readers.
        if (box.width <= 1) return true;
        const isClipped = overflowX === 'hidden' || overflowX === 'clip' || around === pane;
        if (isClipped && (right > box.right + 1 || left < box.left - 1)) return false;
        if (around === pane) return true;
      }
      return true;
    };
    const panes = [...document.querySelectorAll('#header, .pane')].filter(shown);
    if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is too wide');
    for (const pane of panes) {
      const name = pane.getAttribute('aria-label') ?? '';
      let count = 0;
      for (const [element, rect] of texts(pane)) {
        if (element.closest('.unseen, option, .skip') !== null) continue;
        count += 1;
        const text = `${name}: "${element.textContent.trim().slice(0, 60)}"`;
        if (textSize(element) < 10.95)
          faults.push(`${text} has ${textSize(element).toFixed(1)} px`);
        if (!isWhole(element, rect, pane)) faults.push(`${text} is cut off`);
      }
      if (count === 0) faults.push(`${name} is empty`);
      const view = [...pane.querySelectorAll('.view')].filter(shown);
      if (view.some((one) => one.textContent.trim() === ''))
        faults.push(`${name}: a view is empty`);
    }
    return faults;
  });
