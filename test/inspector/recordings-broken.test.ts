/** Files that are no recordings, or no longer whole ones; and such as never end. */

import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectHomeAfterEach, tempDir } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import { ask, dial, inspector, portOf, withToken } from './clients.ts';
import { openPage } from './page.ts';
import { event, introduction, registration, state } from './teller.ts';

expectHomeAfterEach();

const lineOf = (message: object): string => `${JSON.stringify(message)}\n`;
const HEAD = lineOf(introduction());
const DOOR = lineOf(registration('x:0'));

describe('what is no recording', () => {
  it.each([
    ['nothing', [], 'It is empty'],
    ['no text', [''], 'It is empty'],
    ['empty lines', ['\n\n', '\n'], 'It is empty'],
    ['another format', ['{"log":{}}\n', HEAD], /^It is no recording of wirechart/],
    [
      'a recording of the future',
      [HEAD.replace('"version":1', '"version":2')],
      /^It is no recording/,
    ],
    ['a recording without its beginning', [DOOR], /^It is no recording/],
    ['the beginning of a beginning', [HEAD.slice(0, 60)], 'it is no JSON'],
  ] as const)('is refused, and leaves nothing: %s', async (_, pieces, message) => {
    const here = await inspector();
    const error = await rejection(here.open('bad', pieces));
    expect(error).toBeInstanceOf(TypeError);
    expect(error instanceof Error && error.message).toMatch(message);
    const page = await openPage(here);
    expect([page.programs.size, page.entries]).toEqual([0, []]);
    expect((await ask(here, withToken('/recording'))).body).toMatch(/"name":"",/);
  });

  it('may be a file that cannot be read', async () => {
    const here = await inspector();
    const directory = await tempDir();
    const missing = here.open('none', createReadStream(join(directory, 'none'), 'utf8'));
    expect(await rejection(missing)).toMatchObject({ code: 'ENOENT' });
    const error = await rejection(here.open('directory', createReadStream(directory, 'utf8')));
    expect(error).toMatchObject({ code: 'EISDIR' });
  });

  it('may fail in the middle, and then what was read stays', async () => {
    const here = await inspector();
    const page = await openPage(here);
    function* failing() {
      yield HEAD + DOOR;
      throw new Error('The disk is gone');
    }
    expect(await rejection(here.open('half', failing()))).toMatchObject({
      message: 'The disk is gone',
    });
    await page.actor('x:0');
  });
});

describe('a recording that is not whole', () => {
  it.each([
    [
      'its last line was not written to its end',
      [HEAD, DOOR, lineOf(event('x:0', 'E')), '{"type":"ser'],
    ],
    ['a line is garbage', [HEAD, DOOR, 'garbage\n', lineOf(event('x:0', 'E'))]],
    ['a line is of another kind', [HEAD, DOOR, '[1]\n', lineOf(event('x:0', 'E'))]],
    ['it has holes', [HEAD, '\0\0\0\0\n', DOOR, lineOf(event('x:0', 'E'))]],
  ])('has a problem, and all the rest: %s', async (_, pieces) => {
    const here = await inspector();
    await here.open('broken', pieces);
    const page = await openPage(here);
    await page.until(({ entries }) => entries.length === 3);
    expect(page.storyOf({ id: 'p1/x:0' })).toEqual(['start', 'event E']);
    expect(page.of('problem')).toMatchObject([{ actor: 'p1' }]);
  });

  it('has empty lines and other ends of lines for nothing', async () => {
    const here = await inspector();
    const windows = (HEAD + DOOR + lineOf(state('x:0', 'open'))).replaceAll('\n', '\r\n');
    await here.open('windows', [windows.replace('\r\n', '\r\n\n\n'), '\n']);
    const page = await openPage(here);
    await page.until((it) => it.of('state').length > 0);
    expect(page.entries.map(({ kind }) => kind)).toEqual(['start', 'state']);
  });
});

describe('the pieces of a recording', () => {
  it.each([1, 7, 100, 10_000])('may be of any size: %i characters', async (size) => {
    const whole = HEAD + DOOR + lineOf(event('x:0', 'größe')) + lineOf(state('x:0', '🚪'));
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
      whole.slice(at * size, (at + 1) * size),
    );
    const here = await inspector();
    await here.open('pieces', pieces);
    const page = await openPage(here);
    await page.until((it) => it.of('state').length > 0);
    expect(page.storyOf({ id: 'p1/x:0' })).toEqual(['start', 'event größe', 'state 🚪']);
  });

  it('may part a character, where a page posts them', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const bytes = Buffer.from(HEAD + DOOR + lineOf(event('x:0', 'größe')));
    const inside = bytes.indexOf('größe') + 3;
    const socket = await dial(here);
    socket.write(
      `POST ${withToken('/recording?name=parted')} HTTP/1.1\r\nHost: localhost:${String(portOf(here))}\r\n` +
        `Connection: close\r\nContent-Length: ${String(bytes.length)}\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, inside));
    await page.program('parted');
    socket.end(bytes.subarray(inside));
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 204 /);
    await page.until((it) => it.of('event').length > 0);
    expect(page.of('event')[0]?.name).toBe('größe');
  });

  it('may be a file', async () => {
    const file = join(await tempDir(), 'file.jsonl');
    await writeFile(file, HEAD + DOOR);
    const here = await inspector();
    await here.open('file', createReadStream(file, { encoding: 'utf8', highWaterMark: 16 }));
    await (await openPage(here)).actor('x:0');
  });
});

describe('a recording without an end', () => {
  function* endless(piece: string) {
    yield HEAD + DOOR;
    for (;;) yield piece;
  }

  it('is given up when its line has none', async () => {
    const here = await inspector();
    const error = await rejection(here.open('line', endless('x'.repeat(64 * 1024))));
    expect(error).toMatchObject({ message: 'It has a line that is too long' });
    const page = await openPage(here);
    await page.actor('x:0');
  });

  it('leaves others their turn, and ends with the inspector', async () => {
    const here = await inspector();
    const opening = rejection(
      here.open('file', endless(lineOf(state('x:0', 'open')).repeat(1_000))),
    );
    const page = await openPage(here);
    await page.until((it) => it.entries.length > 5_000);
    for (let times = 0; times < 20; times += 1) await turn();
    expect(await ask(here, '/page/style.css')).toMatchObject({ status: 200 });
    await here.close();
    expect(await opening).toMatchObject({ message: 'The inspector was closed' });
  });

  it('ends when the page that posts it has gone', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const socket = await dial(here);
    socket.write(
      `POST ${withToken('/recording')} HTTP/1.1\r\nHost: localhost:${String(portOf(here))}\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = HEAD + DOOR;
    socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    await page.actor('x:0');
    socket.destroy();
    await once(socket, 'close');
    await page.taken();
  });
});
