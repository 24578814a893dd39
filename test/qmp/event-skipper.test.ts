/** Events without a listener are skipped instead of parsed, with no other effect. */

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createDecoder } from '../../src/core/skipping-codec.ts';
import { CodecError, LimitError } from '../../src/index.ts';
import { plain } from '../codecs/json-support.ts';
import { cut, sizes } from '../codecs/support.ts';
import { startRunning } from '../embedding/qmp-support.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { session } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { thorough } from '../support/thorough.ts';
import { linkOf } from '../../src/core/link-handle.ts';
import {
  beginHandshake,
  createDefinition,
  createRunningDecoder,
  lineOf,
  readAll,
  spaced,
  unobserved,
} from './event-skipper-support.ts';

expectIdleAfterEach();

/** Whether text is ASCII without exponents and escaped quotes; only such events are skipped. */
const isSimple = (text: string) => Buffer.byteLength(text) === text.length && !/\de|\\"/.test(text);
const NAMES = ['STOP', 'RESUME', 'a b'] as const;

const line = fc.oneof(
  fc
    .tuple(fc.constantFrom(...NAMES), fc.option(plain.object, { nil: undefined }))
    .map((event) => lineOf(...event)),
  plain.object.map((object) => `${JSON.stringify({ return: object, id: 1 })}\r\n`),
  plain.object.map((data) => `${JSON.stringify({ event: 'STOP', data, timestamp: 1 })}\n`),
  fc.constantFrom(
    '\r\n',
    '\n',
    '{"timestamp": {"seconds": 1\n, "microseconds": 2}, "event": "X"}\n',
  ),
);

/** Removes unwanted events; the set of wanted names changes with every reply. */
function withoutUnwanted(
  all: readonly unknown[],
  wanted: readonly (readonly string[])[],
): unknown[] {
  let replies = 0;
  return all.filter((message) => {
    const event = eventIn(message);
    if (event === undefined) replies += 1;
    return event === undefined || wanted[replies % wanted.length]?.includes(event) === true;
  });
}

const eventIn = (message: unknown): string | undefined => {
  const { event } = message as { event?: unknown };
  return typeof event === 'string' ? event : undefined;
};

