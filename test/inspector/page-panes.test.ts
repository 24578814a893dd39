import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectionText } from '../../inspector/page/connection-state.ts';
import {
  fittingSizes,
  rangeOf,
  readClosed,
  readSizes,
  SIDES,
} from '../../inspector/page/pane-sizes.ts';
import { waysFor } from '../../inspector/page/welcome-ways.ts';

describe('the sizes of the panes', () => {
  test.each([
    [1600, 900],
    [1100, 800],
    [820, 600],
  ])('leave the chart the largest pane by default, at %i × %i', (width, height) => {
    const { left, right, bottom } = fittingSizes({}, { width, height });
    const chart = width - left - right;
    expect(chart).toBeGreaterThan(Math.max(left, right));
    expect(height - bottom).toBeGreaterThan(bottom);
  });

  test('keep room for the chart, whatever is chosen', () => {
    const size = fc.option(fc.double({ min: 0, max: 20_000, noNaN: true }), { nil: undefined });
    const chosen = fc.record({ left: size, right: size, bottom: size });
    const extent = fc.record({
      width: fc.integer({ min: 801, max: 9_000 }),
      height: fc.integer({ min: 300, max: 5_000 }),
    });
    fc.assert(
      fc.property(chosen, extent, (sizes, { width, height }) => {
        const { left, right, bottom } = fittingSizes(sizes, { width, height });
        expect(width - left - right).toBeGreaterThanOrEqual(240);
        expect(height - bottom).toBeGreaterThanOrEqual(140);
        expect(Math.min(left, right, bottom)).toBeGreaterThanOrEqual(100);
      }),
    );
  });

  test('have a range for each splitter', () => {
    for (const side of SIDES) {
      const [least, most] = rangeOf(side, {}, { width: 1600, height: 900 });
      expect(least).toBeLessThan(most);
    }
  });

  test.each([
    [undefined, {}],
    ['', {}],
    ['{"left":300,"right":"wide","bottom":-4,"__proto__":{"right":1}}', { left: 300 }],
    ['{"left":1e9,"bottom":null}', {}],
    ['[1]', {}],
    ['{', {}],
  ])('are read from what is stored, if they are sizes: %s', (text, sizes) => {
    expect(readSizes(text)).toEqual(sizes);
  });

  test('and the closed panes are read by their names', () => {
    expect([...readClosed('bottom nowhere left')]).toEqual(['left', 'bottom']);
    expect([...readClosed(undefined)]).toEqual([]);
  });
});

describe('the sentence about the connection', () => {
  const text = (state: Parameters<typeof connectionText>[0], wasOpen = false) =>
    connectionText(state, { retryMs: 8_000, wasOpen });

  test('is none while there is nothing to be done', () => {
    expect([text('connecting'), text('open', true)]).toEqual(['', '']);
  });

  test('says what to do', () => {
    expect(text('lost', true)).toBe(
      'Disconnected: the inspector has ended or cannot be reached. It is tried again every 8 s. What was shown stays.',
    );
    expect(text('lost')).toContain('Start it');
    for (const wasOpen of [false, true])
      expect(text('refused', wasOpen)).toContain('Open the URL that it printed');
    expect(text('full')).toContain('Close some');
    expect(text('no-token')).toContain('?token=');
  });
});

describe('the lines to be copied', () => {
  test('contain the URL with the token, for each kind of program', () => {
    const url = 'http://127.0.0.1:4444/?token=abc';
    const ways = waysFor(url);
    expect(ways).toHaveLength(4);
    for (const { lines } of ways) expect(lines.join('\n')).toContain(url);
    for (const { lines } of ways.slice(0, 3)) {
      expect(lines).toContain("import { inspectTo } from 'wirechart-inspect';");
    }
  });
});
