import { describePage } from './browser.ts';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { actorOf, nested, parent } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { activeState, actorRow, attached, detached, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const lane = (page: Watching['page'], name: string) =>
  page.locator('.lanes-head .lane').filter({ has: page.getByText(name, { exact: true }) });
const item = (page: Watching['page'], words: string | RegExp) =>
  page.getByRole('listbox', { name: 'Sequence of events' }).getByRole('option', { name: words });

/** A page that shows the lanes of a machine. */
async function withLanes(
  machine = nested,
): Promise<Watching & { actor: ReturnType<typeof actorOf> }> {
  const watching = await watch();
  const actor = actorOf(machine);
  cleanUp(() => actor.stop());
  watching.inspection.inspect.attach(actor);
  actor.start();
  await watching.page.locator('#tab-lanes').click();
  return { ...watching, actor };
}

describePage('the lanes', () => {
  test('show events, states and a running deadline, and pin what is pressed', async () => {
    const { page, actor } = await withLanes();
    for (const type of ['START', 'FASTER', 'PAUSE']) actor.send({ type });
    await attached(item(page, /event FASTER/));
    await attached(page.locator('.lanes-space .state-name').filter({ hasText: 'paused' }));
    await attached(page.locator('.lanes-space line.deadline.running'));
    await attached(page.locator('.lanes-space text.deadline').filter({ hasText: /[\d.]+ s left/ }));
    await item(page, /state on\.fast/)
      .locator('.state-name')
      .click();
    await attached(activeState(page, 'nested.on.fast'));
    await attached(page.locator('.lanes-space line.pinned'));
    await attached(page.locator('#live[aria-pressed=false]'));
    // The lane goes on to grow.
    actor.send({ type: 'RESUME' });
    await attached(page.locator('.lanes-space line.deadline.cancelled'));
    await attached(activeState(page, 'nested.on.fast'));
  });

  test('are walked through with the keyboard', async () => {
    const { page, actor } = await withLanes();
    for (const type of ['START', 'FASTER']) actor.send({ type });
    await attached(item(page, /state on\.fast/));
    const list = page.getByRole('listbox', { name: 'Sequence of events' });
    await list.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    const selected = list.locator('[aria-selected=true]');
    await attached(selected.and(item(page, /event START/)));
    await attached(
      page.locator(
        `.lanes-scroll[aria-activedescendant="${(await selected.getAttribute('id')) ?? ''}"]`,
      ),
    );
    await page.keyboard.press('End');
    await attached(selected.and(item(page, /state on\.fast/)));
  });

  test('are those of the actors around the selected one, or of all', async () => {
    const { page, inspection, actor } = await withLanes(parent);
    const other = actorOf(nested);
    cleanUp(() => other.stop());
    inspection.inspect.attach(other);
    other.start();
    actor.send({ type: 'ENTER' });
    await attached(lane(page, 'connection'));
    actor.send({ type: 'CALL' });
    await attached(item(page, /connection: event LISTEN.*, from parent/));
    const name = `nested ${other.sessionId}`;
    await attached(actorRow(page, name));
    await detached(lane(page, name));
    await page.locator('#lanes-scope').selectOption('program');
    await attached(lane(page, name));
    await page.locator('#lanes-search').fill('connection');
    await detached(lane(page, name));
    await attached(lane(page, 'connection'));
  });

  test('show the messages of a session beside the peer', async () => {
    const { inspection, page } = await watch();
    await page.locator('#wire').check();
    await page.locator('#tab-lanes').click();
    const [ours, theirs] = streamPair();
    const peer = track(new AsyncProtocol({ codec: jsonLines() }));
    const protocol = track(
      new AsyncProtocol({ codec: jsonLines() }, { name: 'vm1', inspect: inspection.inspect }),
    );
    await attached(actorRow(page, 'vm1'));
    await peer.connect({ stream: theirs });
    await protocol.connect({ stream: ours });
    await attached(page.locator('.lanes-space .state-name').filter({ hasText: 'open' }));
    await expect
      .poll(async () => {
        await protocol.send({ hello: 1 });
        return page.locator('.lanes-space .message-text').filter({ hasText: '"hello":1' }).count();
      })
      .toBeGreaterThan(0);
    await attached(page.locator('.lanes-space .axis.peer'));
    await protocol.disconnect();
    await expect(peer.disconnect()).rejects.toThrow('ended');
  });
});
