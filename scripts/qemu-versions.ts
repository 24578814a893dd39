/**
 * Fetches other versions of QEMU than the machine's own, for the tests: unpacked from packages of Debian,
 * not installed. Each version has a folder with a script for each of its programs.
 *
 *   node --import tsx scripts/qemu-versions.ts [FOLDER]
 *
 * Only for Linux with APT and a mirror of Debian in its configuration. Takes some 20 s, and 400 MB of disk.
 * A version that is in the folder is not fetched again. Exits with 1 if one cannot be had.
 */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  findLibraries,
  findMirror,
  type Mirror,
  PrivateApt,
  releaseOf,
  wrapperFor,
} from './debian.ts';

/**
 * Where each version may be found: sets of suites, each from the oldest to the newest. The first one whose
 * newest QEMU is of this version is used, because a suite moves on to later versions.
 */
const SUITES = {
  '10.0': [['bookworm', 'bookworm-backports'], ['trixie']],
  '11.1': [['sid'], ['testing']],
} as const;

/** A version of QEMU that the tests use besides the machine's own. */
export type QemuVersion = keyof typeof SUITES;
export const QEMU_VERSIONS: readonly QemuVersion[] = ['10.0', '11.1'];

/** The packages, and what of their dependencies is unpacked: the programs need no other. */
const PACKAGES = ['qemu-system-x86', 'qemu-utils', 'qemu-guest-agent'];
const NEEDED = /^(?:lib|qemu|seabios|ipxe|gcc-\d+-base$)/;

/** Where the packages have the programs. */
const PROGRAMS = [
  ...['qemu-system-x86_64', 'qemu-img', 'qemu-io', 'qemu-nbd', 'qemu-storage-daemon'].map(
    (name) => `usr/bin/${name}`,
  ),
  'usr/sbin/qemu-ga',
];
/** Where they have the firmware of the machine. */
const FIRMWARE = ['usr/share/qemu', 'usr/share/seabios', 'usr/lib/ipxe/qemu'];

/** The folder of the versions: that of `WIRECHART_QEMUS`, or the cache of this repository. */
export const qemuFolder = (): string =>
  resolve(
    process.env['WIRECHART_QEMUS'] ?? join(import.meta.dirname, '../node_modules/.cache/qemus'),
  );

/** Returns the path of a program of a version; `undefined` when it was not fetched. */
export function findQemuProgram(version: QemuVersion, program: string): string | undefined {
  const path = join(qemuFolder(), version, program);
  return existsSync(path) ? path : undefined;
}

/**
 * Fetches a version into `folder`, unless it is there.
 *
 * @returns The version of the package, or `undefined` if it was there.
 * @throws {Error} When no suite has it, or it cannot be fetched.
 */
async function fetchQemu(version: QemuVersion, folder: string, mirror: Mirror) {
  const place = join(folder, version);
  if (existsSync(place)) return undefined;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, `.${version}-`));
  try {
    const { apt, packages, found } = await findSuite(version, work, mirror);
    const unpacked = join(work, version);
    const names = packages.map(({ name }) => name).filter((name) => NEEDED.test(name));
    await apt.unpack(names, join(unpacked, 'root'));
    writeWrappers(unpacked, place);
    // Last, so that a folder that is there is complete.
    renameSync(unpacked, place);
    return found;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Finds the suite that has a version, and the packages that its QEMU needs. */
async function findSuite(version: QemuVersion, work: string, mirror: Mirror) {
  const reasons: string[] = [];
  for (const suites of SUITES[version]) {
    const name = suites.at(-1) ?? '';
    try {
      const apt = new PrivateApt(join(work, name), mirror, suites);
      await apt.update();
      const packages = await apt.closure(PACKAGES);
      const found = packages.find((entry) => entry.name === PACKAGES[0])?.version ?? 'no QEMU';
      if (releaseOf(found) === version) return { apt, packages, found };
      reasons.push(`${name} has ${found}`);
    } catch (error) {
      reasons.push(`${name}: ${detailOf(error)}`);
    }
  }
  const remedy = 'if Debian has moved on, change the suites in scripts/qemu-versions.ts';
  throw new Error(`${reasons.join('; ')}; ${remedy}`);
}

/** Writes a script for each program into `unpacked`, which will be moved to `place`. */
function writeWrappers(unpacked: string, place: string): void {
  const libraries = findLibraries(join(unpacked, 'root'));
  const root = join(place, 'root');
  const env = {
    QEMU_MODULE_DIR: libraries.folders.map((folder) => join(root, folder, 'qemu')).at(-1) ?? '',
  };
  const firmware = FIRMWARE.flatMap((path) => ['-L', join(root, path)]);
  for (const program of PROGRAMS) {
    const path = join(unpacked, 'root', program);
    if (!existsSync(path)) continue;
    const name = program.replace(/^.*\//, '');
    const args = name.startsWith('qemu-system-') ? firmware : [];
    const text = wrapperFor(root, libraries, { program, args, env });
    writeFileSync(join(unpacked, name), text, { mode: 0o755 });
  }
}

async function main(folder: string): Promise<void> {
  await Promise.all(
    QEMU_VERSIONS.map(async (version) => {
      try {
        const found = await fetchQemu(version, folder, findMirror());
        console.log(`QEMU ${version}: ${join(folder, version)} (${found ?? 'was there'})`);
      } catch (error) {
        process.exitCode = 1;
        console.error(`QEMU ${version} cannot be had: ${detailOf(error)}`);
      }
    }),
  );
}

/** What a program wrote to its error output says more than that it failed. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return stderr === '' ? error.message : stderr;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(resolve(process.argv[2] ?? qemuFolder()));
}
