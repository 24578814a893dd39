/** How packages of Debian are found and unpacked for the tests; see `scripts/debian.ts`. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import {
  findLibraries,
  findMirror,
  mirrorsOfList,
  mirrorsOfSources,
  packagesIn,
  releaseOf,
  sourcesFor,
  wrapperFor,
} from '../../scripts/debian.ts';
import { tempDir } from './cleanup.ts';

describe('the mirrors in a .list file', () => {
  it('are those of Debian, with the options of trust', () => {
    const text = `
# deb http://old.example/debian bookworm main
deb-src http://sources.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb https://packages.example/apt tools main
deb http://plain.example/debian/ bookworm main contrib
  deb [ arch=amd64 signed-by=/a.gpg,/b.gpg trusted=yes ] https://mirror.example/pub/debian sid main`;
    expect(mirrorsOfList(text)).toEqual([
      { uri: 'http://plain.example/debian/', options: [] },
      {
        uri: 'https://mirror.example/pub/debian',
        options: ['signed-by: /a.gpg /b.gpg', 'trusted: yes'],
      },
    ]);
  });

  it('may be a list of mirrors', () => {
    const uri = 'mirror+file:///etc/apt/mirrors/debian.list';
    expect(mirrorsOfList(`deb ${uri} bookworm main`)).toEqual([{ uri, options: [] }]);
  });

  it.each(['', 'deb', 'deb [', 'deb [signed-by=x', 'deb []', '\n\n'])('are none in %j', (text) => {
    expect(mirrorsOfList(text)).toEqual([]);
  });
});

describe('the mirrors in a .sources file', () => {
  it('are those of each stanza that is enabled and has binary packages', () => {
    const text = `Types: deb
# http://snapshot.example/debian
URIs: http://one.example/debian http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://one.example/debian-security
Suites: bookworm-security

Enabled: no
Types: deb
URIs: http://off.example/debian

Types: deb-src
URIs: http://sources.example/debian
`;
    const options = ['Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg'];
    expect(mirrorsOfSources(text)).toEqual([
      { uri: 'http://one.example/debian', options },
      { uri: 'http://two.example/debian', options },
    ]);
  });

  it('keep a key that is in the file', () => {
    const key = 'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END-----';
    const text = `types: deb deb-src\nuris: http://one.example/debian\n${key}\nSuites: sid\n`;
    const [mirror] = mirrorsOfSources(text);
    expect(mirror).toEqual({ uri: 'http://one.example/debian', options: [key] });
  });

  it('are none in an empty file', () => {
    expect(mirrorsOfSources('\n\n')).toEqual([]);
  });
});

describe('the mirror of a machine', () => {
  const configuration = async (files: Readonly<Record<string, string>>) => {
    const etc = await tempDir();
    mkdirSync(join(etc, 'sources.list.d'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(etc, name), text);
    return etc;
  };

  it('is the first in its files, the main list before the others', async () => {
    const other = 'deb http://other.example/debian sid main';
    const parts = {
      'sources.list.d/a.list': other,
      'sources.list.d/b.sources': 'Types: deb\nURIs: http://b.example/debian\n',
    };
    expect(findMirror(await configuration(parts)).uri).toBe('http://other.example/debian');
    const main = { 'sources.list': 'deb http://main.example/debian sid main', ...parts };
    expect(findMirror(await configuration(main)).uri).toBe('http://main.example/debian');
  });

  it('is not in a file that APT ignores', async () => {
    const etc = await configuration({
      'sources.list.d/a.list.save': 'deb http://saved.example/debian sid main',
    });
    expect(() => findMirror(etc)).toThrow(`${etc} names no mirror of Debian`);
  });

  it('is missing where APT has no configuration', async () => {
    const etc = join(await tempDir(), 'none');
    expect(() => findMirror(etc)).toThrow('names no mirror of Debian');
  });
});

test('the suites of a mirror are a .sources file that names the same mirror', () => {
  const mirror = { uri: 'http://one.example/debian', options: ['Signed-By: /a.gpg'] };
  const text = sourcesFor(mirror, ['bookworm', 'bookworm-backports']);
  expect(text).toContain('Suites: bookworm bookworm-backports\n');
  expect(mirrorsOfSources(text)).toEqual([mirror]);
});

test('the packages that APT would install are found in what it prints', () => {
  const output = `Reading package lists...
The following NEW packages will be installed:
  libc6 qemu-system-x86
Inst libc6 (2.43-7 Debian:unstable [amd64])
Inst qemu-system-x86 [1:7.2] (1:11.1.3+ds-1 Debian:unstable [amd64])
Conf libc6 (2.43-7 Debian:unstable [amd64])
`;
  expect(packagesIn(output)).toEqual([
    { name: 'libc6', version: '2.43-7' },
    { name: 'qemu-system-x86', version: '1:11.1.3+ds-1' },
  ]);
});

test.each([
  ['1:10.0.2+ds-2+deb13u1~bpo12+1', '10.0'],
  ['1:7.2+dfsg-7+deb12u18+b3', '7.2'],
  ['11.1.3', '11.1'],
  ['1:11.2.0~rc1+ds-1', '11.2'],
  ['unknown', 'unknown'],
])('the package version %s is of the release %s', (version, release) => {
  expect(releaseOf(version)).toBe(release);
});

describe('the script of a program', () => {
  /** A tree whose dynamic linker prints how it was called. */
  const tree = async () => {
    const root = join(await tempDir(), "it's a tree");
    const folder = join(root, 'usr/lib/x86_64-linux-gnu');
    mkdirSync(folder, { recursive: true });
    mkdirSync(join(root, 'lib/x86_64-linux-gnu'), { recursive: true });
    const linker = '#!/bin/sh\necho "$$ $MODULES"\nprintf "%s\\n" "$@"\n';
    writeFileSync(join(folder, 'ld-linux-x86-64.so.2'), linker, { mode: 0o755 });
    return root;
  };

  it('runs it with the libraries of its tree, and hands over its arguments', async () => {
    const root = await tree();
    const launch = { program: 'usr/bin/qemu', args: ['-L', 'a b'], env: { MODULES: 'm n' } };
    const path = join(root, 'script');
    writeFileSync(path, wrapperFor(root, findLibraries(root), launch), { mode: 0o755 });
    const output = execFileSync(path, ['', '$HOME "x"'], { encoding: 'utf8' });
    const [ids, ...args] = output.split('\n').slice(0, -1);
    expect(ids).toMatch(/^\d+ m n$/);
    const [at, name, program] = args.slice(-7);
    expect([at, name, program]).toEqual(['--argv0', 'qemu', join(root, 'usr/bin/qemu')]);
    expect(args.slice(-4)).toEqual(['-L', 'a b', '', '$HOME "x"']);
    expect(args[args.indexOf('--library-path') + 1]?.split(':')).toEqual([
      join(root, 'lib/x86_64-linux-gnu'),
      join(root, 'usr/lib/x86_64-linux-gnu'),
    ]);
  });

  it('becomes the program: its process id is that of the script', async () => {
    const root = await tree();
    const text = wrapperFor(root, findLibraries(root), { program: 'usr/bin/qemu' });
    const output = execFileSync('sh', [
      '-c',
      `echo $$; exec sh -c '${text.replaceAll("'", `'\\''`)}'`,
    ]);
    const [shell, program] = output.toString().split(/\s+/);
    expect(program).toBe(shell);
  });

  it('needs a dynamic linker in the tree', async () => {
    const root = await tempDir();
    expect(() => findLibraries(root)).toThrow(`${root} has no dynamic linker`);
  });
});
