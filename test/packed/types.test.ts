/** The declarations compile in strict projects of all kinds, with the oldest and the newest TypeScript. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderIn, run, TOOLS } from './support/project.ts';

/** The folders of the compilers; 5.4 is the oldest that is supported. */
const COMPILERS = ['typescript-5.4', 'typescript', 'typescript-newest'] as const;
const RESOLUTIONS = [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const;

const STRICT = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  noFallthroughCasesInSwitch: true,
  verbatimModuleSyntax: true,
  types: ['node'],
};

/** Compiles a fixture in the project with the tools, and resolves with what the compiler says. */
async function compile(
  fixture: string,
  compiler: string,
  options: object,
  folder = folderIn(TOOLS),
): Promise<string> {
  copyFileSync(join(import.meta.dirname, 'fixtures', fixture), join(folder, fixture));
  const compilerOptions = { ...STRICT, ...options };
  const config = { compilerOptions, files: [fixture] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(TOOLS, 'node_modules', compiler, 'bin/tsc');
  return run(process.execPath, [tsc, '--pretty', 'false', '-p', folder]).then(
    ({ stdout }) => stdout,
    (error: unknown) => String(error),
  );
}

const cases = COMPILERS.flatMap((compiler) =>
  RESOLUTIONS.map(([module, moduleResolution]) => ({ compiler, module, moduleResolution })),
);

describe.each(cases)('$compiler with $moduleResolution', ({ compiler, ...resolution }) => {
  test('compiles a program that uses every entry', async () => {
    const options = { ...resolution, skipLibCheck: true };
    expect(await compile('consumer.ts', compiler, options)).toBe('');
  });

  test('finds no error in any declaration', async () => {
    // XState's own declarations have errors under this option: see below.
    const options = { ...resolution, skipLibCheck: false, exactOptionalPropertyTypes: false };
    expect(await compile('consumer.ts', compiler, options)).toBe('');
  });

  test('compiles a program for browsers without the types of Node', async () => {
    const options = { ...resolution, skipLibCheck: false, types: [], lib: ['es2022', 'dom'] };
    expect(await compile('browser.ts', compiler, options)).toBe('');
  });

  test.each([{ customConditions: [] }, { customConditions: ['browser'] }])(
    'compiles a page that reports to an inspector, with $customConditions',
    async ({ customConditions }) => {
      const lib = ['es2023', 'esnext.disposable', 'dom'];
      const options = { ...resolution, skipLibCheck: false, types: [], lib, customConditions };
      const loose = { exactOptionalPropertyTypes: false };
      expect(await compile('page.ts', compiler, { ...options, ...loose })).toBe('');
    },
  );
});

test.each(COMPILERS)('%s finds errors in the declarations of XState alone', async (compiler) => {
  const options = { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: false };
  const output = await compile('consumer.ts', compiler, options);
  const errors = output.split('\n').filter((line) => line.includes('error TS'));
  expect(errors.filter((line) => !line.includes('/node_modules/xstate/'))).toEqual([]);
});

test.each(COMPILERS)(
  '%s accepts a fake, and declares the parent of our machines in 3 KB',
  async (compiler) => {
    const folder = folderIn(TOOLS);
    const options = {
      module: 'nodenext',
      moduleResolution: 'nodenext',
      skipLibCheck: true,
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
    };
    expect(await compile('parents.ts', compiler, options, folder)).toBe('');
    const declared = readFileSync(join(folder, 'parents.d.ts'), 'utf8');
    expect(declared).toContain('import("wirechart/qmp").QmpMachine');
    expect(declared.length).toBeLessThan(3 * 1024);
  },
);

test.each(['typescript-5.4', 'typescript'])(
  '%s has little work with the types of all commands',
  async (compiler) => {
    /** Numbers, as times depend on the machine: in 2026, 5 000 instantiations took 0.1 s. */
    const costOf = async (code: string): Promise<Record<string, number>> => {
      const folder = folderIn(TOOLS);
      writeFileSync(join(folder, 'cost.ts'), code);
      const compilerOptions = { ...STRICT, module: 'nodenext', skipLibCheck: true };
      const config = JSON.stringify({ compilerOptions, files: ['cost.ts'] });
      writeFileSync(join(folder, 'tsconfig.json'), config);
      const tsc = join(TOOLS, 'node_modules', compiler, 'bin/tsc');
      const args = [tsc, '--pretty', 'false', '--extendedDiagnostics', '-p', folder];
      const { stdout } = await run(process.execPath, args);
      return Object.fromEntries(
        Array.from(stdout.matchAll(/^(\w+): +(\d+)$/gm), ([, name = '', count]) => [
          name,
          Number(count),
        ]),
      );
    };
    const without = await costOf(`import { AsyncProtocol } from 'wirechart'; void AsyncProtocol;`);
    const cost = await costOf(`
      import { QmpClient } from 'wirechart/qmp';
      const qmp = new QmpClient();
      qmp.on('SHUTDOWN', ({ data }) => console.log(data.reason));
      await qmp.execute('blockdev-add', { driver: 'file', filename: 'disk.img' });
      await qmp.commands.cont();
      const { event } = await qmp.waitFor(['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED']);
      console.log(event, (await qmp.execute('query-status')).running);`);
    const more = (name: string) => (cost[name] ?? NaN) - (without[name] ?? NaN);
    expect(more('Types')).toBeLessThan(6_000);
    expect(more('Instantiations')).toBeLessThan(20_000);
    expect(more('Symbols')).toBeLessThan(20_000);
  },
);
