/** Events that nobody hears of: they are not read, and nobody can tell. */

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createDecoder } from '../../src/core/skipping-codec.ts';
import { CodecError, LimitError } from '../../src/index.ts';
import { plain } from '../codecs/json-support.ts';
import { cut, sizes } from '../codecs/support.ts';
import { running } from '../embedding/qmp-support.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { session } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { thorough } from '../support/thorough.ts';
import {
  allOf,
  decoding,
  defining,
  lineOf,
  negotiating,
  spaced,
  unobserved,
} from './event-skipper-support.ts';

expectIdleAfterEach();

/** Whether it is ASCII, without exponents and escaped quotes: anything else is read to be on the safe side. */
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

/** Without the events that nobody wants: who listens changes with every reply. */
function heardOf(all: readonly unknown[], wanted: readonly (readonly string[])[]): unknown[] {
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

describe('an event that nobody hears of', () => {
  it('is all that is missing, for any chunks, whoever comes to listen or goes', async () => {
    const wanted = fc.array(fc.subarray<string>([...NAMES]), { minLength: 1 });
    const story = fc.array(line, { maxLength: 60, size: 'max' });
    const check = fc.asyncProperty(story, sizes, wanted, async (lines, by, turns) => {
      const chunks = cut(Buffer.from(lines.join('')), ...by);
      const eager = allOf(defining(new Set()).codec.createDecoder({}), chunks);
      const names = new Set(turns[0]);
      let replies = 0;
      const change = (message: unknown): void => {
        if (eventIn(message) !== undefined) return;
        replies += 1;
        names.clear();
        for (const name of turns[replies % turns.length] ?? []) names.add(name);
      };
      const lazy = allOf((await decoding(names, unobserved)).decoder, chunks, change);
      expect(heardOf(lazy, turns)).toEqual(heardOf(eager, turns));
    });
    await fc.assert(check, { numRuns: thorough(150, 5_000) });
  });

  it('is not read, with any data that is ASCII, without exponents and escaped quotes', async () => {
    const data = plain.object.filter((object) => isSimple(spaced(object)));
    const check = fc.asyncProperty(fc.array(data), async (all) => {
      const { decoder } = await decoding(new Set(), unobserved);
      const lines = all.map((object) => lineOf('STOP', object)).join('');
      expect(allOf(decoder, [Buffer.from(lines + lineOf('RESUME'))])).toEqual([]);
    });
    await fc.assert(check, { numRuns: thorough(100, 2_000) });
  });

  it('is read a few times more after many that were heard of, and then no longer', async () => {
    const names = new Set(['STOP']);
    const { decoder } = await decoding(names, unobserved);
    const hundred = [Buffer.from(lineOf('STOP').repeat(100))];
    expect(allOf(decoder, hundred)).toHaveLength(100);
    names.clear();
    expect(allOf(decoder, hundred).length).toBeLessThan(16);
    expect(allOf(decoder, hundred)).toHaveLength(0);
    names.add('STOP');
    expect(allOf(decoder, hundred)).toHaveLength(100);
  });

  it('is read during each handshake, since what was read then is heard of later', async () => {
    const definition = defining(new Set());
    const read = () => {
      const decoder = createDecoder(definition.codec, {}, unobserved);
      return allOf(decoder, [Buffer.from(lineOf('STOP'))]).length;
    };
    const counts = [read()];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answer = negotiating(definition);
      counts.push(read());
      await answer();
      counts.push(read());
    }
    expect(counts).toEqual([1, 1, 0, 1, 0]);
  });

  it('is read when its name is written in another way than it is listened to', async () => {
    const { decoder } = await decoding(new Set(['STOP']), unobserved);
    const line = lineOf('STOP').replace('STOP', 'ST\\u004fP');
    expect(allOf(decoder, [Buffer.from(line)])).toMatchObject([{ event: 'STOP' }]);
  });

  it('is read while messages are shown to others', async () => {
    const chunks = [Buffer.from(lineOf('STOP') + lineOf('RESUME'))];
    let isObserved = true;
    const { decoder } = await decoding(new Set(), () => isObserved);
    expect(allOf(decoder, chunks, () => (isObserved = false))).toHaveLength(1);
  });

  it('is read by each decoder that the public contract of codecs creates', async () => {
    const definition = defining(new Set());
    await negotiating(definition)();
    const decoder = definition.codec.createDecoder({});
    expect(allOf(decoder, [Buffer.from(lineOf('STOP'))])).toHaveLength(1);
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
    ['something behind it', '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "X"} x'],
    ['no colon', '{"timestamp"; {"seconds": 1, "microseconds": 2}, "event": "X"}'],
    ['no comma', '{"timestamp": {"seconds": 1; "microseconds": 2}, "event": "X"}'],
    ['another bracket', '{"timestamp": {"seconds": 1, "microseconds": 2], "event": "X"}'],
  ])('is an error all the same when it has %s', async (_, text) => {
    const { decoder } = await decoding(new Set(), unobserved);
    const error = allOf(decoder, [Buffer.from(`${lineOf('X')}${text}\r\n`)]).at(-1);
    expect(error).toBeInstanceOf(CodecError);
  });

  it('is an error wherever in a long string a control character stands, and none without', async () => {
    for (let at = 0; at <= 80; at += 1) {
      const withOne = (character: string) =>
        lineOf('X', { a: 'x'.repeat(80) }).replace(
          /x{80}/,
          (text) => text.slice(at) + character + text.slice(0, at),
        );
      for (const character of ['\t', '\u001f', '\u0000']) {
        const { decoder } = await decoding(new Set(), unobserved);
        expect(allOf(decoder, [Buffer.from(withOne(character))])).toEqual([expect.any(CodecError)]);
      }
      const { decoder } = await decoding(new Set(), unobserved);
      const right = ['\u007f', ' ', '\\n', '\\\\'].map(withOne).join('');
      const all = allOf(decoder, [Buffer.from(right)]);
      expect(all.filter((one) => one instanceof Error)).toEqual([]);
    }
  });

  it('is an error all the same when what it lacks stands in another line', async () => {
    const { decoder } = await decoding(new Set(), unobserved);
    const reply = { return: ['aa', 5, 'aaaaaaaa', 'X'] };
    const text = `{"return": ["aa",5,"aaaaaaaa","X"]}\r\n{"timestamp": {"seconds": ?\r\n`;
    expect(allOf(decoder, [Buffer.from(text)])).toEqual([reply, expect.any(CodecError)]);
  });

  it('is not let past the limit of its size, and let pass at it', async () => {
    const text = lineOf('X', { a: 'x'.repeat(200) });
    const size = text.length - 2;
    const at = await decoding(new Set(), unobserved, size);
    expect(allOf(at.decoder, [Buffer.from(text)]).filter((one) => one instanceof Error)).toEqual(
      [],
    );
    const past = await decoding(new Set(), unobserved, size - 1);
    expect(allOf(past.decoder, [Buffer.from(text)])).toEqual([expect.any(LimitError)]);
  });
});

