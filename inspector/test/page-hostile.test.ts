import { describePage } from './browser.ts';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createActor, createMachine, fromPromise } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { registration } from '../../test/inspector/fake-program.ts';
import { HOSTILE_LINES, recordingWith } from '../../test/inspector/hostile.ts';
import { actorRow, attached, detached, rows, watch } from './setup.ts';

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

describePage('hostile recordings', () => {
  test('do not keep the page from showing the rest, or from being reloaded', async () => {
    const { inspector, page } = await watch();
    const lines = HOSTILE_LINES.filter(({ line }) => line.length < 200_000);
    for (const { name, line } of lines) await inspector.open(name, [recordingWith(line)]);
    for (const again of [false, true]) {
      if (again) await page.reload();
      await attached(page.locator('#tree .program').nth(lines.length));
      await page.locator('#show-all').check();
      for (const row of await page.locator('#tree [role=treeitem]').all()) await row.click();
      await page.locator('#search').fill('nested');
      await attached(rows(page, 'nested more than 256 levels deep'));
      await page.locator('#search').fill('');
      expect(await page.locator('.failed').count()).toBe(0);
    }
  });

  test('with actors that are nested without an end, or are their own parents, show them all', async () => {
    const { inspector, page } = await watch();
    const chain = Array.from({ length: 3_000 }, (_, at) =>
      registration(`x:${String(at + 1)}`, { parent: `x:${String(at)}`, id: `level ${String(at)}` }),
    );
    const circle = ['one', 'other', 'one'].map((id, at, all) =>
      registration(id, { parent: all[at + 1] ?? 'other', id }),
    );
    const own = registration('own', { parent: 'own', id: 'its own parent' });
    const lines = [...chain, ...circle, own].map((message) => JSON.stringify(message));
    await inspector.open('nested', [recordingWith(...lines)]);
    for (const name of ['level 2999', 'one', 'other', 'its own parent'])
      await attached(actorRow(page, name));
    expect(await page.locator('#tree [role=treeitem]').count()).toBe(3_004);
  });
});

describePage('a program of a careless user', () => {
  test('is shown, however deep its context and long its names are', async () => {
    const { inspection, page } = await watch();
    let deep: object = {};
    for (let level = 0; level < 8_000; level += 1) deep = { deep };
    const long = 'x'.repeat(6_000_000);
    const machine = createMachine({
      context: { deep, [long]: long },
      initial: 'a',
      tags: [long],
      states: { a: { on: { '*': { target: 'b', actions: long } } }, b: {} },
    });
    const actor = createActor(machine.provide({ actions: { [long]: () => undefined } }), {
      id: 'careless',
    });
    cleanUp(() => actor.stop());
    inspection.inspect.attach(actor);
    actor.start();
    await actorRow(page, 'careless').click();
    actor.send({ type: long });
    await attached(actorRow(page, 'b'));
    await attached(page.locator('#detail .json .key').filter({ hasText: 'deep' }));
    expect(await page.locator('.row.problem').count()).toBe(0);
    expect(await page.locator('.failed').count()).toBe(0);
  });
});

describePage('a pane that fails', () => {
  test('says so, while the others go on, and recovers', async () => {
    const { inspection, page } = await watch({ expectErrors: true });
    const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } });
    const [one, other] = ['one', 'other'].map((id) => createActor(machine, { id }));
    for (const actor of [one, other]) {
      cleanUp(() => actor?.stop());
      if (actor !== undefined) inspection.inspect.attach(actor);
      actor?.start();
    }
    await actorRow(page, 'one').click();
    await attached(page.locator('#detail h2').filter({ hasText: 'one' }));
    await page.evaluate(
      `document.getElementById('detail').replaceChildren = () => { throw new Error('<b>broken</b>'); }`,
    );
    await actorRow(page, 'other').click();
    const notice = page.locator('.pane.detail .failed');
    await notice.waitFor();
    expect(await notice.innerText()).toContain("The pane 'Details' cannot be drawn: <b>broken</b>");
    other?.send({ type: 'GO' });
    await attached(rows(page, 'b'));
    await attached(page.locator('#chart .node[data-active]'));
    await page.evaluate(`delete document.getElementById('detail').replaceChildren`);
    await detached(notice);
    await attached(page.locator('#detail h2').filter({ hasText: 'other' }));
  });

  test('does not end the handling of other messages', async () => {
    const { inspector, page } = await watch();
    await page.evaluate(`JSON.parse = ((parse) => (text) => {
      const messages = parse(text);
      return Array.isArray(messages) ? [null, ...messages] : messages;
    })(JSON.parse)`);
    await inspector.open('after', [recordingWith()]);
    await attached(actorRow(page, 'door'));
    expect(await page.locator('#connection').innerText()).toContain('Something is not shown');
  });
});
