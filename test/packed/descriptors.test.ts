/** Descriptors in programs that use the package, with koffi and without. */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installNode, NODE_VERSIONS } from '../../scripts/node-versions.ts';
import { bundle } from './support/bundle.ts';
import { PROJECT, run } from './support/project.ts';

const MODULES = join(import.meta.dirname, '../../node_modules');

/** The scripted server knows no `add-fd`: that it refuses the command shows that it was sent. */
const BODY = `
  const server = new ScriptedQmpServer({ address: { path: process.argv[2] } });
  const qmp = new QmpClient();
  await qmp.connect(await server.listen());
  console.log(await qmp.addFd(0).catch(({ code }) => code));
  await qmp.disconnect();
  await server.close();`;

const ESM = `
  import { QmpClient } from 'wirechart/qmp';
  import { ScriptedQmpServer } from 'wirechart/testing';
  ${BODY}`;

const COMMON_JS = `
  const { QmpClient } = require('wirechart/qmp');
  const { ScriptedQmpServer } = require('wirechart/testing');
  const main = async () => {${BODY}};
  main();`;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'wirechart-fds-'));
  folders.push(path);
  return path;
};

/** A project with the packages, which may have koffi. */
function project(hasKoffi: boolean): string {
  const path = folder();
  cpSync(join(PROJECT, 'node_modules'), join(path, 'node_modules'), { recursive: true });
  if (hasKoffi) addKoffi(path);
  return path;
}

function addKoffi(path: string): void {
  for (const name of ['koffi', '@koromix']) {
    cpSync(join(MODULES, name), join(path, 'node_modules', name), { recursive: true });
  }
}

/** Runs a program, and returns the code of the error. */
async function codeOf(node: string, path: string, name: string, code: string): Promise<string> {
  const file = join(path, name);
  writeFileSync(file, code);
  return (await run(node, [file, join(folder(), 'qmp.sock')], { cwd: path })).stdout.trim();
}

describe.each(NODE_VERSIONS)('addFd() on Node %s', (version) => {
  const hasFfi = Number.parseInt(version, 10) >= 26;
  let node = '';
  let bundled = '';
  let [bare, equipped] = ['', ''];
  beforeAll(async () => {
    node = installNode(version);
    bundled = (await bundle(ESM)).code;
    [bare, equipped] = [project(false), project(true)];
  }, 300_000);

  const programs = [
    ['an ES module', 'main.mjs', () => ESM],
    ['a CommonJS module', 'main.cjs', () => COMMON_JS],
    ['a bundle', 'bundle.mjs', () => bundled],
  ] as const;

  test.each(programs)('passes a descriptor with koffi, from %s', async (_, name, code) => {
    expect(await codeOf(node, equipped, name, code())).toBe('ERR_QMP_EXECUTE');
  });

  test.each(programs)('without it needs node:ffi, from %s', async (_, name, code) => {
    const expected = hasFfi ? 'ERR_QMP_EXECUTE' : 'ERR_DESCRIPTOR';
    expect(await codeOf(node, bare, name, code())).toBe(expected);
  });
});