describe('an event without a listener', () => {
  it('is the only difference between skipping and parsing, for any chunks and listeners', async () => {
    const wanted = fc.array(fc.subarray<string>([...NAMES]), { minLength: 1 });
    const stream = fc.array(line, { maxLength: 60, size: 'max' });
    const check = fc.asyncProperty(stream, sizes, wanted, async (lines, by, turns) => {
      const chunks = cut(Buffer.from(lines.join('')), ...by);
      const parsed = readAll(createDefinition(new Set()).codec.createDecoder({}), chunks);
      const names = new Set(turns[0]);
      let replies = 0;
      const change = (message: unknown): void => {
        if (eventIn(message) !== undefined) return;
        replies += 1;
        names.clear();
        for (const name of turns[replies % turns.length] ?? []) names.add(name);
      };
      const skipped = readAll(await createRunningDecoder(names, unobserved), chunks, change);
      expect(withoutUnwanted(skipped, turns)).toEqual(withoutUnwanted(parsed, turns));
    });
    await fc.assert(check, { numRuns: thorough(150, 5_000) });
  });

  it('is skipped, with any data that is ASCII without exponents and escaped quotes', async () => {
    const data = plain.object.filter((object) => isSimple(spaced(object)));
    const check = fc.asyncProperty(fc.array(data), async (all) => {
      const decoder = await createRunningDecoder(new Set(), unobserved);
      const lines = all.map((object) => lineOf('STOP', object)).join('');
      expect(readAll(decoder, [Buffer.from(lines + lineOf('RESUME'))])).toEqual([]);
    });
    await fc.assert(check, { numRuns: thorough(100, 2_000) });
  });

  it('is still parsed a few times after many wanted ones, and then skipped', async () => {
    const names = new Set(['STOP']);
    const decoder = await createRunningDecoder(names, unobserved);
    const hundred = [Buffer.from(lineOf('STOP').repeat(100))];
    expect(readAll(decoder, hundred)).toHaveLength(100);
    names.clear();
    expect(readAll(decoder, hundred).length).toBeLessThan(16);
    expect(readAll(decoder, hundred)).toHaveLength(0);
    names.add('STOP');
    expect(readAll(decoder, hundred)).toHaveLength(100);
  });

  it('is parsed during each handshake, because a listener may be added before its dispatch', async () => {
    const definition = createDefinition(new Set());
    const read = () => {
      const decoder = createDecoder(definition.codec, {}, unobserved);
      return readAll(decoder, [Buffer.from(lineOf('STOP'))]).length;
    };
    const counts = [read()];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answer = beginHandshake(definition);
      counts.push(read());
      await answer();
      counts.push(read());
    }
    expect(counts).toEqual([1, 1, 0, 1, 0]);
  });

  it('is parsed when its name has an escape, since it may be a wanted name', async () => {
    const decoder = await createRunningDecoder(new Set(['STOP']), unobserved);
    const line = lineOf('STOP').replace('STOP', 'ST\\u004fP');
    expect(readAll(decoder, [Buffer.from(line)])).toMatchObject([{ event: 'STOP' }]);
  });

  it('is parsed while messages are observed', async () => {
    const chunks = [Buffer.from(lineOf('STOP') + lineOf('RESUME'))];
    let isObserved = true;
    const decoder = await createRunningDecoder(new Set(), () => isObserved);
    expect(readAll(decoder, chunks, () => (isObserved = false))).toHaveLength(1);
  });

  it('is parsed by the decoders of createDecoder()', async () => {
    const definition = createDefinition(new Set());
    await beginHandshake(definition)();
    const decoder = definition.codec.createDecoder({});
    expect(readAll(decoder, [Buffer.from(lineOf('STOP'))])).toHaveLength(1);
  });

  it.each([
    [
      'a member without a value',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X", "data": {"a": }}',
    ],
    [
      'a comma too many',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X", "data": {"a": 1,}}',
    ],
    ['a zero before a number', '{"timestamp": {"seconds": 01, "microseconds": 2}, "event": "X"}'],
    [
      'a number cut short',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X", "data": {"a": 1.}}',
    ],
    [
      'an unknown word',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X", "data": {"a": nil}}',
    ],
    [
      'an unknown escape',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X", "data": {"a": "\\x"}}',
    ],
    [
      'a tab in a string',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X", "data": {"a": "\t"}}',
    ],
    [
      'brackets that do not match',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X", "data": {"a": [1}]}',
    ],
    ['more text on its line', '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X"} x'],
    ['no colon', '{"timestamp"; {"seconds": 1, "microseconds": 2}, "event": "X"}'],
    ['no comma', '{"timestamp": {"seconds": 1; "microseconds": 2}, "event": "X"}'],
    ['another bracket', '{"timestamp": {"seconds": 1, "microseconds": 2], "event": "X"}'],
  ])('is an error when it has %s', async (_, text) => {
    const decoder = await createRunningDecoder(new Set(), unobserved);
    const error = readAll(decoder, [Buffer.from(`${lineOf('X')}${text}\r\n`)]).at(-1);
    expect(error).toBeInstanceOf(CodecError);
  });

  it('is an error with a control character anywhere in a long string, and none without', async () => {
    for (let at = 0; at <= 80; at += 1) {
      const insert = (character: string) =>
        lineOf('X', { a: 'x'.repeat(80) }).replace(
          /x{80}/,
          (text) => text.slice(at) + character + text.slice(0, at),
        );
      for (const character of ['\t', '\u001f', '\u0000']) {
        const decoder = await createRunningDecoder(new Set(), unobserved);
        expect(readAll(decoder, [Buffer.from(insert(character))])).toEqual([
          expect.any(CodecError),
        ]);
      }
      const decoder = await createRunningDecoder(new Set(), unobserved);
      const valid = ['\u007f', ' ', '\\n', '\\\\'].map(insert).join('');
      const all = readAll(decoder, [Buffer.from(valid)]);
      expect(all.filter((one) => one instanceof Error)).toEqual([]);
    }
  });

  it('is an error when the text that it lacks is on another line', async () => {
    const decoder = await createRunningDecoder(new Set(), unobserved);
    const reply = { return: ['aa', 5, 'aaaaaaaa', 'X'] };
    const text = `{"return": ["aa",5,"aaaaaaaa","X"]}\r\n{"timestamp": {"seconds": ?\r\n`;
    expect(readAll(decoder, [Buffer.from(text)])).toEqual([reply, expect.any(CodecError)]);
  });

  it('is accepted at the maximum message size, and an error above it', async () => {
    const text = lineOf('X', { a: 'x'.repeat(200) });
    const size = text.length - 2;
    const atLimit = await createRunningDecoder(new Set(), unobserved, size);
    expect(readAll(atLimit, [Buffer.from(text)]).filter((one) => one instanceof Error)).toEqual([]);
    const pastLimit = await createRunningDecoder(new Set(), unobserved, size - 1);
    expect(readAll(pastLimit, [Buffer.from(text)])).toEqual([expect.any(LimitError)]);
  });
});

