// Run by CI in a folder into which the packed packages were installed: what the README shows, as a user
// of them would have it, under plain Node.
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { AsyncProtocol, jsonLines, streamPair } from 'wirechart';
import { startInspector } from 'wirechart-inspector';
import { inspectTo } from 'wirechart/inspect';
import { QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { WebSocket } from 'ws';

const server = new ScriptedQmpServer();
const qmp = new QmpClient();
await qmp.connect(await server.listen());
assert.equal(qmp.runstate, 'RUNNING');
assert.deepEqual(await qmp.execute('cont'), {});
assert.equal((await qmp.execute('query-status')).running, true);
await qmp.execute('quit');
await qmp.disconnect();
await server.close();

const [left, right] = streamPair();
const heard = [];
const alice = new AsyncProtocol({ codec: jsonLines() });
const bob = new AsyncProtocol({
  codec: jsonLines(),
  onMessage: (message) => void heard.push(message),
});
await Promise.all([alice.connect({ stream: left }), bob.connect({ stream: right })]);
await alice.send({ hello: 'bob' });
await alice.disconnect();
await bob.closed;
assert.deepEqual(heard, [{ hello: 'bob' }]);
assert.equal(bob.runstate, 'IDLE');
const inspector = await startInspector();
for (const path of ['/', '/page/style.css', '/page/main.js', '/shared/history.js']) {
  const response = await fetch(new URL(path, inspector.url));
  assert.equal(response.status, 200, path);
  assert.equal((await response.text()).includes('export type'), false, path);
}
const inspection = inspectTo(inspector.url, { name: 'packed' });
const watched = new AsyncProtocol(
  { codec: jsonLines() },
  { name: 'vm', inspect: inspection.inspect },
);
const viewer = new WebSocket(inspector.url.replace('http', 'ws').replace('/?', '/viewer?'));
let actor;
while (actor === undefined) {
  const [data] = await once(viewer, 'message');
  actor = JSON.parse(data).find(({ type, name }) => type === 'actor' && name === 'vm');
}
viewer.send(JSON.stringify({ type: 'chart', id: actor.chart }));
let chart;
while (chart === undefined) {
  const [data] = await once(viewer, 'message');
  chart = JSON.parse(data).find(({ type }) => type === 'chart')?.chart;
}
assert.ok(chart.nodes.some(({ key }) => key === 'RUNNING'));
assert.equal(watched.runstate, 'IDLE');
await inspection.close();
await inspector.close();
const help = execFileSync('npx', ['--no-install', 'wirechart-inspector', '--help'], {
  encoding: 'utf8',
});
assert.match(help, /^Usage: wirechart-inspector/);

console.log('the packed packages work');
