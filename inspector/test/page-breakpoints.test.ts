import { describePage } from './browser.ts';
import { expect, test } from 'vitest';
import { actorOf, nested } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { activeState, attached, detached, rows, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

/** A page with a machine, which shows the breakpoints. */
async function withBreakpoints(): Promise<Watching & { actor: ReturnType<typeof actorOf> }> {
  const watching = await watch();
  const actor = actorOf(nested);
  cleanUp(() => actor.stop());
  watching.inspection.inspect.attach(actor);
  actor.start();
  await attached(activeState(watching.page, 'nested.off'));
  await watching.page.locator('#tab-breakpoints').click();
  return { ...watching, actor };
}

const breakpoint = (page: Watching['page'], text: string) =>
  page.locator('.breakpoints li').filter({ hasText: text });

async function add(page: Watching['page'], kind: string, text: string): Promise<void> {
  await page.locator('#breakpoint-kind').selectOption(kind);
  if (text !== '') await page.locator('#breakpoint-text').fill(text);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
}

describePage('a breakpoint', () => {
  test('freezes the view when a state is entered, and the program goes on', async () => {
    const { page, actor } = await withBreakpoints();
    await add(page, 'state', 'on.fast');
    await attached(breakpoint(page, 'state on.fast is entered'));
    for (const type of ['START', 'FASTER', 'STOP']) actor.send({ type });
    await attached(
      page.locator('#live[aria-pressed=false]').filter({ hasText: 'breakpoint: state on.fast' }),
    );
    await attached(activeState(page, 'nested.on.fast'));
    await attached(page.locator('.breakpoints [data-frozen]').filter({ hasText: '1 hit' }));
    expect(actor.getSnapshot().value).toBe('off');
    // While the view is frozen, hits are counted and the moment stays.
    for (const type of ['START', 'FASTER', 'PAUSE']) actor.send({ type });
    await attached(breakpoint(page, '2 hits'));
    await attached(activeState(page, 'nested.on.fast'));
    await page.locator('#live').click();
    await attached(activeState(page, 'nested.paused'));
    await detached(page.locator('.breakpoints [data-frozen]'));
  });

  test('is kept when the page is loaded again, and can be switched off and removed', async () => {
    const { page, actor } = await withBreakpoints();
    await add(page, 'event', 'FAST*');
    await breakpoint(page, 'event FAST*').getByRole('checkbox').uncheck();
    await page.reload();
    await attached(activeState(page, 'nested.off'));
    await page.locator('#tab-breakpoints').click();
    const known = breakpoint(page, 'event FAST*');
    await attached(known);
    for (const type of ['START', 'FASTER']) actor.send({ type });
    await attached(activeState(page, 'nested.on.fast'));
    await attached(page.locator('#live[aria-pressed=true]'));
    expect(await known.textContent()).toContain('0 hits');
    await known.getByRole('checkbox').check();
    actor.send({ type: 'FASTER' });
    await attached(page.locator('#live[aria-pressed=false]'));
    await known.getByRole('button', { name: 'Remove' }).click();
    await detached(known);
  });

  test('is set from an entry of the timeline', async () => {
    const { page, actor } = await withBreakpoints();
    await page.locator('#tab-timeline').click();
    actor.send({ type: 'START' });
    await rows(page, /→START/).click();
    await page.locator('#timeline-break').click();
    await page.keyboard.press('l');
    await attached(page.locator('#live[aria-pressed=true]'));
    actor.send({ type: 'STOP' });
    await attached(activeState(page, 'nested.off'));
    await attached(page.locator('#live[aria-pressed=true]'));
    actor.send({ type: 'START' });
    await attached(
      page.locator('#live[aria-pressed=false]').filter({ hasText: 'breakpoint: event START' }),
    );
  });

  test('at a pattern that is none says why it cannot be set', async () => {
    const { page } = await withBreakpoints();
    await add(page, 'text', '/(/');
    await attached(page.locator('.breakpoints-said').filter({ hasText: "A ')' is missing." }));
    expect(await page.locator('.breakpoints li').count()).toBe(0);
  });

  test('at a long stay hits while the state lasts', async () => {
    const { page, actor } = await withBreakpoints();
    await page.locator('#breakpoint-kind').selectOption('stay');
    await page.locator('#breakpoint-ms').fill('300');
    await page.locator('#breakpoint-text').fill('on.slow');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    actor.send({ type: 'START' });
    await attached(
      page.locator('#live[aria-pressed=false]').filter({ hasText: 'more than 300 ms in on.slow' }),
    );
    await attached(activeState(page, 'nested.on.slow'));
  });
});
