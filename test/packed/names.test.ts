/** The names and texts that people see are those of the sources, in the package and in minified bundles. */

import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bundle } from './support/bundle.ts';
import { ENTRIES, evaluate, run, TOOLS } from './support/project.ts';

/** Prints the name of each exported class by the name of its export. */
const CLASSES = `
  ${ENTRIES.map((entry, at) => `import * as entry${String(at)} from '${entry}';`).join('\n')}
  const modules = [${ENTRIES.map((_, at) => `entry${String(at)}`).join(', ')}];
  const classes = modules.flatMap(Object.entries)
    .filter(([, value]) => /^class\\b/.test(String(value)));
  console.log(JSON.stringify(Object.fromEntries(classes.map(([name, value]) => [name, value.name]))));`;

/** Prints texts that show names. */
const TEXTS = `
  import { inspect } from 'node:util';
  import { AsyncProtocol, CodecError, ConnectError, lines, ProtocolServer, TimeoutError } from 'wirechart';
  import { createQmpMachine, GreetingError, QmpClient } from 'wirechart/qmp';
  import { CommandFailure } from 'wirechart/testing';

  const rejection = (promise) => promise.then(() => undefined, (error) => error);
  const protocol = new AsyncProtocol({ codec: lines() });
  const qmp = new QmpClient({ name: 'vm1' });
  const server = new ProtocolServer({ codec: lines() });
  const state = await rejection(qmp.execute('stop'));
  const connect = await rejection(protocol.connect({ port: 1 }));
  class Vm extends QmpClient {}
  Object.defineProperty(Vm, 'name', { value: 'Vm' });
  console.log(JSON.stringify({
    clients: [protocol, qmp, server, new Vm()].map(String),
    inspected: inspect(qmp, { depth: -1 }),
    state: String(state),
    stack: state.stack.split('\\n')[0],
    connect: String(connect),
    inspectedError: inspect(connect).split('\\n')[0],
    errors: [
      new CodecError('x'),
      new TimeoutError('wait', 5),
      new GreetingError('x', {}),
      new CommandFailure('x'),
      new ConnectError('session', new CodecError('y')),
    ].map((error) => String(error).replace(/:.*/, '')),
    machine: createQmpMachine().id,
  }));`;

const EXPECTED_TEXTS = {
  clients: [
    '<AsyncProtocol runstate=IDLE>',
    "<QmpClient name='vm1' runstate=IDLE>",
    '<ProtocolServer state=IDLE peers=0>',
    '<Vm runstate=IDLE>',
  ],
  inspected: "<QmpClient name='vm1' runstate=IDLE>",
  state: 'StateError: stop was not sent: QmpClient is disconnected and idle.',
  stack: 'StateError: stop was not sent: QmpClient is disconnected and idle.',
  connect: 'ConnectError: Failed to establish connection: connect ECONNREFUSED 127.0.0.1:1',
  inspectedError: 'ConnectError: Failed to establish connection: connect ECONNREFUSED 127.0.0.1:1',
  errors: ['CodecError', 'TimeoutError', 'GreetingError', 'CommandFailure', 'ConnectError'],
  machine: 'protocol',
};

async function evaluateBundle(code: string): Promise<unknown> {
  const { file, code: bundled } = await bundle(code, { external: ['wirechart-inspector'] });
  writeFileSync(file, bundled);
  return JSON.parse((await run(process.execPath, [file], { cwd: TOOLS })).stdout);
}

describe.each([
  ['the package', (code: string) => evaluate(TOOLS, 'main.mjs', code)],
  ['a minified bundle', evaluateBundle],
])('in %s', (_, evaluateCode) => {
  test('every class has the name of its export', async () => {
    const names = (await evaluateCode(CLASSES)) as Record<string, string>;
    expect(Object.keys(names).length).toBeGreaterThan(20);
    expect(names).toEqual(Object.fromEntries(Object.keys(names).map((name) => [name, name])));
  });

  test('texts show these names', async () => {
    expect(await evaluateCode(TEXTS)).toEqual(EXPECTED_TEXTS);
  });
});

test("the package's own build has renamed no class", async () => {
  const code = `
    import { readdirSync, readFileSync } from 'node:fs';
    const dist = new URL('../node_modules/wirechart/dist/', import.meta.url);
    const files = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.js'));
    const texts = files.map((name) => readFileSync(new URL(name, dist), 'utf8'));
    console.log(JSON.stringify(texts.flatMap((text) => text.match(/class _\\w+/g) ?? [])));`;
  expect(await evaluate(TOOLS, 'main.mjs', code)).toEqual([]);
});
