/**
 * Packages of Debian, unpacked without being installed: APT works in a folder of its own, with the mirror
 * that this machine uses, and neither its state nor any program of the machine is changed.
 */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How long one call of APT or dpkg may take, in ms. */
const CALL_MS = 300_000;

/** A mirror of Debian, and the options of it that APT needs, as `Signed-By: /usr/share/keyrings/x.gpg`. */
export interface Mirror {
  readonly uri: string;
  /** Lines of a file in the format deb822, without a line break at the end. */
  readonly options: readonly string[];
}

/** The options of a source that say how APT trusts it. */
const TRUST = ['signed-by', 'trusted', 'allow-insecure', 'allow-weak'];

/** A mirror of the releases themselves, not of their security updates. A list of mirrors may stand for it. */
const isDebian = (uri: string): boolean => /^[\w+]+:.*\/debian(?:\.list)?\/?$/.test(uri);

/** Returns the mirrors of Debian in a file in the one-line format: `deb [option=value] URI SUITE COMPONENT`. */
export function mirrorsOfList(text: string): Mirror[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s/.exec(line);
    const [, options = '', uri = ''] = match ?? [];
    return isDebian(uri) ? [{ uri, options: options.split(/\s+/).flatMap(asField) }] : [];
  });
}

/** Writes `signed-by=a,b` as `Signed-By: a b`, if it is an option of trust. */
function asField(option: string): string[] {
  const [, name = '', value = ''] = /^([\w-]+)\+?=(.*)$/.exec(option) ?? [];
  return TRUST.includes(name.toLowerCase()) ? [`${name}: ${value.replaceAll(',', ' ')}`] : [];
}

/** Returns the mirrors of Debian in a file in the format deb822, whose name ends with `.sources`. */
export function mirrorsOfSources(text: string): Mirror[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap(mirrorsOfStanza);
}

function mirrorsOfStanza(stanza: string): Mirror[] {
  // A line that begins with a blank continues the field above it: a key may be in the file itself.
  const fields = stanza.split(/\n(?!\s)/).map((field) => field.trimEnd());
  const valueOf = (name: string): string => {
    const field = fields.find((text) => text.toLowerCase().startsWith(`${name}:`));
    return field?.slice(name.length + 1).trim() ?? '';
  };
  const wordsOf = (name: string) => valueOf(name).split(/\s+/);
  if (!wordsOf('types').includes('deb') || /^(?:no|false|off|0)$/i.test(valueOf('enabled')))
    return [];
  const options = fields.filter((field) =>
    TRUST.some((name) => field.toLowerCase().startsWith(`${name}:`)),
  );
  return wordsOf('uris')
    .filter(isDebian)
    .map((uri) => ({ uri, options }));
}

/**
 * Returns the mirror of Debian that a machine uses.
 *
 * @param etc Where APT's configuration is.
 * @throws {Error} When it uses none, as a machine with another system.
 */
export function findMirror(etc = '/etc/apt'): Mirror {
  const parts = join(etc, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  const files = [join(etc, 'sources.list'), ...names.map((name) => join(parts, name))];
  const mirrors = files.filter(existsSync).flatMap((file) => {
    if (file.endsWith('.sources')) return mirrorsOfSources(readFileSync(file, 'utf8'));
    return file.endsWith('.list') ? mirrorsOfList(readFileSync(file, 'utf8')) : [];
  });
  const [mirror] = mirrors;
  if (mirror === undefined) throw new Error(`${etc} names no mirror of Debian`);
  return mirror;
}

/** Returns the text of a `.sources` file with these suites of a mirror. */
export const sourcesFor = ({ uri, options }: Mirror, suites: readonly string[]): string =>
  [
    'Types: deb',
    `URIs: ${uri}`,
    `Suites: ${suites.join(' ')}`,
    'Components: main',
    ...options,
    '',
  ].join('\n');

/** A package that APT would install. */
export interface Package {
  readonly name: string;
  readonly version: string;
}

/** Returns the packages in the output of `apt-get --simulate install`. */
export const packagesIn = (output: string): Package[] =>
  [...output.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) /gm)].map(
    ([, name = '', version = '']) => ({
      name,
      version,
    }),
  );

/** Returns the version of the program in a package of Debian: `10.0` for `1:10.0.2+ds-2+deb13u1~bpo12+1`. */
export const releaseOf = (version: string): string =>
  /^(?:\d+:)?(\d+\.\d+)/.exec(version)?.[1] ?? version;

