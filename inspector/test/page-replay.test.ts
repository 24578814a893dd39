/** "Copy as test" in the page. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describePage } from './browser.ts';
import { rows, watch } from './setup.ts';
import { expectIdleAfterEach, tempDir } from '../../test/support/cleanup.ts';
import { createActor, createMachine, fromPromise } from '../../test/inspector/machines.ts';

expectIdleAfterEach();

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: 'open' } },
    open: {
      invoke: { id: 'bell', src: fromPromise(() => new Promise(() => undefined)) },
      on: { CLOSE: 'closed' },
    },
  },
});

describePage('copy as test', () => {
  it('copies what the selected machine did up to the moment, and saves it', async () => {
    const { page, inspection } = await watch();
    const actor = createActor(door, { inspect: inspection.inspect }).start();
    actor.send({ type: 'OPEN' });
    actor.send({ type: 'CLOSE' });
    await rows(page, 'CLOSE').first().waitFor();
    await page.getByRole('button', { name: 'Copy as test' }).click();
    await page.getByText('Copied the test.').waitFor();
    await rows(page, 'OPEN').first().click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save test' }).click();
    const path = join(await tempDir(), 'door.test.ts');
    await (await downloading).saveAs(path);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain("import { machine } from './machine.ts';");
    expect(text).toContain('silent');
    expect(text).not.toContain('CLOSE');
    expect(text).toMatch(/test\('door (?:starts in|goes from) closed/);
  });
});
