/** The number of connections is bounded, and so is what is kept of their messages. */

import { describe, expect, it } from 'vitest';
import { BOUNDS } from '../../inspector/src/bounds.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { closeCode, openWebSocket, startTestInspector } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { introduction, openProgram, state, stateText } from './fake-program.ts';
import { recordingWith } from './hostile.ts';

expectIdleAfterEach();

describe('a connection for which there is no room', () => {
  it.each([
    ['/viewer', BOUNDS.pages, 'more than 100 pages are open'],
    ['/receiver', BOUNDS.receivers, 'more than 20 receivers are connected'],
  ])('to %s is refused, and another one later is not', async (path, most, problem) => {
    const inspector = await startTestInspector();
    const sockets = [];
    for (let count = 0; count < most; count += 1)
      sockets.push(await openWebSocket(inspector, path));
    const refused = await openWebSocket(inspector, path);
    expect(await closeCode(refused)).toBe(1013);
    const [first] = sockets;
    if (first === undefined) throw new Error('There is no connection');
    const closed = closeCode(first);
    first.close();
    await closed;
    const page = await openFakePage(inspector);
    expect(page.of('problem').map(({ text }) => text)).toEqual([
      `A connection was refused: ${problem}`,
    ]);
  });

  it('of a program is refused', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    // Not all at once: the kernel has a bound of its own for connections that wait to be accepted.
    for (let opened = 0; opened < 1_000; opened += 100)
      await Promise.all(Array.from({ length: 100 }, () => openProgram(inspector)));
    const refused = await openWebSocket(inspector, '/program');
    const code = closeCode(refused);
    refused.send(JSON.stringify(introduction()));
    expect(await code).toBe(1013);
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem')[0]?.text).toMatch(/more than 1000 programs are connected$/);
    expect(page.programs.size).toBe(1_000);
  });
});

describe('the size of an entry', () => {
  it('is that of its message, or of its values where they take more', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const context = (text: string) =>
      JSON.stringify(state('x:0', 'open', { state: stateText('open') })).replace(
        String.raw`\"context\":{}`,
        String.raw`\"context\":` + text,
      );
    const text = context(`[${`\\"${'x'.repeat(30)}\\",`.repeat(3_000)}1]`);
    const lists = context(`[${'[],'.repeat(3_000)}[]]`);
    await inspector.open('x', [recordingWith(text, lists)]);
    await page.until((it) => it.of('event').length > 0);
    const [first, second] = page.of('state');
    expect(first?.size).toBe(text.length + 200);
    expect(second?.size).toBeGreaterThan(16 * 6_000);
    expect(lists.length).toBeLessThan(16 * 6_000);
  });
});
