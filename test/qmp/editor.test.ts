/** What an editor shows of commands, and how a program narrows 64-bit integers. */

import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
};
const REGISTRY = ts.createDocumentRegistry();
const PATH = join(import.meta.dirname, 'editor-program.ts');

/** An editor in which one file with this text is open. */
function editorOf(text: string): ts.LanguageService {
  const host: ts.LanguageServiceHost = {
    getScriptFileNames: () => [PATH],
    // The registry knows a text by its version.
    getScriptVersion: (path) => (path === PATH ? text : '1'),
    getScriptSnapshot: (path) => {
      const content = path === PATH ? text : ts.sys.readFile(path);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => import.meta.dirname,
    getCompilationSettings: () => OPTIONS,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => path === PATH || ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
  };
  return ts.createLanguageService(host, REGISTRY);
}

it('an editor marks commands that QEMU has deprecated, at qmp.commands', () => {
  const text = `
    import type { QmpClient } from '../../src/qmp/index.ts';
    import type { Qapi } from '../../src/qapi/7.2.ts';
    declare const qmp: QmpClient<Qapi>;
    void qmp.commands['drive-backup']({ device: 'd', target: 't', sync: 'full' });
    void qmp.commands['query-sgx']();
    void qmp.commands['x-query-jit']();
    void qmp.commands.stop();
    void qmp.commands['query-yank']();`;
  const editor = editorOf(text);
  const tagsAt = (name: string) =>
    editor.getQuickInfoAtPosition(PATH, text.indexOf(name) + 1)?.tags?.map((tag) => tag.name);
  const docsAt = (name: string) =>
    editor
      .getQuickInfoAtPosition(PATH, text.indexOf(name) + 1)
      ?.documentation?.map((part) => part.text);
  expect(tagsAt("'drive-backup'")).toEqual(['deprecated']);
  expect(tagsAt("'x-query-jit'")).toEqual(['experimental']);
  expect(tagsAt('stop()')).toBeUndefined();
  expect(docsAt("'query-yank'")).toEqual(['Can be executed out of band.']);
  const struck = editor
    .getSuggestionDiagnostics(PATH)
    .filter(({ reportsDeprecated }) => reportsDeprecated !== undefined)
    .map(({ start, length }) => text.slice(start, start + length));
  expect(struck).toEqual(["'drive-backup'"]);
  expect(editor.getSemanticDiagnostics(PATH)).toEqual([]);
}, 60_000);

it('a program narrows all 64-bit integers by one declaration', () => {
  const text = `
    import type { JobInfo } from '../../src/qapi/11.1.ts';
    import type { Int64, QmpClient } from '../../src/qmp/index.ts';
    declare module '../../src/qmp/index.ts' {
      interface QapiTypes { int64: number }
    }
    export const share = (job: JobInfo): number => job['current-progress'] / job['total-progress'];
    export const exact: Int64 = 5;
    // @ts-expect-error -- a bigint no longer is one
    export const large: Int64 = 5n;
    declare const qmp: QmpClient;
    export const sum = async (): Promise<number> =>
      (await qmp.execute('query-jobs')).reduce((all, job) => all + job['total-progress'], 0);`;
  const diagnostics = editorOf(text).getSemanticDiagnostics(PATH);
  expect(diagnostics.map((each) => ts.flattenDiagnosticMessageText(each.messageText, ' '))).toEqual(
    [],
  );
  // Without the declaration, the division is an error.
  const without = text
    .replace(/declare module[^]*?\n {4}\}/, '')
    .replace(/.*@ts-expect-error.*/, '');
  expect(editorOf(without).getSemanticDiagnostics(PATH).length).toBeGreaterThan(0);
}, 60_000);
