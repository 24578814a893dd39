/** Every entry of the packages exports what the sources do, to ES modules and to CommonJS. */

import { describe, expect, test } from 'vitest';
import * as feed from '../../inspect/src/index.ts';
import * as inspector from '../../inspector/src/index.ts';
import * as codecs from '../../src/codecs/index.ts';
import * as wirechart from '../../src/index.ts';
import * as inspect from '../../src/inspect/index.ts';
import * as qapi from '../../src/qapi/11.1.ts';
import * as qmp from '../../src/qmp/index.ts';
import * as rpc from '../../src/rpc/index.ts';
import * as testing from '../../src/testing/index.ts';
import { ENTRIES, evaluate, PROJECT } from './support/project.ts';

const SOURCES: Readonly<Record<(typeof ENTRIES)[number], object>> = {
  wirechart,
  'wirechart/codecs': codecs,
  'wirechart/qmp': qmp,
  // They hold types alone.
  'wirechart/qapi/7.2': qapi,
  'wirechart/qapi/10.0': qapi,
  'wirechart/qapi/11.1': qapi,
  'wirechart/inspect': inspect,
  'wirechart/rpc': rpc,
  'wirechart/testing': testing,
  'wirechart-inspect': feed,
  'wirechart-inspector': inspector,
};

/** The exports of a module by name, each with what it is. */
const kindsOf = (module: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(module).map(([name, value]) => [
      name,
      /^class\b/.test(String(value)) ? 'class' : typeof value,
    ]),
  );

const PRINT = `
  const kinds = Object.entries(module).map(([name, value]) => [
    name,
    /^class\\b/.test(String(value)) ? 'class' : typeof value,
  ]);
  console.log(JSON.stringify(Object.fromEntries(kinds)));`;

describe.each(ENTRIES)('%s', (entry) => {
  const expected = kindsOf(SOURCES[entry]);

  test('exports to an ES module what the sources export', async () => {
    const code = `import * as module from '${entry}'; ${PRINT}`;
    expect(await evaluate(PROJECT, 'main.mjs', code)).toEqual(expected);
  });

  test('exports the same to require()', async () => {
    const code = `const module_ = require('${entry}'); ${PRINT.replace('(module)', '(module_)')}`;
    const found = await evaluate(PROJECT, 'main.cjs', code);
    expect(found).toEqual(expected);
  });
});

test('the entries share one copy of each class', async () => {
  const code = `
    import * as all from 'wirechart';
    import * as codecs from 'wirechart/codecs';
    const same = Object.keys(codecs).every((name) => codecs[name] === all[name]);
    console.log(JSON.stringify(same));`;
  expect(await evaluate(PROJECT, 'main.mjs', code)).toBe(true);
});
