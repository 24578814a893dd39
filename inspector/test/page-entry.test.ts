import { describePage } from './browser.ts';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import {
  assign,
  createActor,
  createMachine,
  sendTo,
  spawnChild,
} from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { activeState, attached, rows, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const shop = createMachine({
  id: 'shop',
  context: { items: ['tea'], total: 3, note: `${'x'.repeat(200)}old${'y'.repeat(200)}` },
  initial: 'cart',
  states: {
    cart: {
      on: {
        PAY: [
          { guard: 'isFree', target: 'done' },
          { guard: 'isRich', target: 'paid', actions: ['book', 'change'] },
        ],
        REFUSED: { guard: 'isFree', target: 'done' },
      },
      after: { 60_000: 'done' },
    },
    paid: { always: 'shipping' },
    shipping: {},
    done: {},
  },
}).provide({
  guards: { isFree: () => false, isRich: () => true },
  actions: {
    change: assign({
      items: ['tea', 'milk'],
      total: 5,
      note: `${'x'.repeat(200)}new${'y'.repeat(200)}`,
    }),
    book: () => undefined,
  },
});

const customer = createMachine({
  id: 'customer',
  entry: spawnChild(shop, { id: 'shop' }),
  on: { BUY: { actions: sendTo('shop', { type: 'PAY', card: { number: 7, codes: [1, 2] } }) } },
});

function started({ inspection }: Watching) {
  const actor = createActor(customer, { id: 'customer' });
  cleanUp(() => actor.stop());
  inspection.inspect.attach(actor);
  return actor.start();
}

/** The description of a term of the pinned entry. */
const fact = (page: Page, term: string) =>
  page.locator(`#detail .entry > dl > dt:text-is("${term}") + dd`);

/** What was copied, when no permission for the clipboard is needed to know it. */
const keepCopies = (page: Page): Promise<void> =>
  page.evaluate(`{
    globalThis.copies = [];
    navigator.clipboard.writeText = () => Promise.reject(new Error('not permitted'));
    document.addEventListener('copy', () => copies.push(document.activeElement.value));
  }`);

describePage('the details of an event', () => {
  test('show its payload, its sender, the guards that refused it and what it has changed', async () => {
    const watching = await watch();
    const { page } = watching;
    started(watching).send({ type: 'BUY' });
    await rows(page, /→PAY/).first().click();
    await attached(page.locator('#detail .entry h3:text-is("Event PAY")'));
    await attached(page.locator('#detail .entry .json .key:text-is("card")'));
    expect(await fact(page, 'sender').innerText()).toBe('customer');
    await fact(page, 'handled').waitFor();
    expect(await fact(page, 'handled').innerText()).toBe('yes');
    expect(await fact(page, 'transition').innerText()).toBe('shop.cart → shop.paid (PAY)');
    expect(await fact(page, 'always').innerText()).toBe('shop.paid → shop.shipping');
    expect(await fact(page, 'tried').locator('li').allInnerTexts()).toEqual([
      '[isFree] refused: shop.cart → shop.done (PAY)',
      '[isRich] taken: shop.cart → shop.paid (PAY)',
    ]);
    expect(await fact(page, 'actions').innerText()).toContain('book');
    expect(await fact(page, 'deadline cancelled').innerText()).toBe('after 60 s');
    const changes = await fact(page, 'context').locator('li').allInnerTexts();
    expect(changes.slice(0, 2)).toEqual(['+ context.items[1]: "milk"', '~ context.total: 3 → 5']);
    expect(changes[2]).toMatch(
      /…180 characters "x{20}oldy{20}" 180 characters… → .*"x{20}newy{20}"/,
    );

    await fact(page, 'sender').getByRole('button').click();
    await attached(page.locator('#detail h2:text-is("customer")'));
    // The entry stays: it is the moment.
    await attached(page.locator('#detail .entry h3:text-is("Event PAY")'));
    await fact(page, 'led to').getByRole('button').click();
    await attached(page.locator('#detail .entry h3:text-is("State shipping")'));
    expect(await fact(page, 'state').innerText()).toMatch(/^cart → shipping after /);
    await fact(page, 'caused by').getByRole('button').click();
    await attached(page.locator('#detail .entry h3:text-is("Event PAY")'));
  });

  test('say that no transition was there, or that all guards refused', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = createActor(shop, { id: 'shop' });
    cleanUp(() => actor.stop());
    watching.inspection.inspect.attach(actor);
    actor.start();
    for (const type of ['NOPE', 'REFUSED']) actor.send({ type });
    await rows(page, /→NOPE/).first().click();
    await fact(page, 'handled')
      .getByText('no: these states have no transition for this event')
      .waitFor();
    await rows(page, /→REFUSED/)
      .first()
      .click();
    await fact(page, 'handled').getByText('no: the guards refused').waitFor();
    expect(await fact(page, 'tried').locator('li').allInnerTexts()).toEqual([
      '[isFree] refused: shop.cart → shop.done (REFUSED)',
    ]);
    expect(await fact(page, 'context').innerText()).toBe('unchanged');
  });

  test('are copied, also without the permission of the browser', async () => {
    const watching = await watch();
    const { page } = watching;
    started(watching).send({ type: 'BUY' });
    await rows(page, /→PAY/).first().click();
    await keepCopies(page);
    await page.getByRole('button', { name: 'Copy the payload' }).click();
    await attached(page.locator('#detail .copied').filter({ hasText: 'Copied the payload.' }));
    await page.getByRole('button', { name: 'Copy the entry as JSON' }).click();
    await attached(page.locator('#detail .copied').filter({ hasText: 'the entry as JSON' }));
    const copies: string[] = await page.evaluate('copies');
    expect(JSON.parse(copies[0] ?? '')).toMatchObject({ type: 'PAY', card: { number: 7 } });
    expect(JSON.parse(copies[1] ?? '')).toMatchObject({ kind: 'event', name: 'PAY' });
    // The focus is where it was.
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(
      'Copy the entry as JSON',
    );
  });
});

describePage('the details of a message', () => {
  test('show it whole, as JSON or as bytes', async () => {
    const { page, inspection } = await watch();
    const [ours, theirs] = streamPair();
    const peer = track(new AsyncProtocol({ codec: jsonLines() }));
    const options = { name: 'vm1', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await Promise.all([peer.connect({ stream: theirs }), protocol.connect({ stream: ours })]);
    await attached(activeState(page, 'protocol.RUNNING.open'));
    await page.locator('#wire').check();
    // The request takes some time to reach the program.
    const answer = { return: { status: 'running', long: 'z'.repeat(1_000) } };
    const shown = rows(page, /⇢.*"return"/);
    while ((await shown.count()) === 0) await protocol.send(answer);
    await shown.first().click();
    await attached(page.locator('#detail .entry h3:text-is("Message sent")'));
    await attached(page.locator('#detail .entry .json .key:text-is("return")'));
    await page.locator('#detail .entry summary:text-is("as text")').click();
    expect(await page.locator('#detail .entry pre').innerText()).toBe(JSON.stringify(answer));
    expect(await fact(page, 'size').innerText()).toMatch(/1\.0 KiB|1\d{3} B/);
    peer.expectEnd();
    await protocol.disconnect({ force: true });
    await expect.poll(() => peer.runstate).toBe('IDLE');
  });
});
