/** The packed inspector serves its page, and shows what a program reports to it. */

import { expect, test } from 'vitest';
import { evaluate, TOOLS } from './support/project.ts';

test('the page is served without types', async () => {
  const code = `
    import { startInspector } from 'wirechart-inspector';
    const inspector = await startInspector();
    const pages = [];
    for (const path of ['/', '/page/style.css', '/page/main.js', '/shared/history.js']) {
      const response = await fetch(new URL(path, inspector.url));
      pages.push([path, response.status, (await response.text()).includes('export type')]);
    }
    await inspector.close();
    console.log(JSON.stringify(pages));`;
  expect(await evaluate(TOOLS, 'main.mjs', code)).toEqual([
    ['/', 200, false],
    ['/page/style.css', 200, false],
    ['/page/main.js', 200, false],
    ['/shared/history.js', 200, false],
  ]);
});

test('a machine that a program reports has a chart with its states', async () => {
  const code = `
    import { once } from 'node:events';
    import { AsyncProtocol, jsonLines } from 'wirechart';
    import { startInspector } from 'wirechart-inspector';
    import { inspectTo } from 'wirechart/inspect';
    import { WebSocket } from 'ws';
    const inspector = await startInspector();
    const inspection = inspectTo(inspector.url, { name: 'packed' });
    const protocol = new AsyncProtocol(
      { codec: jsonLines() },
      { name: 'vm', inspect: inspection.inspect },
    );
    const viewer = new WebSocket(inspector.url.replace('http', 'ws').replace('/?', '/viewer?'));
    const messageThat = async (accepts) => {
      for (;;) {
        const [data] = await once(viewer, 'message');
        const found = JSON.parse(data).find(accepts);
        if (found !== undefined) return found;
      }
    };
    const actor = await messageThat(({ type, name }) => type === 'actor' && name === 'vm');
    viewer.send(JSON.stringify({ type: 'chart', id: actor.chart }));
    const { chart } = await messageThat(({ type }) => type === 'chart');
    await inspection.close();
    await inspector.close();
    console.log(JSON.stringify([protocol.runstate, chart.nodes.map(({ key }) => key)]));`;
  const [runstate, states] = (await evaluate(TOOLS, 'main.mjs', code)) as [string, string[]];
  expect(runstate).toBe('IDLE');
  expect(states).toEqual(
    expect.arrayContaining(['IDLE', 'CONNECTING', 'RUNNING', 'DISCONNECTING']),
  );
});
