/**
 * S12, P5: both files of a recording are ours from the start. Nothing of another user is followed, renamed,
 * replaced or removed, neither at the start nor when a file is full.
 */

import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { findProgram } from '../../scripts/programs.ts';
import { ArgumentError } from '../../src/index.ts';
import { recordTo } from '../../src/inspect/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { run } from '../inspect/programs.ts';

expectIdleAfterEach();

const OTHER_USER = 65_534;
/** Only root can make files of another user. */
const isRoot = process.geteuid?.() === 0;
const setpriv = findProgram('setpriv') ?? '';

const MAX_BYTES = 65_536;
const counter = createMachine({ id: 'counter', on: { NEXT: {} } });

/** Starts a recording, and a function that makes it fill a file. */
function start(path: string) {
  const recording = recordTo(path, { maxBytes: MAX_BYTES });
  const actor = createActor(counter, { inspect: recording.inspect }).start();
  const fill = () => {
    for (let n = 0; n < 100; n += 1) actor.send({ type: 'NEXT', load: 'x'.repeat(1_000) });
  };
  return { recording, fill };
}

async function paths() {
  const folder = await tempDir();
  const path = join(folder, 'trace.jsonl');
  return { folder, path, previous: `${path}.1` };
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('the second name', () => {
  it('is taken at the start, by an empty file of our own', async () => {
    const { path, previous } = await paths();
    const { recording } = start(path);
    expect(lstatSync(previous)).toMatchObject({ size: 0, uid: process.geteuid?.() });
    expect([modeOf(path), modeOf(previous)]).toEqual([0o600, 0o600]);
    await recording.close();
  });

  it('is given back when it was not needed', async () => {
    const { folder, path } = await paths();
    await start(path).recording.close();
    expect(readdirSync(folder)).toEqual(['trace.jsonl']);
  });

  it('is given back when the program exits', async () => {
    const { folder, path } = await paths();
    const { code } = await run(`i.recordTo(${JSON.stringify(path)}); process.exit(3);`);
    expect(code).toBe(3);
    expect(readdirSync(folder)).toEqual(['trace.jsonl']);
  });

  it('is not taken when it is too long, and neither is the first', async () => {
    const { folder } = await paths();
    const tooLong = join(folder, 'x'.repeat(254));
    expect(() => recordTo(tooLong)).toThrow(ArgumentError);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is kept when a file is full, and when something else has been written there', async () => {
    const { path, previous } = await paths();
    const { recording, fill } = start(path);
    fill();
    await recording.close();
    expect(statSync(previous).size).toBeGreaterThan(MAX_BYTES / 2);
    unlinkSync(previous);
    unlinkSync(path);
    const second = start(path);
    unlinkSync(previous);
    writeFileSync(previous, '');
    writeFileSync(previous, 'notes');
    await second.recording.close();
    expect(readFileSync(previous, 'utf8')).toBe('notes');
  });

  it('keeps an earlier file of ours until a file is full', async () => {
    const { path, previous } = await paths();
    writeFileSync(previous, 'earlier');
    const { recording, fill } = start(path);
    expect(readFileSync(previous, 'utf8')).toBe('earlier');
    fill();
    expect(readFileSync(previous, 'utf8')).not.toBe('earlier');
    await recording.close();
  });
});

const squats: Readonly<Record<string, (name: string, folder: string) => void>> = {
  'a folder': (name) => {
    mkdirSync(name);
  },
  'a pipe': (name) => {
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', name]);
  },
  ...(isRoot && {
    'a file of another user': (name: string) => {
      writeFileSync(name, 'foreign', { mode: 0o666 });
      chownSync(name, OTHER_USER, OTHER_USER);
    },
    'a link of another user': (name: string, folder: string) => {
      writeFileSync(join(folder, 'victim'), 'precious');
      execFileSync('ln', ['-s', join(folder, 'victim'), name]);
      execFileSync('chown', ['-h', String(OTHER_USER), name]);
    },
  }),
};

describe.each(Object.entries(squats))('%s', (kind, squat) => {
  it.each(['', '.1'])(
    'at the name trace.jsonl%s is refused at the start, and left alone',
    async (end) => {
      const { folder, path } = await paths();
      squat(path + end, folder);
      const before = lstatSync(path + end);
      expect(() => recordTo(path)).toThrow(ArgumentError);
      expect(() => recordTo(path)).toThrow(
        kind.includes('user') ? /belongs to another user \(uid 65534\)/ : /is not a regular file/,
      );
      if (end !== '') expect(() => recordTo(path)).toThrow(`'${path}.1'`);
      const { ino, uid, mode } = before;
      expect(lstatSync(path + end)).toMatchObject({ ino, uid, mode });
      expect(existsSync(end === '' ? `${path}.1` : path)).toBe(false);
      if (kind.includes('link'))
        expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('precious');
    },
  );

  it.each(['', '.1'])(
    'that takes the name trace.jsonl%s later ends the recording, and is left alone',
    async (end) => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const { folder, path } = await paths();
      const { recording, fill } = start(path);
      renameSync(path + end, join(folder, 'moved away'));
      squat(path + end, folder);
      const { ino, uid } = lstatSync(path + end);
      fill();
      expect(warn).toHaveBeenCalledTimes(1);
      expect(String(warn.mock.calls[0]?.[0])).toContain(`Recording to '${path}' stopped: `);
      await recording.close();
      expect(lstatSync(path + end)).toMatchObject({ ino, uid });
      if (kind.includes('link'))
        expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('precious');
    },
  );
});

describe('a symbolic link of ours', () => {
  it.each(['', '.1'])('at the name trace.jsonl%s is not followed', async (end) => {
    const { folder, path } = await paths();
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'precious');
    for (const target of [victim, join(folder, 'dangling')]) {
      symlinkSync(target, path + end);
      const { recording, fill } = start(path);
      fill();
      await recording.close();
      expect(readFileSync(victim, 'utf8')).toBe('precious');
      expect(existsSync(join(folder, 'dangling'))).toBe(false);
      for (const name of [path, `${path}.1`]) {
        expect(lstatSync(name).isFile()).toBe(true);
        unlinkSync(name);
      }
    }
  });
});

it.skipIf(!isRoot || setpriv === '')(
  'no other user can take the second name in a folder like /tmp',
  async () => {
    const folder = await tempDir();
    execFileSync('chmod', ['1777', folder]);
    const path = join(folder, 'trace.jsonl');
    const { recording, fill } = start(path);
    const squatting = `rm -f '${path}.1'; mv '${path}.1' '${path}.x'; (echo > '${path}.1'); ln -sf /etc/passwd '${path}.1'`;
    execFileSync(
      setpriv,
      ['--reuid', String(OTHER_USER), '--clear-groups', 'sh', '-c', `${squatting}; true`],
      {
        stdio: 'ignore',
      },
    );
    fill();
    await recording.close();
    expect(readdirSync(folder).sort()).toEqual(['trace.jsonl', 'trace.jsonl.1']);
    expect(statSync(`${path}.1`).size).toBeGreaterThan(MAX_BYTES / 2);
  },
);
