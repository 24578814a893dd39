/** wirechart-inspect, bundled from the sources as its build does it, alone and beside wirechart. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
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
  const sizesOf = async (name: string) => {
    const { outputFiles, metafile } = await build({
      stdin: { contents: `export ${name} from './inspect/src/browser.ts'`, resolveDir: ROOT },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      external: ['xstate'],
      metafile: true,
      logLevel: 'error',
    });
    const [output] = Object.values(metafile.outputs);
    const code = outputFiles[0]?.contents ?? new Uint8Array();
    return {
      code: Buffer.from(code).toString(),
      imports: output?.imports,
      zipped: gzipSync(code, { level: 9 }).length,
    };
  };

  it('is self-contained, and minified it takes at most 20 KB to transfer', async () => {
    const { code, imports, zipped } = await sizesOf('*');
    expect(code.length).toBeGreaterThan(10 * KB);
    expect(imports).toEqual([]);
    expect(zipped).toBeLessThanOrEqual(20 * KB);
  });

  it('has no drawings if only inspectTo() is used', async () => {
    const { code } = await sizesOf('{ inspectTo }');
    expect(code).toContain('wirechart.proof');
    expect(code).not.toContain('digraph');
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
