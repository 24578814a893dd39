import { describePage } from './browser.ts';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createActor, createMachine, fromPromise } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { detached, rows, attached, watch } from './setup.ts';

expectIdleAfterEach();

const MARKUP = '<img src=x onerror="broken=1"><script>broken=2</script>';
const CONTROLS = 'a\u0000b\u001b[31mc\u202ed\ne';

describePage('the texts of a program', () => {
  test('are never markup', async () => {
    const { inspection, page } = await watch();
    const never = fromPromise(() => new Promise(() => undefined));
    const machine = createMachine({
      id: MARKUP,
      description: MARKUP,
      context: { [MARKUP]: MARKUP, error: new Error(MARKUP, { cause: new Error(MARKUP) }) },
      initial: MARKUP,
      states: {
        [MARKUP]: {
          description: MARKUP,
          on: { [MARKUP]: 'next' },
          invoke: { src: 'never', id: MARKUP },
        },
        next: { after: { [MARKUP]: MARKUP } },
      },
    });
    const actor = createActor(machine.provide({ actors: { never } }), { id: MARKUP });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: MARKUP, [MARKUP]: MARKUP });
    await attached(page.locator('#tree .name').filter({ hasText: MARKUP }));
    await attached(page.locator('#chart text.key').filter({ hasText: MARKUP }));
    await attached(page.locator('#detail .error p').filter({ hasText: MARKUP }));
    await attached(rows(page, MARKUP));
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.evaluate('globalThis.broken')).toBeUndefined();
  });

  test('are cut when they are long, and complete on demand', async () => {
    const { inspection, page } = await watch();
    const long = 'x'.repeat(1_000_000);
    const machine = createMachine({ context: { long }, on: { SEND: {} } });
    const actor = createActor(machine, { id: 'sender' });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'SEND', long, [long]: long });
    await attached(page.locator('#tree .name').filter({ hasText: 'sender' }));
    await page.locator('#show-all').check();
    await attached(rows(page, 'SEND'));
    const more = page.locator('#detail button.more').first();
    await attached(more);
    const before = (await page.locator('#detail').innerText()).length;
    await more.click();
    await detached(more);
    const text = await page.locator('#detail').innerText();
    expect(text.length).toBeGreaterThan(before);
    expect(text.length).toBeLessThan(100_000);
    expect(text).toContain('(1000000 characters)');
  });

  test('can contain control characters', async () => {
    const { inspection, page } = await watch();
    const machine = createMachine({ context: { CONTROLS }, on: { SEND: {} } });
    const actor = createActor(machine, { id: CONTROLS });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'SEND', CONTROLS });
    await page.locator('#show-all').check();
    await attached(rows(page, 'SEND'));
    expect(await page.locator('#timeline .row').first().boundingBox()).toMatchObject({
      height: 22,
    });
  });

  test('can be malformed without breaking the page', async () => {
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
    const malformed: unknown[] = [
      null,
      7,
      [],
      {},
      { a: null },
      { a: { b: [] } },
      'constructor',
      '__proto__',
    ];
    for (const [at, value] of malformed.entries()) {
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
    await attached(page.locator('#tree [role=treeitem]').nth(malformed.length - 1));
    for (const row of await page.locator('#tree [role=treeitem]').all()) await row.click();
    const actor = createActor(createMachine({ on: { HELLO: {} } }), { id: 'valid' });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    await page.locator('#tree .name').filter({ hasText: 'valid' }).click();
    await attached(page.locator('#detail h2').filter({ hasText: 'valid' }));
  });
});
