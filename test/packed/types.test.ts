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
