import { describePage } from './browser.ts';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../../test/support/cleanup.ts';
import { actorRow, detached, activeState, rows, attached, watch } from './setup.ts';

expectIdleAfterEach();

/** A promise that the test resolves. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describePage('the page during a session', () => {
  test('highlights each state, and the transition that led there', async () => {
    const { inspection, page } = await watch();
    const handshake = gate();
    const [ours, theirs] = streamPair();
    cleanUp(() => theirs.destroy());
    const definition = { codec: jsonLines(), handshake: () => handshake.opened };
    const protocol = track(
      new AsyncProtocol(definition, { name: 'vm1', inspect: inspection.inspect }),
    );
    await attached(activeState(page, 'protocol.IDLE'));

    const connected = protocol.connect({ stream: ours });
    await attached(activeState(page, 'protocol.CONNECTING.establishing'));
    await attached(activeState(page, 'protocol.CONNECTING'));
    await detached(activeState(page, 'protocol.IDLE'));
    await attached(actorRow(page, 'handshake'));

    handshake.open();
    await connected;
    await attached(activeState(page, 'protocol.RUNNING.open'));
    const edge = '.edge[data-source="protocol.CONNECTING.establishing"]';
    await attached(page.locator(`${edge}[data-target="protocol.RUNNING"][data-taken]`));
    for (const name of ['reader', 'writer']) {
      await attached(actorRow(page, name));
      const line = page.locator('.node[data-node="protocol.RUNNING"] .line.actor[data-on]');
      await attached(line.filter({ hasText: name }));
    }
    await detached(actorRow(page, 'handshake'));

    const disconnected = protocol.disconnect();
    await attached(activeState(page, 'protocol.DISCONNECTING.closing'));
    theirs.resume().end();
    await disconnected;
    await attached(activeState(page, 'protocol.IDLE'));
    expect(await page.locator('#chart .node[data-active]').count()).toBe(2);
  });

  test('highlights the states of a listener, and counts its deadline down', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'server', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await protocol.listen({ port: 0 });
    await attached(activeState(page, 'protocol.CONNECTING.listening.bound'));
    const accepted = protocol.accept();
    accepted.catch(() => undefined);
    await attached(activeState(page, 'protocol.CONNECTING.accepting'));
    const deadline = page.locator(
      '.node[data-node="protocol.CONNECTING.accepting"] .line.deadline[data-on]',
    );
    await attached(deadline);
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
    await attached(page.locator('#detail dt').filter({ hasText: 'after acceptTimeout' }));
    await protocol.disconnect();
    await expect(accepted).rejects.toThrow('the attempt was ended');
    await detached(deadline);
  });

  test('marks the transitions that are possible', async () => {
    const { inspection, page } = await watch();
    track(new AsyncProtocol({ codec: jsonLines() }, { inspect: inspection.inspect }));
    await attached(activeState(page, 'protocol.IDLE'));
    const possible = page.locator('.edge[data-possible]');
    expect(await possible.count()).toBe(2);
    expect(await possible.locator('text').allTextContents()).toEqual(
      expect.arrayContaining(['CONNECT', 'LISTEN']) as string[],
    );
  });

  test('shows how long each state lasted, and the executed actions', async () => {
    const { inspection, page } = await watch();
    const [ours, theirs] = streamPair();
    const peer = track(new AsyncProtocol({ codec: jsonLines() }));
    const options = { name: 'vm1', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await peer.connect({ stream: theirs });
    await protocol.connect({ stream: ours });
    await protocol.disconnect();
    await attached(
      rows(page, /IDLE.*after [\d.]+ ms in DISCONNECTING\.closing · actions: settleLink/),
    );
    await attached(rows(page, /→.*CONNECT/));
    await page.locator('#detail summary').filter({ hasText: 'Time in each state' }).click();
    await attached(page.locator('#detail th').filter({ hasText: 'RUNNING.open' }));
    await expect(peer.disconnect()).rejects.toThrow('ended');
  });

  test('shows why a session failed, with all causes', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'vm1', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await expect(protocol.connect('/missing/peer.sock')).rejects.toThrow('ENOENT');
    const error = page.locator('#detail .error').first();
    await attached(error.locator('strong').filter({ hasText: 'ConnectError ERR_CONNECT' }));
    await attached(error.locator('strong').filter({ hasText: 'Error ENOENT' }));
    await error.locator('summary').first().click();
    await attached(error.locator('.json .key').filter({ hasText: 'retryable' }));
    await attached(activeState(page, 'protocol.IDLE'));
    await attached(rows(page, /dialer failed/));
  });

  test('shows an actor that is not a machine by its status', async () => {
    const { inspection, page } = await watch();
    const options = { name: 'vm1', inspect: inspection.inspect };
    track(new AsyncProtocol({ codec: jsonLines() }, options));
    await actorRow(page, 'owner').click();
    await attached(activeState(page, 'owner.active'));
    await attached(page.locator('#detail h2').filter({ hasText: 'owner' }));
  });
});
