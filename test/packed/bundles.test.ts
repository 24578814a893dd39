/** What a bundler leaves of the package in an application that uses a part of it. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { bundle } from './support/bundle.ts';
import { run, TOOLS } from './support/project.ts';

const KB = 1000;

/** A bundle of a program that uses one export, with everything that it needs but Node. */
const bundleOf = (name: string, entry = 'wirechart') =>
  bundle(`import { ${name} } from '${entry}'; console.log(${name});`);

const packagesIn = (inputs: readonly string[]): string[] =>
  [...new Set(inputs.map((name) => name.split('/')[0] ?? ''))].filter((name) => name !== '<stdin>');

describe('a bundle with', () => {
  test.each([
    ['jsonLines', 28],
    ['lines', 20],
    ['jsonStream', 28],
    ['contentLength', 25],
    ['lengthPrefixed', 15],
    ['framed', 19],
    ['StateError', 5],
    ['isWirechartError', 1],
  ])('%s has at most %d KB, and needs neither XState nor Node', async (name, most) => {
    const { code, inputs } = await bundleOf(name);
    expect(code.length).toBeLessThanOrEqual(most * KB);
    expect(packagesIn(inputs)).toEqual(['wirechart']);
    expect(code).not.toMatch(/\bimport\b|\brequire\b/);
  });

  test('QmpClient has XState, and not the WebSocket client of the inspector', async () => {
    const { inputs, code } = await bundleOf('QmpClient', 'wirechart/qmp');
    expect(packagesIn(inputs).sort()).toEqual(['wirechart', 'xstate']);
    expect(code.length).toBeLessThanOrEqual(296 * KB);
  });

  test('inspectTo() has the WebSocket client, and no XState', async () => {
    const { inputs } = await bundleOf('inspectTo', 'wirechart/inspect');
    expect(packagesIn(inputs).sort()).toEqual(['wirechart', 'ws']);
  });
});

describe('a bundle of wirechart-inspect', () => {
  const code = `import * as all from 'wirechart-inspect'; console.log(all);`;

  test('for browsers takes at most 39 KB, 15 KB to transfer, and needs nothing else', async () => {
    const { code: bundled, inputs } = await bundle(code, { platform: 'browser' });
    expect(packagesIn(inputs)).toEqual(['wirechart-inspect']);
    expect(inputs.filter((name) => name.endsWith('.js'))).toEqual([
      'wirechart-inspect/dist/browser.js',
    ]);
    expect(bundled.length).toBeLessThanOrEqual(39 * KB);
    expect(gzipSync(bundled, { level: 9 }).length).toBeLessThanOrEqual(15 * KB);
  });

  test('for Node has the WebSocket client, and neither XState nor wirechart', async () => {
    const { inputs } = await bundle(code);
    expect(packagesIn(inputs).sort()).toEqual(['wirechart-inspect', 'ws']);
  });
});

describe('a bundle that is run with WIRECHART_INSPECT', () => {
  const empty = mkdtempSync(join(tmpdir(), 'wirechart-bundle-'));
  afterAll(() => {
    rmSync(empty, { recursive: true });
  });
  const PROGRAM = `
    import { setTimeout } from 'node:timers/promises';
    import { QmpClient } from 'wirechart/qmp';
    const qmp = new QmpClient({ name: 'vm1' });
    await setTimeout(Number(process.argv[2]));
    console.log(String(qmp));`;

  test('reports to the inspector where the WebSocket client is installed', async () => {
    const { file, code } = await bundle(PROGRAM);
    writeFileSync(file, code);
    const watch = `
      import { once } from 'node:events';
      import { spawn } from 'node:child_process';
      import { startInspector } from 'wirechart-inspector';
      import { WebSocket } from 'ws';
      const inspector = await startInspector();
      const viewer = new WebSocket(inspector.url.replace('http', 'ws').replace('/?', '/viewer?'));
      const env = { ...process.env, WIRECHART_INSPECT: inspector.url };
      const child = spawn(process.execPath, [${JSON.stringify(file)}, '5000'], { env, stdio: 'inherit' });
      for (let isSeen = false; !isSeen;) {
        const [data] = await once(viewer, 'message');
        isSeen = JSON.parse(data).some(({ type, name }) => type === 'actor' && name === 'vm1');
      }
      child.kill();
      await inspector.close();
      viewer.terminate();`;
    const main = join(TOOLS, 'watch.mjs');
    writeFileSync(main, watch);
    await run(process.execPath, [main], { cwd: TOOLS });
  });

  test('warns once where it is not, and works', async () => {
    const file = join(empty, 'main.mjs');
    writeFileSync(file, (await bundle(PROGRAM)).code);
    const env = { ...process.env, WIRECHART_INSPECT: 'http://127.0.0.1:1/' };
    const { stdout, stderr } = await run(process.execPath, [file, '1000'], { cwd: empty, env });
    expect(stdout).toBe("<QmpClient name='vm1' runstate=IDLE>\n");
    expect(stderr.match(/WIRECHART_INSPECT is ignored: install the package ws/g)).toHaveLength(1);
  });
});
