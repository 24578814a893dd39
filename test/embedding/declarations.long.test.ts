/** The declarations of who exports a chart that has ours in it: small, and not a copy of ours. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** Inside the package, so that `xstate` is found; the package's own name is mapped to its sources. */
const folder = mkdtempSync(join(root, '.readme-'));

const CONSUMERS = {
  chart: `
    export const machine = setup({
      actors: { line: createProtocolMachine({ codec: lines() }), qmp: createQmpMachine() },
    }).createMachine({
      initial: 'online',
      states: {
        online: {
          invoke: [
            { id: 'line', src: 'line', input: { address: { port: 7 } }, onDone: 'offline' },
            { id: 'qmp', src: 'qmp', onSnapshot: { guard: ({ event }) => event.snapshot.hasTag('up') } },
          ],
        },
        offline: {},
      },
    });`,
  actor: `
    const line = createProtocolMachine({ codec: lines() }, { once: true });
    export const actor = createActor(
      setup({ types: { children: {} as { line: 'line' } }, actors: { line } }).createMachine({
        invoke: { id: 'line', src: 'line' },
      }),
    );
    export const ref = actor.getSnapshot().children.line;`,
  nested: `
    export const street = setup({ actors: { qmp: createQmpMachine() } }).createMachine({
      invoke: { src: 'qmp' },
    });
    export const town = setup({ actors: { street } }).createMachine({ invoke: { src: 'street' } });`,
};

const declarations = new Map<string, string>();
let problems: readonly string[] = [];

beforeAll(() => {
  const imports = `
    import { createActor, setup } from 'xstate';
    import { createProtocolMachine, lines } from 'wirechart';
    import { createQmpMachine } from 'wirechart/qmp';
    void [createActor, setup, createProtocolMachine, lines, createQmpMachine];`;
  const files = Object.entries(CONSUMERS).map(([name, code]) => {
    const file = join(folder, `${name}.mts`);
    writeFileSync(file, imports + code);
    return file;
  });
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(files, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir: folder,
    paths: {
      wirechart: [join(root, 'src/index.ts')],
      'wirechart/qmp': [join(root, 'src/qmp/index.ts')],
    },
  });
  const found = files.flatMap((file) => {
    const source = program.getSourceFile(file);
    const emitted = program.emit(source, (path, text) => {
      if (path.endsWith('.d.mts'))
        declarations.set(path.slice(path.lastIndexOf('/') + 1, -6), text);
    });
    return [...program.getSemanticDiagnostics(source), ...emitted.diagnostics];
  });
  problems = found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Names that only our chart's own declaration has. */
const INNARDS = [
  'DISCONNECTING',
  'establishing',
  'flushTimeout',
  'hasHandshake',
  'ProtocolContext',
];

describe('the declaration of', () => {
  it('every consumer is made without a complaint', () => {
    expect(problems).toEqual([]);
    expect([...declarations.keys()].sort()).toEqual(Object.keys(CONSUMERS).sort());
  });

  it.each(Object.keys(CONSUMERS))('a consumer’s %s is small, and names our machines', (name) => {
    const text = declarations.get(name) ?? '';
    expect(text).toContain('export');
    expect(text.length).toBeLessThan(5 * 1024);
    expect(INNARDS.filter((innard) => text.includes(innard))).toEqual([]);
  });

  it('a chart names the machine of each child', () => {
    const text = declarations.get('chart');
    expect(text).toContain('import("wirechart").ProtocolMachine<string, string>');
    expect(text).toContain('import("wirechart/qmp").QmpMachine');
  });
});
