/** The declaration file of a package that exports a chart with states of its own: the example of the documentation. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

const CHART = `
import { lines, protocolSetup } from 'wirechart';

const { setup, config, complete } = protocolSetup(
  { codec: lines() },
  { types: {} as { events: { type: 'PAUSE' } | { type: 'RESUME' }; tags: 'paused' } },
);
const { RUNNING } = config.states;
const { open } = RUNNING.states;
export const machine = complete(
  setup.createMachine({
    ...config,
    states: {
      ...config.states,
      RUNNING: {
        ...RUNNING,
        states: {
          ...RUNNING.states,
          open: { ...open, on: { ...open.on, PAUSE: 'PAUSED' } },
          PAUSED: { tags: 'paused', on: { RESUME: 'open' } },
        },
      },
    },
  }),
);`;

it('a machine that extends that of a connection has a small declaration, without what it was made from', () => {
  // Inside the package, so that `xstate` is found.
  const folder = mkdtempSync(join(root, '.readme-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'chart.mts');
  writeFileSync(file, CHART);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram([file], {
    ...options,
    exactOptionalPropertyTypes: true,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir: folder,
    paths: { wirechart: [join(root, 'src/index.ts')] },
  });
  const source = program.getSourceFile(file);
  const texts: string[] = [];
  const { diagnostics } = program.emit(source, (_, text) => texts.push(text));
  const all = [...program.getSemanticDiagnostics(source), ...diagnostics];
  expect(all.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual(
    [],
  );
  const text = texts.join('');
  expect(text).toContain('ExtendedProtocolMachine<string, string');
  expect(text).toContain('"PAUSED"');
  expect(text).not.toContain('hasHandshake');
  expect(text.length).toBeLessThan(1024);
}, 60_000);
