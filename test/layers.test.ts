/** Tests the lint rule of the layers, and the rules of src/ that the linter cannot check. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const RULE = '@typescript-eslint/no-restricted-imports';
const SYNTAX_RULE = 'no-restricted-syntax';
/** The configured linter with only these rules, which need no type information. */
const eslint = new ESLint({
  cwd: root,
  ruleFilter: ({ ruleId }) => ruleId === RULE || ruleId === SYNTAX_RULE,
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
});

/** The number of import errors in a file after an import of `specifier` was added. */
const importErrors = async (file: string, specifier: string): Promise<number> => {
  const filePath = join(root, file);
  const code = `import '${specifier}';\n${readFileSync(filePath, 'utf8')}`;
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).filter(({ ruleId }) => ruleId === RULE).length;
};

test.each([
  ['src/core/errors.ts', 'node:net'],
  ['src/core/errors.ts', '../async/queue.ts'],
  ['src/core/types.ts', '../codecs/json.ts'],
  ['src/async/queue.ts', 'node:net'],
  ['src/async/timer.ts', '../protocol/machine.ts'],
  ['src/async/abort.ts', '../machines/link.ts'],
  ['src/codecs/lines.ts', '../io/dial.ts'],
  ['src/codecs/lines.ts', 'node:buffer'],
  ['src/codecs/lines.ts', '../index.ts'],
  ['src/machines/protocol-actors.ts', 'node:net'],
  ['src/machines/protocol.ts', '../io/dial.ts'],
  ['src/machines/protocol.ts', '../protocol/async-protocol.ts'],
  ['src/machines/server.ts', 'node:net'],
  ['src/machines/server.ts', '../server/peers.ts'],
  ['src/machines/supervisor.ts', '../supervisor/machine.ts'],
  ['src/io/dial.ts', 'xstate'],
  ['src/io/link.ts', '../machines/protocol.ts'],
  ['src/io/link.ts', '../protocol/async-protocol.ts'],
  ['src/io/child/process.ts', '../../machines/protocol.ts'],
  ['src/io/child/process.ts', 'xstate'],
  ['src/inspect/feed.ts', 'xstate'],
  ['src/inspect/feed.ts', '../machines/protocol.ts'],
  ['src/inspect/feed.ts', '../protocol/machine.ts'],
  ['src/inspect/feed.ts', 'node:util'],
  ['src/inspect/feed.ts', './endpoint.ts'],
  ['src/inspect/inspect-to-browser.ts', './record-to.ts'],
  ['src/inspect/record-to.ts', '../io/dial.ts'],
  ['inspect/src/browser.ts', 'node:fs'],
  ['inspect/src/browser.ts', '../../src/inspect/record-to.ts'],
  ['src/protocol/async-protocol.ts', '../io/dial.ts'],
  ['src/protocol/async-protocol.ts', '../inspect/feed.ts'],
  ['src/protocol/async-protocol.ts', '../machines/protocol.ts'],
  ['src/protocol/async-protocol.ts', 'xstate'],
  ['src/protocol/find-connection.ts', '../machines/link.ts'],
  ['src/protocol/connection-logic.ts', 'xstate'],
  ['src/protocol/machine.ts', '../qmp/client.ts'],
  ['src/server/protocol-server.ts', 'xstate'],
  ['src/server/peers.ts', '../io/serve.ts'],
  ['src/supervisor/supervise.ts', '../io/dial.ts'],
  ['src/supervisor/machine.ts', '../qmp/client.ts'],
  ['src/qmp/client.ts', 'xstate'],
  ['src/qmp/client.ts', 'node:net'],
  ['src/qmp/client.ts', '../io/dial.ts'],
  ['src/qmp/client.ts', '../machines/protocol.ts'],
  ['src/qmp/client.ts', '../testing/script.ts'],
  ['src/qmp/commands/exchange.ts', 'node:net'],
  ['src/qmp/commands/exchange.ts', '../../machines/protocol.ts'],
  ['src/testing/script.ts', '../machines/protocol.ts'],
  ['inspector/src/hub.ts', '../../src/inspect/feed.ts'],
  ['inspector/page/model.ts', 'node:fs'],
])('%s may not import %s', async (file, specifier) => {
  expect(await importErrors(file, specifier)).toBe(1);
});

test.each([
  ['src/protocol/machine.ts', '../io/dial.ts'],
  ['src/protocol/machine.ts', '../machines/protocol.ts'],
  ['src/io/dial.ts', 'node:net'],
  ['src/inspect/record-to.ts', 'node:fs'],
  ['src/io/child/process.ts', '../dial.ts'],
  ['src/server/machine.ts', '../io/serve.ts'],
  ['src/server/peers.ts', '../protocol/async-protocol.ts'],
  ['src/qmp/client.ts', '../core/errors.ts'],
  ['src/qmp/client.ts', '../protocol/async-protocol.ts'],
  ['src/qmp/commands/exchange.ts', '../../rpc/calls.ts'],
])('%s may import %s', async (file, specifier) => {
  expect(await importErrors(file, specifier)).toBe(0);
});

