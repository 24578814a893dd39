import { describePage } from './browser.ts';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createActor, createMachine, fromPromise } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { gone, rows, shown, watch } from './watching.ts';

expectIdleAfterEach();

const MARKUP = '<img src=x onerror="broken=1"><script>broken=2</script>';
const CONTROLS = 'a\u0000b\u001b[31mc\u202ed\ne';

describePage('what a program says', () => {
  test('is text in every place, and never markup', async () => {
    const { inspection, page } = await watch();
    const nobody = fromPromise(() => new Promise(() => undefined));
    const machine = createMachine({
      id: MARKUP,
      description: MARKUP,
      context: { [MARKUP]: MARKUP, error: new Error(MARKUP, { cause: new Error(MARKUP) }) },
      initial: MARKUP,
      states: {
        [MARKUP]: {
          description: MARKUP,
          on: { [MARKUP]: 'next' },
          invoke: { src: 'nobody', id: MARKUP },
        },
        next: { after: { [MARKUP]: MARKUP } },
      },
    });
    const actor = createActor(machine.provide({ actors: { nobody } }), { id: MARKUP });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: MARKUP, [MARKUP]: MARKUP });
    await shown(page.locator('#tree .name').filter({ hasText: MARKUP }));
    await shown(page.locator('#chart text.key').filter({ hasText: MARKUP }));
    await shown(page.locator('#detail .error p').filter({ hasText: MARKUP }));
    await shown(rows(page, MARKUP));
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.evaluate('globalThis.broken')).toBeUndefined();
  });

  test('is cut when it is long, and whole on demand', async () => {
    const { inspection, page } = await watch();
    const long = 'x'.repeat(1_000_000);
    const machine = createMachine({ context: { long }, on: { SAY: {} } });
    const actor = createActor(machine, { id: 'talker' });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'SAY', long, [long]: long });
    await shown(page.locator('#tree .name').filter({ hasText: 'talker' }));
    await page.locator('#show-all').check();
    await shown(rows(page, 'SAY'));
    const more = page.locator('#detail button.more').first();
    await shown(more);
    const before = (await page.locator('#detail').innerText()).length;
    await more.click();
    await gone(more);
    const text = await page.locator('#detail').innerText();
    expect(text.length).toBeGreaterThan(before);
    expect(text.length).toBeLessThan(100_000);
    expect(text).toContain('(1000000 characters)');
  });

  test('can hold control characters without effect', async () => {
    const { inspection, page } = await watch();
    const machine = createMachine({ context: { CONTROLS }, on: { SAY: {} } });
    const actor = createActor(machine, { id: CONTROLS });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'SAY', CONTROLS });
    await page.locator('#show-all').check();
    await shown(rows(page, 'SAY'));
    expect(await page.locator('#timeline .row').first().boundingBox()).toMatchObject({
      height: 22,
    });
  });

  test('may be nonsense: the page goes on', async () => {
    const { inspector, inspection, page } = await watch();
    const url = new URL(inspector.url.replace('http', 'ws'));
    url.pathname = '/program';
    const socket = new WebSocket(url);
    await once(socket, 'open');
    cleanUp(async () => {
      socket.close();
      await once(socket, 'close');
    });
    const machine = JSON.stringify({
      predictableActionArguments: true,
      id: 'odd',
      initial: 'a',
      states: { a: {}, __proto__: {} },
    });
    const odd: unknown[] = [
      null,
      7,
      [],
      {},
      { a: null },
      { a: { b: [] } },
      'constructor',
      '__proto__',
    ];
    for (const [at, value] of odd.entries()) {
      const state = JSON.stringify({ value, context: value, _event: { name: '', data: value } });
      const sessionId = `__proto__${String(at)}`;
      const wirechart = {
        status: value,
        error: value,
        microsteps: [value],
        deadlines: [{}],
        at: 'x',
      };
      socket.send(
        JSON.stringify({
          type: 'service.register',
          machine,
          state,
          id: 'odd',
          sessionId,
          wirechart,
        }),
      );
      socket.send(JSON.stringify({ type: 'service.state', state, sessionId, wirechart }));
    }
    await shown(page.locator('#tree [role=treeitem]').nth(odd.length - 1));
    for (const row of await page.locator('#tree [role=treeitem]').all()) await row.click();
    const actor = createActor(createMachine({ on: { HELLO: {} } }), { id: 'sane' });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    await page.locator('#tree .name').filter({ hasText: 'sane' }).click();
    await shown(page.locator('#detail h2').filter({ hasText: 'sane' }));
  });
});
