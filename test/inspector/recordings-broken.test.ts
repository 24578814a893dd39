/** Files that are not recordings, incomplete recordings, and recordings without an end. */

import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
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
