/** Programs in browsers: pages, React apps and workers that report with wirechart-inspect. */

import { describePage } from './browser.ts';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { freePort } from '../../test/inspect/inspectors.ts';
import { portOf, startTestInspector, TOKEN } from '../../test/inspector/clients.ts';
import { openFakePage } from '../../test/inspector/fake-page.ts';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { startInspector } from '../src/index.ts';
import { openPage, type OtherPage } from './browser.ts';
import { activeState, actorRow, attached } from './setup.ts';
import { startSite } from './sites.ts';

expectIdleAfterEach();

const REACT_APP = `
  import { StrictMode } from 'react';
  import { createRoot } from 'react-dom/client';
  import { useMachine } from '@xstate/react';

  const { inspect } = inspectTo(INSPECTOR);

  function Lamp() {
    const [state, send] = useMachine(lamp, { id: 'lamp', inspect });
    return <button onClick={() => send({ type: 'TOGGLE' })}>{String(state.value)}</button>;
  }
  createRoot(document.querySelector('main')).render(<StrictMode><Lamp /></StrictMode>);
`;

const PLAIN_PAGE = `
  const inspection = inspectTo(INSPECTOR);
  const actor = createActor(lamp, { id: 'lamp' }).start();
  inspection.inspect.attach(actor);
  Object.assign(globalThis, { actor, inspection });
`;

/** Switches the lamp of a plain page. */
const toggle = ({ page }: OtherPage): Promise<unknown> =>
  page.evaluate("actor.send({ type: 'TOGGLE' })");

/** An address of this machine that is not loopback: pages there have no secure context. */
const network = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

describePage('a React app in StrictMode', () => {
  test('is shown live on the page of the inspector', async () => {
    const inspector = await startInspector();
    cleanUp(() => inspector.close());
    const site = await startSite({ main: REACT_APP }, inspector.url);
    const shown = await openPage(inspector.url);
    cleanUp(() => shown.close());
    const app = await site.open();
    await attached(actorRow(shown.page, 'lamp'));
    await attached(activeState(shown.page, 'lamp.off'));
    await app.page.getByRole('button', { name: 'off' }).click();
    await attached(activeState(shown.page, 'lamp.on'));
    await app.page.getByRole('button', { name: 'on' }).click();
    await attached(activeState(shown.page, 'lamp.off'));
    expect(app.warnings).toEqual([]);
  });
});

