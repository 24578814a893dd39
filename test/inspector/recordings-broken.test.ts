/** Files that are not recordings, incomplete recordings, and recordings without an end. */

import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import { httpRequest, dial, startTestInspector, portOf, withToken } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { event, introduction, registration, state } from './fake-program.ts';

expectIdleAfterEach();

const lineOf = (message: object): string => `${JSON.stringify(message)}\n`;
const HEAD = lineOf(introduction());
const DOOR = lineOf(registration('x:0'));

describe('a file that is not a recording', () => {
  it.each([
    ['no chunks', [], 'The recording is empty'],
    ['an empty chunk', [''], 'The recording is empty'],
    ['empty lines', ['\n\n', '\n'], 'The recording is empty'],
    ['another format', ['{"log":{}}\n', HEAD], /^This is not a wirechart recording/],
    [
      'a recording of another version',
      [HEAD.replace('"version":1', '"version":2')],
      /^This is not a wirechart recording/,
    ],
    ['a recording without its first line', [DOOR], /^This is not a wirechart recording/],
    ['an incomplete first line', [HEAD.slice(0, 60)], 'it is not JSON'],
  ] as const)('is rejected without a trace: %s', async (_, chunks, message) => {
    const inspector = await startTestInspector();
    const error = await rejection(inspector.open('bad', chunks));
    expect(error).toBeInstanceOf(TypeError);
    expect(error instanceof Error && error.message).toMatch(message);
    const page = await openFakePage(inspector);
    expect([page.programs.size, page.entries]).toEqual([0, []]);
    expect((await httpRequest(inspector, withToken('/recording'))).body).toMatch(/"name":"",/);
  });

  const utf8 = (...bytes: number[]) => Buffer.from(bytes).toString();

  it.each([
    ['gzip', gzipSync(HEAD + DOOR).toString(), /it is compressed; unpack it with gunzip$/],
    ['UTF-16', Buffer.from(`\ufeff${HEAD}`, 'utf16le').toString(), /UTF-16, save it as UTF-8$/],
    ['UTF-16 without a mark', Buffer.from(HEAD, 'utf16le').toString(), /save it as UTF-8$/],
    ['a program', utf8(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), /its first line must be/],
    ['a picture', utf8(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), /its first line must be/],
    ['zero bytes', '\0'.repeat(100), /it is not UTF-8/],
    ['the end of a recording', DOOR.repeat(2), /its beginning is missing; its first line must be/],
    ['a list of messages', `[${HEAD}]`, /its first line must be/],
  ])('is told from a recording, with what to do: %s', async (_, text, why) => {
    const inspector = await startTestInspector();
    const error = await rejection(inspector.open('bad', [text]));
    expect(error).toMatchObject({ message: expect.stringMatching(why) as unknown });
    expect(error).toMatchObject({
      message: expect.stringMatching(/^This is not a wirechart recording: /) as unknown,
    });
    const page = await openFakePage(inspector);
    expect([page.programs.size, page.entries, page.openings]).toEqual([0, [], []]);
  });

  it('can be unreadable', async () => {
    const inspector = await startTestInspector();
    const directory = await tempDir();
    const missing = inspector.open('none', createReadStream(join(directory, 'none'), 'utf8'));
    expect(await rejection(missing)).toMatchObject({ code: 'ENOENT' });
    const error = await rejection(inspector.open('directory', createReadStream(directory, 'utf8')));
    expect(error).toMatchObject({ code: 'EISDIR' });
  });

  it('can fail in the middle; what was read before is kept', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    function* failing() {
      yield HEAD + DOOR;
      throw new Error('The disk has failed');
    }
    expect(await rejection(inspector.open('half', failing()))).toMatchObject({
      message: 'The disk has failed',
    });
    await page.actor('x:0');
  });
});

describe('a damaged recording', () => {
  it.each([
    ['its last line is incomplete', [HEAD, DOOR, lineOf(event('x:0', 'E')), '{"type":"ser']],
    ['a line is garbage', [HEAD, DOOR, 'garbage\n', lineOf(event('x:0', 'E'))]],
    ['a line is of another kind', [HEAD, DOOR, '[1]\n', lineOf(event('x:0', 'E'))]],
    ['it has zero bytes', [HEAD, '\0\0\0\0\n', DOOR, lineOf(event('x:0', 'E'))]],
  ])('is read with a problem: %s', async (_, chunks) => {
    const inspector = await startTestInspector();
    await inspector.open('broken', chunks);
    const page = await openFakePage(inspector);
    await page.until(({ entries }) => entries.length === 3);
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'event E']);
    expect(page.of('problem')).toMatchObject([{ actor: 'p1' }]);
  });

  it('can have empty lines and CRLF line ends', async () => {
    const inspector = await startTestInspector();
    const windows = (HEAD + DOOR + lineOf(state('x:0', 'open'))).replaceAll('\n', '\r\n');
    await inspector.open('windows', [windows.replace('\r\n', '\r\n\n\n'), '\n']);
    const page = await openFakePage(inspector);
    await page.until((it) => it.of('state').length > 0);
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'state']);
  });
});

