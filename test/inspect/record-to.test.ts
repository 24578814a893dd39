/** Recordings to files. */

import * as fs from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type AnyActorRef, createActor, createMachine } from 'xstate';
import { ArgumentError } from '../../src/index.ts';
import { recordTo, type RecordOptions } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { run } from './programs.ts';
import { messagesOf, record } from './recordings.ts';
import { eventOf, keepAlive, summaryOf } from './support.ts';

expectIdleAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

const SUMMARY = [
  'program p',
  'register lamp off',
  'event lamp xstate.init',
  'state lamp off',
  'event lamp TOGGLE',
  'state lamp on',
];

describe('a recording', () => {
  it('has an introduction and then one message per line', async () => {
    const { path, recording, inspect } = await record({ name: 'p' });
    const actor = keepAlive(createActor(lamp, { id: 'lamp', inspect })).start();
    actor.send({ type: 'TOGGLE', note: 'two\nlines' });
    await recording.close();
    const messages = await messagesOf(path);
    expect(summaryOf(messages)).toEqual(SUMMARY);
    expect(messages[0]).toMatchObject({ version: 1, pid: process.pid, control: false });
    const event = messages.find(
      (message) => message.type === 'service.event' && eventOf(message).name === 'TOGGLE',
    );
    expect(event?.type === 'service.event' && eventOf(event).data['note']).toBe('two\nlines');
  });

  it('can be read only by its owner', async () => {
    const { path } = await record();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is written with its first line at once, and then after a fifth of a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanUp(() => vi.useRealTimers());
    const { path, inspect } = await record({ name: 'p' });
    keepAlive(createActor(lamp, { id: 'lamp', inspect })).start();
    vi.advanceTimersByTime(199);
    expect(summaryOf(await messagesOf(path))).toEqual(['program p']);
    vi.advanceTimersByTime(1);
    expect(summaryOf(await messagesOf(path))).toEqual(SUMMARY.slice(0, 4));
  });

  it('is written when sixty-four kilobytes are pending', async () => {
    const { path, inspect } = await record();
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    for (let at = 0; at < 10; at += 1) actor.send({ type: 'TOGGLE', load: 'x'.repeat(16_000) });
    expect((await stat(path)).size).toBeGreaterThan(64 * 1024);
  });

  it('has only what sanitize leaves', async () => {
    const { path, recording, inspect } = await record({
      sanitize: (key, value) => (key === 'pin' ? '…' : value),
    });
    createActor(createMachine({ context: { pin: 'hush' } }), { inspect }).start();
    await recording.close();
    expect(await readFile(path, 'utf8')).not.toContain('hush');
  });

  it('has the process id in its name in place of %p', async () => {
    const path = join(await tempDir(), 'a-%p-%p.jsonl');
    await recordTo(path).close();
    const name = path.replaceAll('%p', String(process.pid));
    expect(await messagesOf(name)).toHaveLength(1);
  });

  it('can be of an actor that is already running', async () => {
    const { path, recording, inspect } = await record();
    const actor = keepAlive(createActor(lamp, { id: 'lamp' })).start();
    actor.send({ type: 'TOGGLE' });
    inspect.attach(actor);
    await recording.close();
    expect(summaryOf(await messagesOf(path)).slice(1)).toEqual(['register lamp on']);
  });

  it('ends with close(), or with `await using`', async () => {
    const exits = process.listenerCount('exit');
    const path = join(await tempDir(), 'trace.jsonl');
    let actor: AnyActorRef;
    {
      await using recording = recordTo(path, { name: 'p' });
      expect(process.listenerCount('exit')).toBe(exits + 1);
      actor = createActor(lamp, { id: 'lamp', inspect: recording.inspect }).start();
      await recording.close();
    }
    actor.send({ type: 'TOGGLE' });
    expect(process.listenerCount('exit')).toBe(exits);
    expect(summaryOf(await messagesOf(path))).toEqual(SUMMARY.slice(0, 4));
  });
});

