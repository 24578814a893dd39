import { describePage } from './browser.ts';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines } from '../../src/index.ts';
import { inspectTo } from '../../src/inspect/index.ts';
import { createActor, createMachine } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { activeState, actorRow, attached, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const door = createMachine({
  id: 'door',
  initial: 'closed',
  on: { 'sensor.*': {}, RESET: { actions: 'note' } },
  states: {
    closed: {
      on: { OPEN: 'open', LOCK: { guard: 'hasKey', target: 'locked' } },
      after: { 60_000: 'open' },
    },
    open: { on: { CLOSE: 'closed', '*': {} } },
    locked: {},
  },
}).provide({ actions: { note: () => undefined }, guards: { hasKey: () => false } });

function started({ inspection }: Pick<Watching, 'inspection'>) {
  const actor = createActor(door, { id: 'door' });
  cleanUp(() => actor.stop());
  inspection.inspect.attach(actor);
  return actor.start();
}

const outcome = (page: Page, text: string | RegExp) =>
  page.locator('#event-outcome').filter({ hasText: text });

describePage('the form for events', () => {
  test('offers all accepted events: of the states around, without a target, and wildcards', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    started(watching);
    await attached(page.locator('#event-types option[value=OPEN]'));
    const offered = page.locator('#event-types option');
    const values = () => offered.evaluateAll((all) => all.map((one) => one.getAttribute('value')));
    expect(await values()).toEqual(['OPEN', 'LOCK', 'RESET', 'sensor.']);
    await page.locator('.send-events').getByRole('button', { name: 'OPEN' }).click();
    await page.keyboard.press('Enter');
    await attached(activeState(page, 'door.open'));
    await attached(page.locator('.send-events').getByText('any other event (*)'));
    expect(await values()).toEqual(['CLOSE', 'RESET', 'sensor.']);
  });

  test('offers for a connection of this library only what its program takes', async () => {
    const { page, inspection } = await watch({ control: true });
    track(new AsyncProtocol({ codec: jsonLines() }, { name: 'vm1', inspect: inspection.inspect }));
    await attached(activeState(page, 'protocol.IDLE'));
    await attached(page.locator('.send-events').getByText('accepts no event now'));
  });

  test('says whether an event was handled', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    const actor = started(watching);
    await attached(activeState(page, 'door.closed'));
    const send = async (type: string, data = '') => {
      await page.locator('#event-type').fill(type);
      await page.locator('#event-data').fill(data);
      await page.keyboard.press('Enter');
    };
    await send('OPEN', '{"by": "Ada"}');
    await attached(outcome(page, 'OPEN was handled: closed → open.'));
    await send('RESET');
    await attached(outcome(page, 'RESET was handled in open.'));
    await send('CLOSE');
    await attached(outcome(page, 'CLOSE was handled: open → closed.'));
    await send('LOCK');
    await attached(
      outcome(page, 'LOCK arrived, but was not handled: no transition in closed allows it.'),
    );
    await send('xstate.stop');
    await attached(outcome(page, /refused the event 'xstate\.stop'/));
    actor.stop();
    await page.locator('#sender').waitFor({ state: 'hidden' });
  });

  test('recalls what was sent with the arrow keys', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    started(watching);
    await attached(activeState(page, 'door.closed'));
    for (const [type, data] of [
      ['RESET', '{"n": 1}'],
      ['OPEN', '{"n": 2}'],
    ] as const) {
      await page.locator('#event-type').fill(type);
      await page.locator('#event-data').fill(data);
      await page.keyboard.press('Enter');
    }
    await attached(outcome(page, 'OPEN was handled'));
    const shown = async () => [
      await page.locator('#event-type').inputValue(),
      await page.locator('#event-data').inputValue(),
    ];
    await page.keyboard.press('ArrowUp');
    expect(await shown()).toEqual(['OPEN', '{"n": 2}']);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    expect(await shown()).toEqual(['RESET', '{"n": 1}']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await shown()).toEqual(['', '']);
  });
});

describePage('a page that may not send events', () => {
  test('says on request what to do on both sides', async () => {
    const watching = await watch();
    const { page } = watching;
    const inspection = inspectTo(watching.inspector.url, { name: 'other', control: false });
    cleanUp(() => inspection.close());
    started({ inspection });
    await attached(activeState(page, 'door.closed'));
    expect(await page.locator('#send-why').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Send event…' }).click();
    await page
      .locator('#send-why')
      .getByText(/Sending events is not allowed/)
      .waitFor();
    const why = await page.locator('#send-why').innerText();
    expect(why).toContain('--control');
    expect(why).toContain('inspectTo(url, { control: true })');
  });

  test('says that events go to the present', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    started(watching);
    await page.locator('#sender').waitFor({ state: 'visible' });
    await actorRow(page, 'closed').click();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Send event…' }).click();
    await page.locator('#send-why').getByText('Return to live first').waitFor();
    expect(await page.locator('#sender').isVisible()).toBe(false);
  });
});
