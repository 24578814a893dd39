/** The README is what users copy from: its examples compile and run, its tables are complete. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../scripts/programs.ts';
import { resolveLimits } from '../src/core/limits.ts';
import { resolveServerDeadlines, resolveServerLimits } from '../src/server/options.ts';
import { DEFAULTS } from '../src/supervisor/machine.ts';
import { ScriptedQmpServer } from '../src/testing/index.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code);

/** Inside the package, so that `xstate` is found; the package's own name is mapped to its sources. */
const folder = mkdtempSync(join(root, '.readme-'));
const sockets = mkdtempSync(join(tmpdir(), 'readme-'));
const SOURCES = {
  wirechart: [join(root, 'src/index.ts')],
  'wirechart/qmp': [join(root, 'src/qmp/index.ts')],
  'wirechart/inspect': [join(root, 'src/inspect/index.ts')],
  'wirechart/testing': [join(root, 'src/testing/index.ts')],
  'wirechart-inspector': [join(root, 'inspector/src/index.ts')],
};

beforeAll(() => {
  examples.forEach((code, index) => {
    const placed = code.replaceAll("'/run/", `'${sockets}/`).replace('/vm1/qmp.sock', '/vm1.sock');
    writeFileSync(join(folder, `example-${String(index)}.mts`), placed);
  });
  const compilerOptions = {
    paths: SOURCES,
    rootDir: '/',
    noPropertyAccessFromIndexSignature: false,
  };
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.mts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(sockets, { recursive: true, force: true });
});

const runExample = async (index: number): Promise<string> => {
  const file = join(folder, `example-${String(index)}.mts`);
  const tsx = ['--import', 'tsx', file];
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json') };
  const { stdout } = await run(process.execPath, tsx, { cwd: root, env, timeout: 15_000 });
  return stdout;
};

describe('the examples of the README', () => {
  test('compile under the strictest options', { timeout: 60_000 }, async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await expect(run(process.execPath, [tsc, '-p', folder], { cwd: root })).resolves.toBeDefined();
  });

  test('the ten lines talk to a monitor and exit', async () => {
    await using server = new ScriptedQmpServer({ address: join(sockets, 'vm1.sock') });
    await server.listen();
    await runExample(0);
    const names = server.received.map((command) => 'execute' in command && command.execute);
    expect(names).toEqual(['qmp_capabilities', 'query-status', 'cont']);
  });

  test('the protocol of two in one process prints what was heard', async () => {
    expect(await runExample(1)).toBe("bob heard { how: 'are you?' }\n");
  });

  test('the inspector is started, says where it is, and ends', async () => {
    const said =
      /^<QmpClient name='vm1' runstate=IDLE> is shown at http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\n$/;
    expect(await runExample(2)).toMatch(said);
  });

  test('the receivers of others are told where to connect', async () => {
    expect(await runExample(3)).toMatch(
      /&server=ws%3A%2F%2F127\.0\.0\.1%3A\d+%2Freceiver%3Ftoken%3D/,
    );
  });

  test('the scripted server answers', async () => {
    expect(await runExample(4)).toBe('[]\n');
  });

  test('the server of many peers welcomes one, and exits', async () => {
    const index = examples.findIndex((code) => code.includes('new ProtocolServer'));
    expect(await runExample(index)).toBe('welcome\n');
  });

  test.skipIf(findProgram('qemu-system-x86_64') === undefined)(
    'the spawned peer is a QEMU that is told to go, and goes',
    async () => {
      const index = examples.findIndex((code) => code.includes('spawnPeer('));
      expect(await runExample(index)).toBe('0\n');
    },
  );

  test('the supervised client is up, hears its machine run, and exits', async () => {
    await using server = new ScriptedQmpServer({ address: join(sockets, 'vm1.sock') });
    await server.listen();
    const index = examples.findIndex((code) => code.includes('supervise('));
    expect(await runExample(index)).toBe('it is prelaunch\nit runs\n');
    const names = server.received.map((command) => 'execute' in command && command.execute);
    expect(names).toEqual(['qmp_capabilities', 'query-status', 'cont']);
  });

  test('the embedded machine has its command executed, and exits', async () => {
    await using server = new ScriptedQmpServer({ address: join(sockets, 'vm1.sock') });
    await server.listen();
    expect(await runExample(6)).toBe('');
    const names = server.received.map((command) => 'execute' in command && command.execute);
    expect(names).toEqual(['qmp_capabilities', 'cont']);
  });
});

describe('the tables of the README', () => {
  test('name every error code', () => {
    const source = readFileSync(join(root, 'src/core/errors.ts'), 'utf8');
    const [union = ''] = /export type ErrorCode =[^;]*;/.exec(source) ?? [];
    const codes = [...union.matchAll(/'(ERR_\w+)'/g)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
  });

  test('state the true default of every deadline and bound', () => {
    const spaced = (value: number) => value.toLocaleString('en').replaceAll(',', ' ');
    const rows = [
      ...Object.entries(resolveServerLimits()).map(([name, peers]) => [
        `limits.${name}`,
        Number.isFinite(peers) ? spaced(peers) : 'none',
      ]),
      ...Object.entries(resolveServerDeadlines()).map(([name, ms]) => [
        `timeouts.${name}`,
        `${spaced(ms)} ms`,
      ]),
      ...Object.entries(resolveLimits()).map(([name, bytes]) => [
        `limits.${name}`,
        `${spaced(bytes)} B`,
      ]),
    ];
    const { backoff, timeouts, supervise } = DEFAULTS;
    rows.push(
      ['backoff.initial', `${spaced(backoff.initial)} ms`],
      ['backoff.factor', String(backoff.factor)],
      ['backoff.max', `${spaced(backoff.max)} ms`],
      ['attempts', supervise.attempts === Infinity ? 'none' : String(supervise.attempts)],
      ['stable', `${spaced(supervise.stable)} ms`],
      ['timeouts.address', `${spaced(timeouts.address)} ms`],
      ['timeouts.up', `${spaced(timeouts.up)} ms`],
    );
    for (const [name = '', value = ''] of rows) {
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      expect(row, name).toContain(` ${value} `);
    }
  });
});