describePage('a page', () => {
  test('is shown by its title, with the current states of its actors, and no process', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const app = await (await startSite({ main: PLAIN_PAGE }, inspector.url)).open();
    const { id } = await viewer.actor('lamp');
    await toggle(app);
    await viewer.until((it) =>
      it.of('state').some(({ actor, state }) => actor === id && state.value === 'on'),
    );
    expect(await viewer.program('shop')).toMatchObject({ source: 'live', pid: 0, control: false });
  });

  test('without a title is shown by its address', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const site = await startSite({ main: PLAIN_PAGE }, inspector.url, { title: '' });
    await site.open();
    await viewer.program(new URL(site.url).host + '/');
  });

  test('is the same program, started again, when it is reloaded', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const app = await (await startSite({ main: PLAIN_PAGE }, inspector.url)).open();
    await viewer.program('shop');
    await app.page.reload();
    await viewer.until(({ programs }) => programs.size === 2);
    await viewer.until(({ programs }) =>
      [...programs.values()].some(({ source }) => source === 'disconnected'),
    );
    expect([...viewer.programs.values()].map(({ name, source }) => [name, source])).toEqual([
      ['shop', 'disconnected'],
      ['shop', 'live'],
    ]);
  });

  test('takes events from an inspector with control, if it allows that', async () => {
    const inspector = await startTestInspector({ control: true });
    const viewer = await openFakePage(inspector);
    const main = PLAIN_PAGE.replace('INSPECTOR', 'INSPECTOR, { control: true }');
    const app = await (await startSite({ main }, inspector.url)).open();
    viewer.send({
      type: 'send',
      actor: (await viewer.actor('lamp')).id,
      event: { type: 'TOGGLE' },
    });
    await app.page.waitForFunction("actor.getSnapshot().value === 'on'");
  });

  test('is shown when the inspector starts later, and again when it restarts', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${String(port)}/?token=${TOKEN}`;
    const app = await (await startSite({ main: PLAIN_PAGE }, url)).open();
    await app.page.waitForFunction("actor.getSnapshot().value === 'off'");
    const first = await startTestInspector({ port });
    await (await openFakePage(first)).actor('lamp');
    await first.close();
    await toggle(app);
    const viewer = await openFakePage(await startTestInspector({ port }));
    expect((await viewer.actor('lamp')).base.value).toBe('on');
  });

  test('ends its report with close()', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const app = await (await startSite({ main: PLAIN_PAGE }, inspector.url)).open();
    const { id } = await viewer.program('shop');
    await app.page.evaluate('inspection.close()');
    await viewer.until(({ programs }) => programs.get(id)?.source === 'disconnected');
    await toggle(app);
  });
});

describePage('a worker', () => {
  const WORKER = `createActor(lamp, { id: 'lamp', inspect: inspectTo(INSPECTOR).inspect }).start();`;

  test.each([
    ['with a name', `new Worker('/worker.js', { type: 'module', name: 'stock' });`, 'stock'],
    ['without one', `new Worker('/worker.js', { type: 'module' });`, 'worker.js'],
    ['that is shared', `new SharedWorker('/worker.js', { type: 'module', name: 's' });`, 's'],
  ])('%s is a program', async (_, main, name) => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    await (await startSite({ main, worker: WORKER }, inspector.url)).open();
    expect(await viewer.program(name)).toMatchObject({ source: 'live' });
    await viewer.actor('lamp');
  });
});

describePage('a page that cannot report says why, once, and so does the inspector', () => {
  test('with a wrong token', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const wrong = `http://127.0.0.1:${String(portOf(inspector))}/?token=${'x'.repeat(24)}`;
    const site = await startSite({ main: PLAIN_PAGE }, wrong);
    const app = await site.open();
    await app.warned;
    const origin = new URL(site.url).origin;
    await viewer.until((it) => it.of('problem').length > 0);
    expect(viewer.of('problem')[0]?.text).toBe(
      `A program was not let in: it has not proved that it knows the token (a page of '${origin}'). Give it the URL that this inspector has printed`,
    );
    // It comes again, in vain and silently.
    await app.page.waitForEvent('websocket');
    expect(viewer.programs.size).toBe(0);
    expect(app.warnings).toEqual([
      `[wirechart] Nothing is reported to the inspector at 127.0.0.1:${String(portOf(inspector))}: it does not prove that it knows the token. ` +
        'Use the URL that the running inspector prints, and for a forwarded port the same address and number on both hosts',
    ]);
  });

  test('from another site; with --origin it is shown', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const site = await startSite({ main: PLAIN_PAGE }, inspector.url, { host: '127.0.0.2' });
    const app = await site.open();
    const origin = new URL(site.url).origin;
    await app.warned;
    expect(app.warnings).toEqual([
      `[wirechart] Nothing is reported to the inspector at 127.0.0.1:${String(portOf(inspector))}: it does not take reports from the site ${origin}. Start the inspector with --origin ${origin}`,
    ]);
    await viewer.until((it) => it.of('problem').length > 0);
    expect(viewer.of('problem')[0]?.text).toBe(
      `A program was not let in: Pages of '${origin}' are not allowed; see the option --origin`,
    );
    expect(viewer.programs.size).toBe(0);
    const port = portOf(inspector);
    await inspector.close();
    const other = await openFakePage(await startTestInspector({ port, origins: [origin] }));
    await other.program('shop');
  });

  test('without an inspector', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}/?token=${TOKEN}`;
    const app = await (await startSite({ main: PLAIN_PAGE }, url)).open();
    await app.warned;
    expect(app.warnings).toEqual([
      `[wirechart] No inspector answers at ${new URL(url).host}. Start one with 'npx wirechart-inspector'; this program goes on trying, and is shown as soon as one is there`,
    ]);
  });

  test.skipIf(network === undefined)('without a secure context', async () => {
    const url = `http://127.0.0.1:${String(await freePort())}/?token=${TOKEN}`;
    const app = await (await startSite({ main: PLAIN_PAGE }, url, { host: network })).open();
    await app.warned;
    expect(app.warnings[0]).toContain('this page has no crypto.subtle');
    expect(app.warnings[0]).toContain('Open the page at http://localhost or over https');
  });
});
