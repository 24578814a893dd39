/** Programs that use the packages as the pages show it, on every supported Node. */

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { installNode, NODE_VERSIONS } from '../../scripts/node-versions.ts';
import { program, PROJECT, run } from './support/project.ts';

const BODY = `
  const server = new ScriptedQmpServer();
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  await qmp.execute('cont');
  const { running } = await qmp.execute('query-status');
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
  console.log(JSON.stringify({ running, heard, runstates: [qmp.runstate, bob.runstate] }));`;

const FACTS = { running: true, heard: [{ hello: 'bob' }], runstates: ['IDLE', 'IDLE'] };

const ESM = `
  import { AsyncProtocol, jsonLines, streamPair } from 'wirechart';
  import { QmpClient } from 'wirechart/qmp';
  import { ScriptedQmpServer } from 'wirechart/testing';
  ${BODY}`;

const COMMON_JS = `
  const { AsyncProtocol, jsonLines, streamPair } = require('wirechart');
  const { QmpClient } = require('wirechart/qmp');
  const { ScriptedQmpServer } = require('wirechart/testing');
  const main = async () => {${BODY}};
  main();`;

describe.each(NODE_VERSIONS)('on Node %s', (version) => {
  let node = '';
  beforeAll(() => {
    node = installNode(version);
  }, 300_000);

  test.each([
    ['an ES module', 'main.mjs', ESM],
    ['a CommonJS module', 'main.cjs', COMMON_JS],
  ])('%s can use the package, without a warning', async (_, name, code) => {
    const { stdout, stderr } = await run(node, [program(PROJECT, name, code)]);
    expect(JSON.parse(stdout)).toEqual(FACTS);
    // Node 20 and 22 call require() of ES modules experimental where a program's own code does it.
    expect(stderr.replace(/^.*ExperimentalWarning: .*\n.*--trace-warnings.*\n/m, '')).toBe('');
  });

  test('the program of the inspector starts', async () => {
    const cli = join(PROJECT, 'node_modules/.bin/wirechart-inspector');
    const { stdout } = await run(node, [cli, '--help']);
    expect(stdout).toMatch(/^Usage: wirechart-inspector/);
  });
});
