import { describePage } from './browser.ts';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { actorRow, gone, lit, rows, shown, watch } from './watching.ts';

expectIdleAfterEach();

/** Something that the test lets happen. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describePage('the page, of a session', () => {
  test('lights every state that it stays in, and the way that led there', async () => {
    const { inspection, page } = await watch();
    const handshake = gate();
    const [ours, theirs] = streamPair();
    cleanUp(() => theirs.destroy());
    const definition = { codec: jsonLines(), handshake: () => handshake.opened };
    const protocol = track(
      new AsyncProtocol(definition, { name: 'line', inspect: inspection.inspect }),
    );
    await shown(lit(page, 'protocol.IDLE'));

    const connected = protocol.connect({ stream: ours });
    await shown(lit(page, 'protocol.CONNECTING.establishing'));
    await shown(lit(page, 'protocol.CONNECTING'));
    await gone(lit(page, 'protocol.IDLE'));
    await shown(actorRow(page, 'handshake'));

    handshake.open();
    await connected;
    await shown(lit(page, 'protocol.RUNNING.open'));
    const edge = '.edge[data-source="protocol.CONNECTING.establishing"]';
    await shown(page.locator(`${edge}[data-target="protocol.RUNNING"][data-taken]`));
    for (const name of ['reader', 'writer']) {
      await shown(actorRow(page, name));
      const line = page.locator('.node[data-node="protocol.RUNNING"] .line.actor[data-on]');
      await shown(line.filter({ hasText: name }));
    }
    await gone(actorRow(page, 'handshake'));

    const disconnected = protocol.disconnect();
    await shown(lit(page, 'protocol.DISCONNECTING.closing'));
    theirs.resume().end();
    await disconnected;
    await shown(lit(page, 'protocol.IDLE'));
    expect(await page.locator('#chart .node[data-active]').count()).toBe(2);
  });

  test('lights the states of a listener, and counts its deadline down', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'server', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await protocol.listen({ port: 0 });
    await shown(lit(page, 'protocol.CONNECTING.listening.bound'));
    const accepted = protocol.accept();
    accepted.catch(() => undefined);
    await shown(lit(page, 'protocol.CONNECTING.accepting'));
    const deadline = page.locator(
      '.node[data-node="protocol.CONNECTING.accepting"] .line.deadline[data-on]',
    );
    await shown(deadline);
    const seconds = async () => Number(/([\d.]+) s/.exec(await deadline.innerHTML())?.[1]);
    const before = await seconds();
    expect(before).toBeLessThanOrEqual(30);
    expect(before).toBeGreaterThan(1);
    let now = before;
    while (now === before) {
      await turn();
      now = await seconds();
    }
    expect(now).toBeLessThan(before);
    await shown(page.locator('#detail dt').filter({ hasText: 'after acceptTimeout' }));
    await protocol.disconnect();
    await expect(accepted).rejects.toThrow('the attempt was ended');
    await gone(deadline);
  });

  test('tells the transitions that are possible from those that are not', async () => {
    const { inspection, page } = await watch();
    track(new AsyncProtocol({ codec: jsonLines() }, { inspect: inspection.inspect }));
    await shown(lit(page, 'protocol.IDLE'));
    const possible = page.locator('.edge[data-possible]');
    expect(await possible.count()).toBe(2);
    expect(await possible.locator('text').allTextContents()).toEqual(
      expect.arrayContaining(['CONNECT', 'LISTEN']) as string[],
    );
  });

  test('tells how long each state lasted, and what was done', async () => {
    const { inspection, page } = await watch();
    const [ours, theirs] = streamPair();
    const peer = track(new AsyncProtocol({ codec: jsonLines() }));
    const options = { name: 'line', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await peer.connect({ stream: theirs });
    await protocol.connect({ stream: ours });
    await protocol.disconnect();
    await shown(rows(page, /IDLE.*after [\d.]+ ms in DISCONNECTING\.closing · did settleLink/));
    await shown(rows(page, /→.*CONNECT/));
    await page.locator('#detail summary').filter({ hasText: 'Time in each state' }).click();
    await shown(page.locator('#detail th').filter({ hasText: 'RUNNING.open' }));
    await expect(peer.disconnect()).rejects.toThrow('ended');
  });

  test('shows why a session failed, with every cause', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'line', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await expect(protocol.connect('/nowhere/at/all.sock')).rejects.toThrow('ENOENT');
    const error = page.locator('#detail .error').first();
    await shown(error.locator('strong').filter({ hasText: 'ConnectError ERR_CONNECT' }));
    await shown(error.locator('strong').filter({ hasText: 'Error ENOENT' }));
    await error.locator('summary').first().click();
    await shown(error.locator('.json .key').filter({ hasText: 'retryable' }));
    await shown(lit(page, 'protocol.IDLE'));
    await shown(rows(page, /dialer failed/));
  });

  test('shows an actor that is no machine by what became of it', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'line', inspect: inspection.inspect };
    track(new AsyncProtocol({ codec: jsonLines() }, options));
    await actorRow(page, 'owner').click();
    await shown(lit(page, 'owner.active'));
    await shown(page.locator('#detail h2').filter({ hasText: 'owner' }));
  });
});
