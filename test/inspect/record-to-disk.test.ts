/** Recordings that fill their files, and disks that fail. */

import * as fs from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActor, createMachine, fromCallback, stopChild } from 'xstate';
import { ArgumentError } from '../../src/index.ts';
import { recordTo } from '../../src/inspect/index.ts';
import type { Inspect } from '../../src/inspect/feed.ts';
import type { FeedMessage } from '../../src/inspect/wire.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { messagesOf, record } from './recordings.ts';
import { eventOf, stateOf, summaryOf } from './support.ts';

/** The disk: wraps Node's functions so that a test can make them fail. */
const disk = vi.hoisted(() => ({
  open: new Set<number>(),
  writes: 0,
  /** The number of the write that fails. */
  failingWrite: 0,
  failsToClose: false,
  maxBytesPerWrite: Infinity,
}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const fail = () => {
    throw new Error('ENOSPC: no space left on device');
  };
  return {
    ...real,
    openSync: (...request: Parameters<typeof fs.openSync>) => {
      const file = real.openSync(...request);
      disk.open.add(file);
      return file;
    },
    writeSync: (file: number, bytes: Uint8Array, from: number) => {
      disk.writes += 1;
      if (disk.writes === disk.failingWrite) fail();
      return real.writeSync(
        file,
        bytes,
        from,
        Math.min(disk.maxBytesPerWrite, bytes.length - from),
      );
    },
    closeSync: (file: number) => {
      real.closeSync(file);
      disk.open.delete(file);
      if (disk.failsToClose) fail();
    },
  };
});

expectIdleAfterEach();

const counter = createMachine({
  id: 'counter',
  initial: 'even',
  states: { even: { on: { NEXT: 'odd' } }, odd: { on: { NEXT: 'even' } } },
  invoke: { id: 'child', src: fromCallback(() => undefined) },
  on: { FREE: { actions: stopChild('child') } },
});

/** A counter, and a function that makes it fill a file. */
function start(inspect: Inspect) {
  const actor = createActor(counter, { id: 'counter', inspect }).start();
  let n = 0;
  const next = (times: number) => {
    for (const end = n + times; n < end; n += 1)
      actor.send({ type: 'NEXT', n, load: 'x'.repeat(200) });
  };
  return { actor, next };
}

/** The numbers in the events of a file. */
const numbersIn = (messages: readonly FeedMessage[]): unknown[] =>
  messages.flatMap((message) => {
    const n = message.type === 'service.event' ? eventOf(message).data['n'] : undefined;
    return n === undefined ? [] : [n];
  });

const timeOf = (message: FeedMessage): number =>
  'wirechart' in message ? message.wirechart.at : message.at;

describe('a recording that fills its file', () => {
  const options = { name: 'p', maxBytes: 65_536 };

  it('renames it and starts a new one, with nothing lost between the two', async () => {
    const { path, recording, inspect } = await record(options);
    const { next } = start(inspect);
    next(400);
    await recording.close();
    const [old, present] = [await messagesOf(`${path}.1`), await messagesOf(path)];
    const numbers = [...numbersIn(old), ...numbersIn(present)];
    const first = Number(numbers[0]);
    expect(first).toBeGreaterThan(0); // An earlier file was replaced.
    expect(numbers).toEqual(Array.from({ length: 400 - first }, (_, at) => first + at));
    for (const file of [path, `${path}.1`]) {
      const { size, mode } = await stat(file);
      expect(size).toBeLessThanOrEqual(options.maxBytes);
      expect(mode & 0o777).toBe(0o600);
    }
    expect((await stat(`${path}.1`)).size).toBeGreaterThan(options.maxBytes / 2);
  });

  it('starts each file with an introduction and the current states, so that it can be read alone', async () => {
    const { path, recording, inspect } = await record(options);
    const { next } = start(inspect);
    next(400);
    await recording.close();
    for (const file of [path, `${path}.1`]) {
      const messages = await messagesOf(file);
      expect(messages.slice(0, 3)).toMatchObject([
        { type: 'wirechart.program', name: 'p' },
        { type: 'service.register', id: 'counter' },
        { type: 'service.register', id: 'child' },
      ]);
      expect(summaryOf(messages).filter((line) => line.includes('?'))).toEqual([]);
      // Each state differs from the previous one. (The first state of a file may also be in its
      // registration.)
      const values = messages.flatMap((one) =>
        one.type === 'service.state' ? [stateOf(one).value] : [],
      );
      expect(values.length).toBeGreaterThan(20);
      expect(values.filter((value, at) => value === values[at - 1])).toEqual([]);
      const [start = 0, ...times] = messages.slice(2).map(timeOf);
      expect(times.filter((time) => time < start).length).toBeLessThanOrEqual(1);
      expect(times).toEqual([...times].sort((one, other) => one - other));
    }
  });

  it('says in each file which part of the recording it is', async () => {
    const { path, recording, inspect } = await record(options);
    const { next } = start(inspect);
    const partOf = async (file: string) => (await messagesOf(file))[0];
    expect(await partOf(path)).not.toHaveProperty('part');
    next(400);
    await recording.close();
    const last = await partOf(path);
    const part = last?.type === 'wirechart.program' ? (last.part ?? 0) : 0;
    expect(part).toBeGreaterThan(2);
    expect(await partOf(`${path}.1`)).toMatchObject({ part: part - 1 });
  });

  it('starts a file without the actors that have ended', async () => {
    const { path, recording, inspect } = await record(options);
    const { actor, next } = start(inspect);
    actor.send({ type: 'FREE' });
    next(400);
    await recording.close();
    const text = await readFile(path, 'utf8');
    expect(text.split('\n')[1]).toContain('"counter"');
    expect(text).not.toContain('"id":"child","sessionId"');
  });

  it('does not start a file for every line when the current states exceed a file', async () => {
    const { path, recording, inspect } = await record(options);
    const many = createMachine({ context: { load: 'x'.repeat(2_000) } });
    for (let at = 0; at < 60; at += 1) createActor(many, { id: `m${String(at)}`, inspect }).start();
    const { next } = start(inspect);
    next(100);
    await recording.close();
    const [old, present] = [await messagesOf(`${path}.1`), await messagesOf(path)];
    expect(numbersIn(old).length + numbersIn(present).length).toBeGreaterThan(20);
    expect(present.filter(({ type }) => type === 'service.register').length).toBeGreaterThanOrEqual(
      62,
    );
  });

  it('can contain a line that is longer than a file', async () => {
    const { path, recording, inspect } = await record(options);
    const { actor, next } = start(inspect);
    actor.send({ type: 'NEXT', big: Array(20).fill('y'.repeat(10_000)) });
    next(1);
    await recording.close();
    const both = [...(await messagesOf(`${path}.1`)), ...(await messagesOf(path))];
    expect(numbersIn(both)).toEqual([0]);
    expect(JSON.stringify(both)).toContain('y'.repeat(10_000));
  });
});