describe('a recording that an editor has saved', () => {
  it('may begin with a byte order mark', async () => {
    const inspector = await startTestInspector();
    await inspector.open('marked', [`\ufeff${HEAD}`, DOOR]);
    await (await openFakePage(inspector)).actor('x:0');
  });
});

describe('a recording that grows while it is read', () => {
  it('is read up to its end at that time', async () => {
    const file = join(await tempDir(), 'growing.jsonl');
    await writeFile(file, HEAD + DOOR + lineOf(state('x:0', 'open')));
    const inspector = await startTestInspector();
    const stream = createReadStream(file, { encoding: 'utf8', highWaterMark: 64 });
    async function* growing() {
      let isFirst = true;
      for await (const chunk of stream) {
        yield String(chunk);
        if (isFirst) await appendFile(file, `${lineOf(event('x:0', 'LATER'))}{"type":"serv`);
        isFirst = false;
      }
    }
    await inspector.open('growing', growing());
    const page = await openFakePage(inspector);
    await page.until((it) => it.of('problem').length > 0);
    // What was being written when it ended is incomplete.
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'state open', 'event LATER']);
    expect(page.of('problem')).toMatchObject([{ text: 'A message was ignored: it is not JSON' }]);
  });
});

describe('two recordings that are read at the same time', () => {
  it('are kept apart, also if their names and actors are the same', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const textOfRun = (name: string) =>
      HEAD + DOOR + lineOf(event('x:0', name)).repeat(2_000) + lineOf(state('x:0', name));
    await Promise.all(
      ['one', 'other'].map((name) => inspector.open('same.jsonl', [textOfRun(name)])),
    );
    await page.until((it) => it.of('state').length === 2);
    for (const [id, name] of [
      ['p1/x:0', 'one'],
      ['p2/x:0', 'other'],
    ] as const) {
      const expected = ['start', ...Array<string>(2_000).fill(`event ${name}`), `state ${name}`];
      expect(page.summaryOf({ id })).toEqual(expected);
    }
    expect([...page.programs.values()].map(({ name }) => name)).toEqual([
      'same.jsonl',
      'same.jsonl',
    ]);
  });
});

describe('the chunks of a recording', () => {
  it.each([1, 7, 100, 10_000])('can have any size: %i characters', async (size) => {
    const text = HEAD + DOOR + lineOf(event('x:0', 'größe')) + lineOf(state('x:0', '🚪'));
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
      text.slice(at * size, (at + 1) * size),
    );
    const inspector = await startTestInspector();
    await inspector.open('chunks', chunks);
    const page = await openFakePage(inspector);
    await page.until((it) => it.of('state').length > 0);
    expect(page.summaryOf({ id: 'p1/x:0' })).toEqual(['start', 'event größe', 'state 🚪']);
  });

  it('can split a character when a page posts them', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const bytes = Buffer.from(HEAD + DOOR + lineOf(event('x:0', 'größe')));
    const inside = bytes.indexOf('größe') + 3;
    const socket = await dial(inspector);
    socket.write(
      `POST ${withToken('/recording?name=split')} HTTP/1.1\r\nHost: localhost:${String(portOf(inspector))}\r\n` +
        `Connection: close\r\nContent-Length: ${String(bytes.length)}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, inside));
    await page.program('split');
    socket.end(bytes.subarray(inside));
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 204 /);
    await page.until((it) => it.of('event').length > 0);
    expect(page.of('event')[0]?.name).toBe('größe');
  });

  it('can come from a file', async () => {
    const file = join(await tempDir(), 'file.jsonl');
    await writeFile(file, HEAD + DOOR);
    const inspector = await startTestInspector();
    await inspector.open('file', createReadStream(file, { encoding: 'utf8', highWaterMark: 16 }));
    await (await openFakePage(inspector)).actor('x:0');
  });
});

describe('a recording without an end', () => {
  function* endless(chunk: string) {
    yield HEAD + DOOR;
    for (;;) yield chunk;
  }

  it('is rejected when a line is too long', async () => {
    const inspector = await startTestInspector();
    const error = await rejection(inspector.open('line', endless('x'.repeat(64 * 1024))));
    expect(error).toMatchObject({
      message: 'The recording has a line of more than 33554432 characters',
    });
    const page = await openFakePage(inspector);
    await page.actor('x:0');
  });

  it('does not block others, and ends with the inspector', async () => {
    const inspector = await startTestInspector();
    const opening = rejection(
      inspector.open('file', endless(lineOf(state('x:0', 'open')).repeat(1_000))),
    );
    const page = await openFakePage(inspector);
    await page.until((it) => it.entries.length > 5_000);
    for (let times = 0; times < 20; times += 1) await turn();
    expect(await httpRequest(inspector, '/page/style.css')).toMatchObject({ status: 200 });
    await inspector.close();
    expect(await opening).toMatchObject({ message: 'The inspector was closed' });
  });

  it('ends when the page that posts it disconnects', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const socket = await dial(inspector);
    socket.write(
      `POST ${withToken('/recording')} HTTP/1.1\r\nHost: localhost:${String(portOf(inspector))}\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = HEAD + DOOR;
    socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    await page.actor('x:0');
    socket.destroy();
    await once(socket, 'close');
    await page.handled();
  });
});
