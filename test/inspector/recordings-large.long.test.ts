/** A recording of 50 MB, as large as they become, with pages that watch. */

import { expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { startTestInspector } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { largeRecording } from './large-recording.ts';

expectIdleAfterEach();

it('reaches pages whole, and once', { timeout: 120_000 }, async () => {
  const inspector = await startTestInspector();
  const early = await openFakePage(inspector);
  const text = largeRecording(50_000_000);
  const count = text.split('\n').length - 2;
  await inspector.open('large.jsonl', [text]);
  const late = await openFakePage(inspector);
  for (const page of [early, late]) {
    await page.until(({ entries }) => entries.length === count);
    expect([page.helloCount, page.of('problem')]).toEqual([1, []]);
    expect([...page.programs.values()]).toHaveLength(1);
    expect(page.programs.get('p1')).not.toHaveProperty('dropped');
  }
});