describe('a disk that fails', () => {
  const warned = vi.fn<(text: unknown, name: unknown) => void>();

  beforeEach(() => {
    vi.spyOn(process, 'emitWarning').mockImplementation(warned);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    warned.mockClear();
    // No test leaves a file open.
    expect(disk.open.size).toBe(0);
    Object.assign(disk, { failingWrite: 0, failsToClose: false, maxBytesPerWrite: Infinity });
  });

  /** Makes a write fail, counted from the next one. */
  const failAtWrite = (number: number) => {
    disk.failingWrite = disk.writes + number;
  };

  it('ends the recording with a warning, without an effect on the actors', async () => {
    const exits = process.listenerCount('exit');
    const { path, recording, inspect } = await record();
    const { actor, next } = start(inspect);
    failAtWrite(1);
    next(200);
    expect(actor.getSnapshot().status).toBe('active');
    expect(warned.mock.calls).toEqual([
      [`Recording to '${path}' stopped: ENOSPC: no space left on device`, 'WirechartWarning'],
    ]);
    expect(process.listenerCount('exit')).toBe(exits);
    const { writes } = disk;
    next(500);
    await recording.close();
    expect(disk.writes).toBe(writes);
    expect(await messagesOf(path)).toHaveLength(1);
  });

  it('can fail at the last lines, and when the file is closed', async () => {
    const { recording, inspect } = await record();
    start(inspect);
    failAtWrite(1);
    disk.failsToClose = true;
    await recording.close();
    expect(warned).toHaveBeenCalledTimes(1);
  });

  it('can fail to create the next file', async () => {
    const { path, recording, inspect } = await record({ maxBytes: 65_536 });
    const { next } = start(inspect);
    await rm(dirname(path), { recursive: true });
    next(400);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(String(warned.mock.calls[0]?.[0])).toContain('ENOENT');
    await recording.close();
  });

  it('can fail at the first lines of the next file', async () => {
    const { path, recording, inspect } = await record({ maxBytes: 65_536 });
    const { next } = start(inspect);
    failAtWrite(2);
    next(400);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(await messagesOf(path)).toEqual([]);
    expect(numbersIn(await messagesOf(`${path}.1`)).length).toBeGreaterThan(20);
    await recording.close();
  });

  it('causes an ArgumentError when it fails at the first line', async () => {
    const path = `${await tempDir()}/trace.jsonl`;
    failAtWrite(1);
    expect(() => recordTo(path)).toThrow(ArgumentError);
    expect(fs.existsSync(path)).toBe(true);
  });

  it('can write a few bytes at a time', async () => {
    disk.maxBytesPerWrite = 100;
    const { path, recording, inspect } = await record({ name: 'p' });
    const { next } = start(inspect);
    next(3);
    await recording.close();
    expect(numbersIn(await messagesOf(path))).toEqual([0, 1, 2]);
    expect(warned).not.toHaveBeenCalled();
  });
});