describe('QmpClient', () => {
  it('parses an event only while it has a listener', async () => {
    const { client, monitor } = await session();
    const parse = vi.spyOn(JSON, 'parse');
    const parsed = () => parse.mock.calls.filter(([text]) => text.includes('"STOP"')).length;
    try {
      monitor.send(lineOf('STOP', { a: 1 }));
      await turn();
      expect(parsed()).toBe(0);
      const received: unknown[] = [];
      client.once('STOP', ({ event }) => received.push(event));
      monitor.send(lineOf('STOP') + lineOf('STOP'));
      await turn();
      expect([parsed(), received]).toEqual([1, ['STOP']]);
    } finally {
      parse.mockRestore();
    }
    await client.disconnect();
  });

  it.each([
    ['no filter', undefined],
    ['a name', 'STOP'],
    ['names', ['RESUME', 'STOP']],
    ['a function', ({ event }: { event: string }) => event === 'STOP'],
  ])('passes it to events() with %s', async (_, filter) => {
    const { client, monitor } = await session();
    const events = client.events(filter as () => boolean);
    monitor.send(lineOf('STOP', { a: 1 }));
    expect(await events.next()).toMatchObject({ value: { event: 'STOP', data: { a: 1 } } });
    await client.disconnect();
  });

  it('passes it to waitFor(), and shows it to the logger', async () => {
    const records: string[] = [];
    const record = (text: string) => records.push(text);
    const logger = { debug: record, info: record, warn: record, error: record };
    const { client, monitor } = await session({ logger });
    monitor.send(lineOf('RESUME'));
    await turn();
    expect(records.filter((text) => text.includes('RESUME'))).toHaveLength(1);
    const stopped = client.waitFor('STOP');
    monitor.send(lineOf('STOP'));
    expect((await stopped).event).toBe('STOP');
    await client.disconnect();
  });
});

describe('createQmpMachine()', () => {
  it.each([
    ['parses it for a parent with forward: true', true, 2],
    ['skips it for a parent without', false, 1],
  ])('%s', async (_, forward, count) => {
    const { ref, monitor } = await startRunning({ forward });
    const parse = vi.spyOn(JSON, 'parse');
    const forwarded: unknown[] = [];
    ref.on('message', ({ messages }) => forwarded.push(...messages));
    monitor.send(lineOf('STOP'), { return: {}, id: 'nobody' });
    await turn();
    expect(parse).toHaveBeenCalledTimes(count);
    parse.mockRestore();
    expect(forwarded).toHaveLength(forward ? 2 : 0);
  });

  it('shows it to a tap that is added in mid-session, until the tap is removed', async () => {
    const { ref, monitor } = await startRunning();
    const shown: unknown[] = [];
    const say = async (event: string) => {
      monitor.send(lineOf(event));
      await turn();
    };
    await say('STOP');
    const untap = linkOf(ref.getSnapshot().context).observe((_, message) => shown.push(message));
    await say('RESUME');
    untap();
    await say('STOP');
    expect(shown).toMatchObject([{ event: 'RESUME' }]);
  });
});