/** APT with a state of its own. */
export class PrivateApt {
  readonly #folder: string;
  readonly #suite: string;

  /**
   * @param folder An empty folder, for everything that APT writes.
   * @param suites From the oldest to the newest, which is preferred.
   */
  constructor(folder: string, mirror: Mirror, suites: readonly string[]) {
    this.#folder = folder;
    this.#suite = suites.at(-1) ?? 'stable';
    for (const name of ['state/lists/partial', 'cache/archives/partial', 'debs']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    // No package is installed, so that all that a program needs is fetched.
    writeFileSync(join(folder, 'state/status'), '');
    writeFileSync(join(folder, 'debian.sources'), sourcesFor(mirror, suites));
  }

  /** Fetches the lists of the packages. */
  async update(): Promise<void> {
    await this.#run('update', '--error-on=any');
  }

  /** Returns what would be installed for `names`, these included. */
  async closure(names: readonly string[]): Promise<Package[]> {
    return packagesIn(await this.#run('--simulate', 'install', ...names));
  }

  /** Fetches packages, checked against the signed lists, and unpacks them. */
  async unpack(names: readonly string[], into: string): Promise<void> {
    const folder = join(this.#folder, 'debs');
    await this.#run('download', ...names);
    mkdirSync(into, { recursive: true });
    for (const name of readdirSync(folder)) {
      await run('dpkg', ['-x', join(folder, name), into], { timeout: CALL_MS });
    }
  }

  async #run(...args: readonly string[]): Promise<string> {
    const settings = [
      `Dir::State=${join(this.#folder, 'state')}`,
      `Dir::State::status=${join(this.#folder, 'state/status')}`,
      `Dir::Cache=${join(this.#folder, 'cache')}`,
      `Dir::Etc::sourcelist=${join(this.#folder, 'debian.sources')}`,
      // Names of files that do not exist: what else the machine takes packages from, and prefers.
      ...['Dir::Etc::sourceparts=-', 'Dir::Etc::preferences=-', 'Dir::Etc::preferencesparts=-'],
      `APT::Default-Release=${this.#suite}`,
      ...['APT::Install-Recommends=false', 'Acquire::Retries=3', 'Acquire::Languages=none'],
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
      // Another user could not write into the folder.
      'APT::Sandbox::User=root',
    ];
    const options = settings.flatMap((setting) => ['-o', setting]);
    const { stdout } = await run('apt-get', ['-q', ...options, ...args], {
      cwd: join(this.#folder, 'debs'),
      env: { ...process.env, LC_ALL: 'C' },
      timeout: CALL_MS,
      maxBuffer: 1 << 26,
    });
    return stdout;
  }
}

/** What a program in an unpacked tree needs besides its own arguments. */
export interface Launch {
  /** The path of the program in the tree. */
  readonly program: string;
  /** Arguments in front of all others. */
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/**
 * Returns a shell script that runs a program of an unpacked tree with the libraries of that tree. It becomes
 * the program by `exec`, so that signals and descriptors reach it.
 *
 * @param root The tree, where it will be when the script runs.
 * @param folders The folders with libraries in it, the one with the dynamic linker first.
 */
export function wrapperFor(
  root: string,
  { linker, folders }: Libraries,
  { program, args = [], env = {} }: Launch,
): string {
  const libraries = folders.map((folder) => join(root, folder)).join(':');
  const command = [
    join(root, linker),
    // Never a library of the machine, which is of another release.
    ...['--inhibit-cache', '--library-path', libraries],
    ...['--argv0', basename(program), join(root, program), ...args],
  ];
  const settings = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return ['#!/bin/sh', ...settings, `exec ${command.map(quoted).join(' ')} "$@"`, ''].join('\n');
}

/** Where an unpacked tree has its shared libraries, relative to its root. */
export interface Libraries {
  /** The dynamic linker. */
  readonly linker: string;
  readonly folders: readonly string[];
}

/** @throws {Error} When the tree has no dynamic linker: the package libc6 is missing. */
export function findLibraries(root: string): Libraries {
  const folders = ['lib', 'usr/lib'].flatMap((lib) =>
    namesIn(join(root, lib))
      .filter((name) => name.includes('-linux-gnu'))
      .map((name) => join(lib, name)),
  );
  const [linker] = folders.flatMap((folder) =>
    namesIn(join(root, folder))
      .filter((name) => /^ld-linux.*\.so\.\d+$/.test(name))
      .map((name) => join(folder, name)),
  );
  if (linker === undefined) throw new Error(`${root} has no dynamic linker`);
  return { linker, folders };
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
