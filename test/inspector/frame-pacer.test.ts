/** When the page draws. */

import { expect, it } from 'vitest';
import { FramePacer } from '../../inspector/page/frame-pacer.ts';

const FRAME_MS = 1000 / 60;

/** How many of the frames of a second are drawn while so many messages come in each. */
function drawnOf(messages: number, isOpening = false): number {
  const pacer = new FramePacer();
  let drawn = 0;
  for (let frame = 0; frame < 60; frame += 1) {
    pacer.add(messages);
    if (pacer.isDue(frame * FRAME_MS, isOpening)) drawn += 1;
  }
  return drawn;
}

it('draws each frame at any rate of a program', () => {
  expect([0, 1, 50, 199].map((messages) => drawnOf(messages))).toEqual([60, 60, 60, 60]);
});

it('draws some frames while a recording comes in, and all after it', () => {
  expect(drawnOf(5_000)).toBeGreaterThan(4);
  expect(drawnOf(5_000)).toBeLessThan(10);
  // A slow machine reads few messages in a frame.
  expect(drawnOf(10, true)).toBe(drawnOf(5_000));
  const pacer = new FramePacer();
  pacer.add(10_000);
  expect(pacer.isDue(0, false)).toBe(true);
  pacer.add(10_000);
  expect([20, 149, 150, 151].map((now) => pacer.isDue(now, false))).toEqual([
    ...[false, false, true, true],
  ]);
});
