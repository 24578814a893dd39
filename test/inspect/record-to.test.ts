/** Recordings. */

import * as fs from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type AnyActorRef, createActor, createMachine } from 'xstate';
import { ArgumentError } from '../../src/index.ts';
import { recordTo, type RecordOptions } from '../../src/inspect/index.ts';
import { cleanUp, expectHomeAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { run } from './programs.ts';
import { messagesOf, record } from './recordings.ts';
import { eventOf, held, storyOf } from './support.ts';

expectHomeAfterEach();

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

const STORY = [
  'program p',
  'register lamp off',
  'event lamp xstate.init',
  'state lamp off',
  'event lamp TOGGLE',
  'state lamp on',
];

describe('a recording', () => {
  it('is what is told, one message a line, after an introduction', async () => {
    const { path, recording, inspect } = await record({ name: 'p' });
    const actor = held(createActor(lamp, { id: 'lamp', inspect })).start();
    actor.send({ type: 'TOGGLE', note: 'two\nlines' });
    await recording.close();
    const messages = await messagesOf(path);
    expect(storyOf(messages)).toEqual(STORY);
    expect(messages[0]).toMatchObject({ version: 1, pid: process.pid, control: false });
    const event = messages.find(
      (message) => message.type === 'service.event' && eventOf(message).name === 'TOGGLE',
    );
    expect(event?.type === 'service.event' && eventOf(event).data['note']).toBe('two\nlines');
  });

  it('can be read by its owner only', async () => {
    const { path } = await record();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('begins with a line that is there at once, and goes on after a fifth of a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanUp(() => vi.useRealTimers());
    const { path, inspect } = await record({ name: 'p' });
    held(createActor(lamp, { id: 'lamp', inspect })).start();
    vi.advanceTimersByTime(199);
    expect(storyOf(await messagesOf(path))).toEqual(['program p']);
    vi.advanceTimersByTime(1);
    expect(storyOf(await messagesOf(path))).toEqual(STORY.slice(0, 4));
  });

  it('waits no longer than for sixty-four kilobytes', async () => {
    const { path, inspect } = await record();
    const actor = createActor(lamp, { id: 'lamp', inspect }).start();
    for (let at = 0; at < 10; at += 1) actor.send({ type: 'TOGGLE', load: 'x'.repeat(16_000) });
    expect((await stat(path)).size).toBeGreaterThan(64 * 1024);
  });

  it('has what sanitize leaves', async () => {
    const { path, recording, inspect } = await record({
      sanitize: (key, value) => (key === 'pin' ? '…' : value),
    });
    createActor(createMachine({ context: { pin: 'hush' } }), { inspect }).start();
    await recording.close();
    expect(await readFile(path, 'utf8')).not.toContain('hush');
  });

  it('has the process id in its name where %p stands', async () => {
    const path = join(await tempDir(), 'a-%p-%p.jsonl');
    await recordTo(path).close();
    const name = path.replaceAll('%p', String(process.pid));
    expect(await messagesOf(name)).toHaveLength(1);
  });

  it('may be of an actor that runs already', async () => {
    const { path, recording, inspect } = await record();
    const actor = held(createActor(lamp, { id: 'lamp' })).start();
    actor.send({ type: 'TOGGLE' });
    inspect.attach(actor);
    await recording.close();
    expect(storyOf(await messagesOf(path)).slice(1)).toEqual(['register lamp on']);
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
    expect(storyOf(await messagesOf(path))).toEqual(STORY.slice(0, 4));
  });
});

describe('a file that is there already', () => {
  it('is put aside, and replaces what was put aside before', async () => {
    const path = join(await tempDir(), 'trace.jsonl');
    for (const name of ['first', 'second', 'third']) await recordTo(path, { name }).close();
    expect(storyOf(await messagesOf(path))).toEqual(['program third']);
    expect(storyOf(await messagesOf(`${path}.1`))).toEqual(['program second']);
  });

  it('is put aside as it is', async () => {
    const path = join(await tempDir(), 'trace.jsonl');
    await writeFile(path, 'mine', { mode: 0o644 });
    await recordTo(path).close();
    expect(await readFile(`${path}.1`, 'utf8')).toBe('mine');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is left alone where it is a directory, or a socket', async () => {
    const path = join(await tempDir(), 'directory');
    await mkdir(path);
    await rawPeer(undefined, { path: `${path}/socket` });
    for (const wrong of [path, `${path}/socket`]) {
      expect(() => recordTo(wrong)).toThrow('it is there, and no file');
      expect(fs.existsSync(`${wrong}.1`)).toBe(false);
    }
    expect((await stat(`${path}/socket`)).isSocket()).toBe(true);
  });
});

describe('what cannot be recorded', () => {
  it('is an ArgumentError where the file cannot be made', async () => {
    const path = join(await tempDir(), 'missing', 'trace.jsonl');
    const exits = process.listenerCount('exit');
    expect(() => recordTo(path)).toThrow(ArgumentError);
    expect(() => recordTo(path)).toThrow(`Nothing can be recorded to ${path}: ENOENT`);
    expect(process.listenerCount('exit')).toBe(exits);
  });

  it.each<[unknown]>([[0], [-1], [NaN], [65_535], [-Infinity], ['100000'], [null], [{}]])(
    'is an ArgumentError where maxBytes cannot be used: %s',
    async (maxBytes) => {
      const path = join(await tempDir(), 'trace.jsonl');
      const options = { maxBytes } as RecordOptions;
      expect(() => recordTo(path, options)).toThrow(ArgumentError);
      expect(() => recordTo(path, options)).toThrow('must be a number of bytes, 65536 or more');
      expect(fs.existsSync(path)).toBe(false);
    },
  );
});

describe('the last lines of a program', () => {
  const program = (path: string, end: string) => `
    const { inspect } = i.recordTo(${JSON.stringify(path)}, { name: 'p' });
    // Held, because of one that was collected it is told that it has stopped.
    const actor = (globalThis.kept = x.createActor(lamp, { id: 'lamp', inspect }).start());
    actor.send({ type: 'TOGGLE' });
    ${end}
  `;

  it.each<[string, string, number]>([
    ['ends by itself', '', 0],
    ['calls process.exit()', 'process.exit(3);', 3],
    ['dies of an error that nobody caught', `throw new Error('uncaught');`, 1],
    ['dies of a rejection that nobody handled', `void Promise.reject(new Error('uncaught'));`, 1],
  ])('are written when it %s', async (_, end, code) => {
    const path = join(await tempDir(), 'trace.jsonl');
    const exit = await run(program(path, end));
    expect(exit.code).toBe(code);
    expect(exit.stderr.includes('uncaught')).toBe(code === 1);
    expect(storyOf(await messagesOf(path))).toEqual(STORY);
  });

  it('may be written by several programs, each to a file of its own', async () => {
    const path = join(await tempDir(), 'trace-%p.jsonl');
    const exits = await Promise.all(
      [1, 2].map(() => run(program(path, 'console.log(process.pid);'))),
    );
    for (const { stdout } of exits) {
      const messages = await messagesOf(path.replace('%p', stdout.trim()));
      expect(storyOf(messages)).toEqual(STORY);
    }
    expect(exits[0]?.stdout).not.toBe(exits[1]?.stdout);
  });
});
