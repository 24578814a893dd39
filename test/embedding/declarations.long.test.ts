/**
 * The declaration files of packages that export a chart with our machines: small, without a copy of
 * ours.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** Inside the package, so that `xstate` is all; the package's own name is mapped to its sources. */
const folder = mkdtempSync(join(root, '.readme-'));

const CONSUMERS = {
  chart: `
    export const machine = setup({
      actors: { connection: createProtocolMachine({ codec: lines() }), qmp: createQmpMachine() },
    }).createMachine({
      initial: 'online',
      states: {
        online: {
          invoke: [
            { id: 'connection', src: 'connection', input: { address: { port: 7 } }, onDone: 'offline' },
            { id: 'qmp', src: 'qmp', onSnapshot: { guard: ({ event }) => event.snapshot.hasTag('up') } },
          ],
        },
        offline: {},
      },
    });`,
  actor: `
    const connection = createProtocolMachine({ codec: lines() }, { once: true });
    export const actor = createActor(
      setup({ types: { children: {} as { connection: 'connection' } }, actors: { connection } }).createMachine({
        invoke: { id: 'connection', src: 'connection' },
      }),
    );
    export const ref = actor.getSnapshot().children.connection;`,
  levels: `
    const one = setup({ actors: { qmp: createQmpMachine() } }).createMachine({ invoke: { src: 'qmp' } });
    const two = setup({ actors: { one } }).createMachine({ invoke: { src: 'one' } });
    const three = setup({ actors: { two } }).createMachine({ invoke: { src: 'two' } });
    export const four = setup({ actors: { three } }).createMachine({ invoke: { src: 'three' } });`,
  named: `
    const inner = setup({ actors: { qmp: createQmpMachine(), vm: createSupervisorMachine(QmpClient) } })
      .createMachine({ invoke: [{ src: 'qmp' }, { src: 'vm', input: { address: '/run/vm1/qmp.sock' } }] });
    type Inner = typeof inner;
    export interface One extends Inner {}
    const one: One = inner;
    const two = setup({ actors: { one } }).createMachine({ invoke: { src: 'one' } });
    type Made = typeof two;
    export interface Two extends Made {}
    const three = setup({ actors: { two: two as Two } }).createMachine({ invoke: { src: 'two' } });
    export const four = setup({ actors: { three } }).createMachine({ invoke: { src: 'three' } });`,
  supervisor: `
    export const parent = setup({
      types: { children: {} as { vm: 'vm' } },
      actors: { vm: createSupervisorMachine({ codec: lines() }) },
    }).createMachine({
      invoke: { id: 'vm', src: 'vm', input: { address: { port: 7 } } },
    });
    export const connection = () => createActor(parent).getSnapshot().children.vm?.getSnapshot().children.connection;`,
  fake: `
    const qmp = createQmpMachine();
    export const fake = setup({
      types: { events: {} as ProtocolEvent, output: {} as SessionOutcome },
    }).createMachine({ initial: 'IDLE', states: { IDLE: { on: { CONNECT: 'RUNNING' } }, RUNNING: { tags: 'up' } } });
    export const parent = setup({ actors: { qmp } }).createMachine({ invoke: { src: 'qmp' } }).provide({
      actors: { qmp: fake },
    });
    export const provided = qmp.provide({ delays: { closeTimeout: 10 } });`,
};

/** XState repeats the type of a child in that of its parent, twice in each level; ours is a name. */
const MAX_BYTES: Partial<Record<string, number>> = { levels: 9 * 1024 };

const declarations = new Map<string, string>();
let diagnostics: readonly string[] = [];

beforeAll(() => {
  const imports = `
    import { createActor, setup } from 'xstate';
    import {
      createProtocolMachine, createSupervisorMachine, lines, type ProtocolEvent, type SessionOutcome,
    } from 'wirechart';
    import { createQmpMachine, QmpClient } from 'wirechart/qmp';
    void [createActor, setup, createProtocolMachine, createSupervisorMachine, lines, createQmpMachine, QmpClient];
    export type Names = [ProtocolEvent, SessionOutcome];`;
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
  const all = files.flatMap((file) => {
    const source = program.getSourceFile(file);
    const emitted = program.emit(source, (path, text) => {
      if (path.endsWith('.d.mts'))
        declarations.set(path.slice(path.lastIndexOf('/') + 1, -6), text);
    });
    return [...program.getSemanticDiagnostics(source), ...emitted.diagnostics];
  });
  diagnostics = all.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Names that only the declaration of our own chart contains. */
const INTERNAL_NAMES = [
  'DISCONNECTING',
  'establishing',
  'flushTimeout',
  'hasHandshake',
  'ProtocolContext',
];

describe('the declaration of', () => {
  it('every consumer is emitted without a diagnostic', () => {
    expect(diagnostics).toEqual([]);
    expect([...declarations.keys()].sort()).toEqual(Object.keys(CONSUMERS).sort());
  });

  it.each(Object.keys(CONSUMERS))('the consumer `%s` is small, and names our machines', (name) => {
    const text = declarations.get(name) ?? '';
    expect(text).toContain('export');
    expect(text.length).toBeLessThan(MAX_BYTES[name] ?? 3 * 1024);
    expect(INTERNAL_NAMES.filter((name) => text.includes(name))).toEqual([]);
  });

  it('a chart names the type of each child', () => {
    const text = declarations.get('chart');
    expect(text).toContain('import("wirechart").ProtocolMachine<string, string>');
    expect(text).toContain('import("wirechart/qmp").QmpMachine');
  });
});
