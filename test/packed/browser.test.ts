/** The codecs run in a browser. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { requirePeer } from '../support/required.ts';
import { bundle } from './support/bundle.ts';

const PROGRAM = `
  import { CodecError, contentLength, framed, isWirechartError, jsonLines, jsonStream, lengthPrefixed,
    LineDecoder, lines } from 'wirechart/codecs';

  /** What a decoder makes of what a codec writes, in chunks of one byte and in one chunk. */
  const roundTrip = (codec, messages) => {
    const encoder = new TextEncoder();
    const frames = messages.map((message) => codec.encode(message));
    const bytes = frames.flatMap((frame) => [
      ...(typeof frame === 'string' ? encoder.encode(frame) : frame),
    ]);
    return [1, 5, bytes.length].map((size) => {
      const decoder = codec.createDecoder({});
      const decoded = [];
      for (let at = 0; at < bytes.length; at += size) {
        decoder.write(Uint8Array.from(bytes.slice(at, at + size)));
        for (let message; (message = decoder.read()) !== undefined;) decoded.push(message);
      }
      decoder.end();
      return decoded;
    });
  };
  const failure = (codec, text) => {
    const decoder = codec.createDecoder({});
    decoder.write(new TextEncoder().encode(text));
    try {
      return decoder.read();
    } catch (error) {
      return [error.name, error instanceof CodecError, isWirechartError(error), error.raw.length];
    }
  };
  class Numbers extends LineDecoder {
    parse(line) {
      return line.startsWith('#') ? undefined : Number(line);
    }
  }
  const numbers = { encode: String, createDecoder: (limits) => new Numbers(limits, { terminator: ';;' }) };
  const long = 'x'.repeat(10_000) + 'ä€😀';
  globalThis.facts = {
    globals: [typeof globalThis.Buffer, typeof globalThis.process],
    lines: roundTrip(lines(), ['one', 'zwölf', '']),
    jsonLines: roundTrip(jsonLines(), [{ a: [1, 'ä'] }, long]).map((all) => all[1] === long),
    jsonStream: roundTrip(jsonStream(), [{ a: { b: '}' } }, { c: long }]).map((all) => all.length),
    contentLength: roundTrip(contentLength(), [{ a: 'ä' }, [1]]),
    lengthPrefixed: roundTrip(lengthPrefixed({ size: 2, endian: 'little' }), [[1, 2], []].map((m) =>
      Uint8Array.from(m))).map((all) => all.map((message) => [...message])),
    framed: roundTrip(framed({ type: 'before', varint: 2 }), [{ type: 1, payload: 'ä' }, { type: 2, payload: '' }])
      .map((all) => all.map(({ type, payload }) => [type, ...payload])),
    terminated: roundTrip(lines({ terminator: 'é;' }), ['a\\n', 'é']),
    numbers: roundTrip(numbers, ['1;;#;;', '2;;']),
    failure: failure(jsonLines(), '{"a":\\n'),
  };`;

const path = requirePeer('chromium');

/** Serves one page, and resolves with its URL. */
async function serve(script: string) {
  const server = createServer((request, response) => {
    const isScript = request.url === '/main.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<script type="module" src="/main.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}/`, close: () => server.close() };
}

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
];

test.skipIf(path === undefined)('the codecs work in Chromium', async () => {
  const { code, inputs } = await bundle(PROGRAM, { platform: 'browser' });
  expect(inputs.filter((name) => !/^wirechart\/|^<stdin>$/.test(name))).toEqual([]);
  const page = await serve(code);
  const browser = await chromium.launch({ executablePath: path ?? '', args: ARGUMENTS });
  try {
    const tab = await browser.newPage();
    const errors: string[] = [];
    tab.on('pageerror', (error) => errors.push(error.message));
    await tab.goto(page.url);
    await tab.waitForFunction("'facts' in globalThis || document.readyState === 'complete'");
    expect(errors).toEqual([]);
    expect(await tab.evaluate('globalThis.facts')).toEqual({
      globals: ['undefined', 'undefined'],
      lines: Array.from({ length: 3 }, () => ['one', 'zwölf', '']),
      jsonLines: [true, true, true],
      jsonStream: [2, 2, 2],
      contentLength: Array.from({ length: 3 }, () => [{ a: 'ä' }, [1]]),
      lengthPrefixed: Array.from({ length: 3 }, () => [[1, 2], []]),
      framed: Array.from({ length: 3 }, () => [[1, 0xc3, 0xa4], [2]]),
      terminated: Array.from({ length: 3 }, () => ['a\n', 'é']),
      numbers: Array.from({ length: 3 }, () => [1, 2]),
      failure: ['CodecError', true, true, 5],
    });
  } finally {
    await browser.close();
    page.close();
  }
});
