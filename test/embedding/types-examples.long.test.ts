/** The examples compile as strictly as any user may want it, without the options of this repository. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const files = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(root, 'examples', name));

/** XState's own declarations have errors under `exactOptionalPropertyTypes`: hence `skipLibCheck`. */
const STRICTEST: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowImportingTsExtensions: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
};

it('every example compiles under the strictest options', { timeout: 60_000 }, () => {
  expect(files.length).toBeGreaterThan(5);
  const program = ts.createProgram(files, STRICTEST);
  const found = files.flatMap((file) =>
    program.getSemanticDiagnostics(program.getSourceFile(file)),
  );
  const texts = found.map(({ file, start = 0, messageText }) => {
    const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    return `${file?.fileName ?? ''}:${String(line + 1)}: ${text}`;
  });
  expect(texts).toEqual([]);
});

it('a chart that embeds a machine needs no annotation in its functions', () => {
  const charts = ['vm.ts', 'fleet.ts'].map((name) => join(root, 'examples', name));
  const seen = charts.map((chart) => {
    const text = readFileSync(chart, 'utf8');
    return functionsIn(ts.createSourceFile(chart, text, ts.ScriptTarget.ES2023));
  });
  expect(seen.flatMap(({ annotated }) => annotated)).toEqual([]);
  expect(Math.min(...seen.map(({ count }) => count))).toBeGreaterThan(0);
});

/** Counts the functions within the configurations of charts, and returns the parameters that say a type. */
function functionsIn(source: ts.SourceFile): { count: number; annotated: string[] } {
  const annotated: string[] = [];
  let count = 0;
  const visit = (node: ts.Node, isInChart: boolean): void => {
    if (isInChart && ts.isArrowFunction(node)) {
      count += 1;
      const typed = node.parameters.filter(({ type }) => type !== undefined);
      annotated.push(...typed.map((parameter) => parameter.getText(source)));
    }
    const chart = chartIn(node);
    ts.forEachChild(node, (child) => {
      visit(child, isInChart || child === chart);
    });
  };
  visit(source, false);
  return { count, annotated };
}

/** The configuration in a call of `createMachine()`. */
const chartIn = (node: ts.Node): ts.Node | undefined =>
  ts.isCallExpression(node) &&
  ts.isPropertyAccessExpression(node.expression) &&
  node.expression.name.text === 'createMachine'
    ? node.arguments[0]
    : undefined;
