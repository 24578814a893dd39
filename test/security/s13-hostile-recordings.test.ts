/**
 * S13: a recording from a stranger ends nothing. What is beyond a bound is a problem that says which one;
 * the rest of the recording is shown, and the inspector goes on.
 */

import { describe, expect, it } from 'vitest';
import { startTestInspector } from '../inspector/clients.ts';
import { openFakePage } from '../inspector/fake-page.ts';
import { openProgram } from '../inspector/fake-program.ts';
import { HOSTILE_LINES, recordingWith } from '../inspector/hostile.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

describe('a recording', () => {
  it.each(HOSTILE_LINES)('is opened with $name', async ({ line, problem }) => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    await inspector.open('hostile', [recordingWith(line)]);
    await page.until((it) => it.of('event').some(({ name }) => name === 'AFTER'));
    const reported = page.of('problem').map(({ text }) => text);
    if (problem === undefined) expect(reported).toEqual([]);
    else expect(reported).toEqual([expect.stringMatching(problem)]);
    // A page that is opened later gets the same.
    const late = await openFakePage(inspector);
    await late.until(({ entries }) => entries.length === page.entries.length);
    expect(late.of('problem')).toEqual(page.of('problem'));
  });
});

describe('a program', () => {
  it.each(HOSTILE_LINES)('can send $name', async ({ line, problem }) => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const program = await openProgram(inspector);
    program.send(...recordingWith(line).split('\n').slice(1, -1));
    await page.until((it) => it.of('event').some(({ name }) => name === 'AFTER'));
    const reported = page.of('problem').map(({ text }) => text);
    if (problem === undefined) expect(reported).toEqual([]);
    else expect(reported).toEqual([expect.stringMatching(problem)]);
    expect(page.programs.get('p1')).toMatchObject({ source: 'live' });
  });
});