describe('an existing file', () => {
  it('is renamed, and replaces the file renamed before', async () => {
    const path = join(await tempDir(), 'trace.jsonl');
    for (const name of ['first', 'second', 'third']) await recordTo(path, { name }).close();
    expect(summaryOf(await messagesOf(path))).toEqual(['program third']);
    expect(summaryOf(await messagesOf(`${path}.1`))).toEqual(['program second']);
  });

  it('is renamed unchanged', async () => {
    const path = join(await tempDir(), 'trace.jsonl');
    await writeFile(path, 'mine', { mode: 0o644 });
    await recordTo(path).close();
    expect(await readFile(`${path}.1`, 'utf8')).toBe('mine');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is left alone when it is a directory or a socket', async () => {
    const path = join(await tempDir(), 'directory');
    await mkdir(path);
    await rawPeer(undefined, { path: `${path}/socket` });
    for (const wrong of [path, `${path}/socket`]) {
      expect(() => recordTo(wrong)).toThrow('it exists and is not a regular file');
      expect(fs.existsSync(`${wrong}.1`)).toBe(false);
    }
    expect((await stat(`${path}/socket`)).isSocket()).toBe(true);
  });
});

describe('invalid arguments', () => {
  it('are an ArgumentError when the file cannot be created', async () => {
    const path = join(await tempDir(), 'missing', 'trace.jsonl');
    const exits = process.listenerCount('exit');
    expect(() => recordTo(path)).toThrow(ArgumentError);
    expect(() => recordTo(path)).toThrow(`Cannot record to '${path}': ENOENT`);
    expect(process.listenerCount('exit')).toBe(exits);
  });

  it('say what to do when the folder is missing, or is a file', async () => {
    const file = join(await tempDir(), 'file');
    await writeFile(file, '');
    for (const folder of [`${file}s`, file]) {
      const advice = `Create the folder '${folder}' first, or choose another path`;
      expect(() => recordTo(join(folder, 'trace.jsonl'))).toThrow(advice);
    }
  });

  it.each<[unknown]>([[0], [-1], [NaN], [65_535], [-Infinity], ['100000'], [null], [{}]])(
    'are an ArgumentError when maxBytes is invalid: %s',
    async (maxBytes) => {
      const path = join(await tempDir(), 'trace.jsonl');
      const options = { maxBytes } as RecordOptions;
      expect(() => recordTo(path, options)).toThrow(ArgumentError);
      expect(() => recordTo(path, options)).toThrow('must be a number of bytes, at least 65536');
      expect(fs.existsSync(path)).toBe(false);
    },
  );
});

describe('the option wire', () => {
  it.each<[unknown]>([[1], ['yes'], [null]])('is true or false, not %s', async (wire) => {
    const path = join(await tempDir(), 'trace.jsonl');
    expect(() => recordTo(path, { wire } as RecordOptions)).toThrow('it must be true or false');
    expect(fs.existsSync(path)).toBe(false);
  });
});

describe('the last lines of a program', () => {
  const program = (path: string, end: string) => `
    const { inspect } = i.recordTo(${JSON.stringify(path)}, { name: 'p' });
    // Kept alive: garbage collection would be reported as a stop.
    const actor = (globalThis.kept = x.createActor(lamp, { id: 'lamp', inspect }).start());
    actor.send({ type: 'TOGGLE' });
    ${end}
  `;

  it.each<[string, string, number]>([
    ['exits by itself', '', 0],
    ['calls process.exit()', 'process.exit(3);', 3],
    ['dies of an uncaught error', `throw new Error('uncaught');`, 1],
    ['dies of an unhandled rejection', `void Promise.reject(new Error('uncaught'));`, 1],
  ])('are written when it %s', async (_, end, code) => {
    const path = join(await tempDir(), 'trace.jsonl');
    const exit = await run(program(path, end));
    expect(exit.code).toBe(code);
    expect(exit.stderr.includes('uncaught')).toBe(code === 1);
    expect(summaryOf(await messagesOf(path))).toEqual(SUMMARY);
  });

  it('are written by several programs, each to its own file', async () => {
    const path = join(await tempDir(), 'trace-%p.jsonl');
    const exits = await Promise.all(
      [1, 2].map(() => run(program(path, 'console.log(process.pid);'))),
    );
    for (const { stdout } of exits) {
      const messages = await messagesOf(path.replace('%p', stdout.trim()));
      expect(summaryOf(messages)).toEqual(SUMMARY);
    }
    expect(exits[0]?.stdout).not.toBe(exits[1]?.stdout);
  });
});
