/** wirechart-inspect, bundled from the sources as its build does it, alone and beside wirechart. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions, type BuildResult } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import * as browser from '../../inspect/src/browser.ts';
import { lines, streamPair } from '../../src/index.ts';
import * as inspect from '../../src/inspect/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { ROOT } from '../support/source-packages.ts';
import { startFakeInspector } from './inspectors.ts';
import { messagesOf, record } from './recordings.ts';

expectIdleAfterEach();

const KB = 1000;
const CACHE = join(ROOT, 'node_modules/.cache');

/** All names that a module exports, types included. */
function namesIn(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  return statements
    .flatMap((statement) => {
      const clause = ts.isExportDeclaration(statement) ? statement.exportClause : undefined;
      return clause !== undefined && ts.isNamedExports(clause) ? [...clause.elements] : [];
    })
    .map(({ name }) => name.text)
    .sort();
}

describe('the names of wirechart-inspect', () => {
  it('are those of wirechart/inspect', () => {
    const names = namesIn('src/inspect/index.ts');
    expect(names).toEqual(expect.arrayContaining(['inspectTo', 'recordTo', 'Inspection']));
    expect(namesIn('inspect/src/index.ts')).toEqual(names);
  });

  it('are the same in a browser, but for recordings', () => {
    expect(Object.keys(browser).sort()).toEqual(
      Object.keys(inspect)
        .filter((name) => name !== 'recordTo')
        .sort(),
    );
  });
});

describe('the bundle for browsers', () => {
  const OPTIONS = {
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    external: ['xstate'],
    metafile: true,
    logLevel: 'error',
  } as const satisfies BuildOptions;
  const textOf = ({ outputFiles }: BuildResult): string => outputFiles?.[0]?.text ?? '';
  let packed = '';

  /** What an application gets that uses these names, from the one file that is packed. */
  const bundleOf = async (names: string) => {
    const result = await build({
      ...OPTIONS,
      stdin: { contents: packed.replace(/export \{[^}]*\};\s*$/, `export ${names};`) },
      minify: true,
    });
    const code = textOf(result);
    const [output] = Object.values(result.metafile.outputs);
    const size = Buffer.byteLength(code);
    return { code, imports: output?.imports, size, zipped: gzipSync(code, { level: 9 }).length };
  };
  const ALL = '{ inspectTo, setSanitize, toDot, toMermaid, toSource }';

  beforeAll(async () => {
    const entryPoints = [join(ROOT, 'inspect/src/browser.ts')];
    packed = textOf(await build({ ...OPTIONS, entryPoints }));
  });

  it('exports all that is measured', () => {
    expect(ALL).toBe(`{ ${Object.keys(browser).sort().join(', ')} }`);
  });

  it.each([
    ['all of it', ALL, 39, 15],
    ['inspectTo() alone', '{ inspectTo }', 33, 13],
    ['toMermaid() alone', '{ toMermaid }', 5, 2],
    ['setSanitize() alone', '{ setSanitize }', 1, 1],
  ])('is self-contained: %s', async (_, names, minified, zipped) => {
    const bundle = await bundleOf(names);
    expect(bundle.imports).toEqual([]);
    expect(bundle.size).toBeGreaterThan((minified - 1) * 0.9 * KB);
    expect(bundle.size).toBeLessThanOrEqual(minified * KB);
    expect(bundle.zipped).toBeLessThanOrEqual(zipped * KB);
  });

  it('has no drawings, and nothing of Node and of protocols, if only inspectTo() is used', async () => {
    const { code } = await bundleOf('{ inspectTo }');
    expect(code).toContain('wirechart.proof');
    for (const left of [
      'digraph',
      'createMachine',
      'wirechart.message',
      'ERR_LIMIT',
      'SELF_SIGNED',
    ]) {
      expect(code).not.toContain(left);
    }
  });
});

describe('wirechart-inspect beside wirechart in one program', () => {
  let copy: typeof inspect;
  let folder = '';

  beforeAll(async () => {
    mkdirSync(CACHE, { recursive: true });
    folder = mkdtempSync(join(CACHE, 'inspect-'));
    const outfile = join(folder, 'index.mjs');
    await build({
      entryPoints: [join(ROOT, 'inspect/src/index.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
    });
    copy = (await import(pathToFileURL(outfile).href)) as typeof inspect;
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('is another copy', () => {
    expect(copy.recordTo).not.toBe(inspect.recordTo);
  });

  /** A protocol that hides what follows `pin `. */
  const definition = {
    codec: lines(),
    redact: (message: unknown) => String(message).replace(/(?<=pin ).*/, '…'),
  };

  it('hides in the messages of a connection what its protocol hides', async () => {
    const inspector = await startFakeInspector();
    const report = copy.inspectTo(inspector.url, { name: 'p' });
    cleanUp(() => report.close());
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    const protocol = createProtocol(definition, { name: 'vm1', inspect: report.inspect });
    await protocol.connect({ stream: near });
    const connection = await inspector.nextConnection();
    connection.send({ type: 'wirechart.wire', on: true });
    connection.send({ type: 'xstate.inspecting' });
    await connection.until(
      ({ summary }) => summary.filter((one) => one.includes('vm1')).length > 1,
    );
    await protocol.send('pin PLANTED');
    await connection.until((all) => all.of('wirechart.message').length > 0);
    expect(connection.last('wirechart.message')).toMatchObject({ direction: 'out', text: 'pin …' });
    await protocol.disconnect();
    expect(connection.lines.join()).not.toContain('PLANTED');
  });

  it('hides with its setSanitize() in the recordings of the other, too, and the reverse', async () => {
    cleanUp(() => {
      copy.setSanitize(undefined);
    });
    const own = await record();
    const path = join(await tempDir(), 'copy.jsonl');
    const other = copy.recordTo(path);
    const machine = createMachine({ id: 'm', context: { pin: 'PLANTED' }, on: { GO: {} } });
    const show = (id: string) => {
      for (const { inspect } of [own, other]) createActor(machine, { id, inspect }).start().stop();
    };
    for (const { setSanitize } of [copy, inspect]) {
      setSanitize((key, value) => (key === 'pin' ? 'hidden' : value));
      show('a');
      setSanitize(undefined);
    }
    await own.recording.close();
    await other.close();
    for (const text of [own.path, path].map((file) => readFileSync(file, 'utf8'))) {
      expect(text.match(/hidden/g)?.length).toBeGreaterThan(1);
      expect(text).not.toContain('PLANTED');
    }
  });

  it('reports the same run of the program', async () => {
    const own = await record();
    const path = join(await tempDir(), 'copy.jsonl');
    await copy.recordTo(path).close();
    await own.recording.close();
    const [one, two] = [await messagesOf(own.path), await messagesOf(path)];
    expect(one[0]).toMatchObject({ type: 'wirechart.program' });
    const instanceOf = (all: readonly object[]): unknown => Reflect.get(all[0] ?? {}, 'instance');
    expect(instanceOf(two)).toBe(instanceOf(one));
  });
});