describe('QmpClient', () => {
  it('does not read an event before somebody listens, and none after', async () => {
    const { client, monitor } = await session();
    const parse = vi.spyOn(JSON, 'parse');
    const parsed = () => parse.mock.calls.filter(([text]) => text.includes('"STOP"')).length;
    try {
      monitor.say(lineOf('STOP', { a: 1 }));
      await turn();
      expect(parsed()).toBe(0);
      const heard: unknown[] = [];
      client.once('STOP', ({ event }) => heard.push(event));
      monitor.say(lineOf('STOP') + lineOf('STOP'));
      await turn();
      expect([parsed(), heard]).toEqual([1, ['STOP']]);
    } finally {
      parse.mockRestore();
    }
    await client.disconnect();
  });

  it.each([
    ['all events', undefined],
    ['its name', 'STOP'],
    ['names', ['RESUME', 'STOP']],
    ['a function', ({ event }: { event: string }) => event === 'STOP'],
  ])('gives it to who listens for %s', async (_, filter) => {
    const { client, monitor } = await session();
    const events = client.events(filter);
    monitor.say(lineOf('STOP', { a: 1 }));
    expect(await events.next()).toMatchObject({ value: { event: 'STOP', data: { a: 1 } } });
    await client.disconnect();
  });

  it('gives it to waitFor(), and to the logger', async () => {
    const records: string[] = [];
    const note = (text: string) => records.push(text);
    const logger = { debug: note, info: note, warn: note, error: note };
    const { client, monitor } = await session({ logger });
    monitor.say(lineOf('RESUME'));
    await turn();
    expect(records.filter((text) => text.includes('RESUME'))).toHaveLength(1);
    const waiting = client.waitFor('STOP');
    monitor.say(lineOf('STOP'));
    expect((await waiting).event).toBe('STOP');
    await client.disconnect();
  });
});

describe('createQmpMachine()', () => {
  it.each([
    ['gives it to a parent that has messages forwarded', true, 2],
    ['does not read it for a parent that has not', false, 1],
  ])('%s', async (_, forward, count) => {
    const { ref, monitor } = await running({ forward });
    const parse = vi.spyOn(JSON, 'parse');
    const forwarded: unknown[] = [];
    ref.on('message', ({ messages }) => forwarded.push(...messages));
    monitor.say(lineOf('STOP'), { return: {}, id: 'nobody' });
    await turn();
    expect(parse).toHaveBeenCalledTimes(count);
    parse.mockRestore();
    expect(forwarded).toHaveLength(forward ? 2 : 0);
  });

  it('shows it to a tap that is added in mid-session, until the tap is removed', async () => {
    const { ref, monitor } = await running();
    const shown: unknown[] = [];
    const say = async (event: string) => {
      monitor.say(lineOf(event));
      await turn();
    };
    await say('STOP');
    const untap = ref.getSnapshot().context.link.observe((_, message) => shown.push(message));
    await say('RESUME');
    untap();
    await say('STOP');
    expect(shown).toMatchObject([{ event: 'RESUME' }]);
  });
});