test.each([
  ['Error', 1],
  ['AbortSignal', 1],
  ['WirechartError', 1],
  ['Fault', 0],
])('`instanceof %s` in src has %i lint errors', { timeout: 60_000 }, async (name, errors) => {
  const code = `export const isInstance = (value: unknown) => value instanceof ${name};\n`;
  const [result] = await eslint.lintText(code, { filePath: join(root, 'src/core/errors.ts') });
  const messages = result?.messages ?? [];
  expect(messages.filter(({ ruleId }) => ruleId === SYNTAX_RULE)).toHaveLength(errors);
});

test.each([
  ['src/inspect/feed.ts', "'@xstate.snapshot'", 1],
  ['src/inspect/feed.ts', "'xstate.init'", 1],
  ['src/inspect/feed.ts', '`xstate.done.actor.${name}`', 1],
  ['src/inspect/feed.ts', "'xstate.inspecting'", 0],
  ['src/inspect/system.ts', 'name._parent', 1],
  ['src/inspect/xstate.ts', "'@xstate.snapshot'", 0],
  ['src/protocol/machine.ts', "'@xstate.event'", 1],
  ['src/machines/wait.ts', "'@xstate.event'", 1],
  ['src/machines/wait.ts', "'xstate.stop'", 0],
  ['inspector/src/hub.ts', "'@xstate.event'", 1],
  ['scripts/start.ts', "'@xstate.event'", 1],
])('in %s, %s has %i lint errors', { timeout: 60_000 }, async (file, expression, errors) => {
  const code = `export const known = (name: { _parent: string }) => ${expression};\n`;
  const [result] = await eslint.lintText(code, { filePath: join(root, file) });
  // The parameter of the function is one of the names.
  const found = (result?.messages ?? []).filter(({ ruleId, line, column }) => {
    return ruleId === SYNTAX_RULE && line === 1 && column > code.indexOf('=>');
  });
  expect(found).toHaveLength(errors);
});

test('the type of an inspection event is imported from one file only', async () => {
  const filePath = join(root, 'src/inspect/feed.ts');
  const lint = async (from: string) => {
    const code = `import type { InspectionEvent } from '${from}';\nexport type E = InspectionEvent;\n`;
    const [result] = await eslint.lintText(code, { filePath });
    return (result?.messages ?? []).filter(({ ruleId }) => ruleId === SYNTAX_RULE).length;
  };
  expect(await lint('xstate')).toBe(1);
  expect(await lint('./xstate.ts')).toBe(0);
});

test('the root of src/ contains only index.ts', () => {
  expect(readdirSync(join(root, 'src')).filter((name) => name.endsWith('.ts'))).toEqual([
    'index.ts',
  ]);
});

/** The files that a file imports, types included. */
const importsOf = (file: string): string[] =>
  ts
    .preProcessFile(readFileSync(file, 'utf8'), true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => resolve(dirname(file), fileName));

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name));

/** A file, and all files that it needs, types included. */
function reachableFrom(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const imported of importsOf(file)) reachableFrom(imported, found);
  return found;
}

describe('wirechart-inspect', () => {
  const filesOf = (entry: string) =>
    [...reachableFrom(join(root, 'inspect/src', entry))].map((file) => relative(root, file));

  test.each(['index.ts', 'browser.ts'])('has of src the feed only: %s', (entry) => {
    const files = filesOf(entry).filter((file) => !file.startsWith('inspect/src/'));
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => !/^src\/(?:inspect|core|async)\//.test(file))).toEqual([]);
  });

  test('uses nothing of Node in a browser', () => {
    const namesIn = (file: string): string[] => {
      const source = ts.createSourceFile(
        file,
        readFileSync(join(root, file), 'utf8'),
        ts.ScriptTarget.Latest,
      );
      const names: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isIdentifier(node)) names.push(node.text);
        ts.forEachChild(node, visit);
      };
      visit(source);
      return names.filter((name) => /^(?:process|Buffer|NodeJS|setImmediate)$/.test(name));
    };
    const files = filesOf('browser.ts').filter((file) => file.includes('inspect/'));
    expect(files.flatMap((file) => namesIn(file).map((name) => `${file}: ${name}`))).toEqual([]);
    expect(namesIn('src/inspect/node-transport.ts')).toContain('process');
  });
});

/** The first import cycle that is found, as a path from a file back to itself. */
function cycleIn(folders: readonly string[]): string[] | undefined {
  const isDone = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (isDone.has(file)) return undefined;
    for (const imported of importsOf(file)) {
      const cycle = visit(imported, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    isDone.add(file);
    return undefined;
  };
  for (const file of folders.flatMap(filesBelow)) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle.map((name) => relative(root, name));
  }
  return undefined;
}

test.each([[['src']], [['inspector/src', 'inspector/shared', 'inspector/page']]])(
  'no file of %s is part of an import cycle, type imports included',
  (folders) => {
    expect(cycleIn(folders)).toBeUndefined();
  },
);
