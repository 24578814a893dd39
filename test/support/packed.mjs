// Run by CI in a folder into which the packed package was installed: the README's example, as a user
// of the package would have it, under plain Node.
import { strict as assert } from 'node:assert';
import { AsyncProtocol, jsonLines, streamPair } from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';

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
console.log('the packed package works');
