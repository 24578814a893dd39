/** What peers send before their first message, and what is not JSON in the middle of one. */

import {
  AsyncProtocol,
  type Codec,
  CodecError,
  contentLength,
  jsonLines,
  jsonStream,
  lines,
  streamPair,
} from 'wirechart';
import { describe, expect, it } from 'vitest';

/** Connects to a peer that sends this text and nothing more; resolves with what comes of it. */
async function receive<In>(codec: Codec<In>, text: string) {
  const [left, right] = streamPair();
  left.on('error', () => undefined);
  const messages: In[] = [];
  const protocol = new AsyncProtocol({
    codec,
    onMessage: (message) => void messages.push(message),
  });
  await protocol.connect({ stream: right });
  left.end(text);
  const { cause } = await protocol.closed;
  return { messages, code: cause?.code, text: cause?.message };
}

const FRAMED = 'Content-Length: 7\r\n\r\n{"a":1}';

describe('a byte order mark at the start of the stream', () => {
  it.each<[string, Codec<unknown, never>, string, unknown]>([
    ['lines', lines(), 'a\n', 'a'],
    ['jsonLines', jsonLines(), '{"a":1}\n', { a: 1 }],
    ['jsonStream', jsonStream(), '{"a":1}\n', { a: 1 }],
    ['contentLength', contentLength(), FRAMED, { a: 1 }],
  ])('is ignored by %s()', async (_, codec, frame, message) => {
    const { messages, code } = await receive(codec, `\ufeff${frame}${frame}`);
    expect([messages, code]).toEqual([[message, message], 'ERR_CLOSED']);
  });
});

describe('a banner before the first message', () => {
  const BANNER = '> server@1.0.0 start\n> node server.js\n\n';

  it.each<[string, Codec<unknown, never>, string]>([
    ['jsonLines', jsonLines({ skipUntil: '{' }), '{"a":1}\n'],
    ['jsonStream', jsonStream({ skipUntil: '{' }), '{"a":1}\n'],
    ['contentLength', contentLength({ skipUntil: 'Content-' }), FRAMED],
  ])('is skipped by %s({ skipUntil })', async (_, codec, frame) => {
    const { messages, code } = await receive(codec, `${BANNER}${frame}${frame}`);
    expect([messages, code]).toEqual([[{ a: 1 }, { a: 1 }], 'ERR_CLOSED']);
  });

  it('is shown when no message follows', async () => {
    const { code, text } = await receive(
      jsonLines({ skipUntil: '{' }),
      'npm ERR! no such script\n',
    );
    expect(code).toBe('ERR_CODEC');
    expect(text).toContain(
      "The stream ended before a line that begins with '{'. It was 'npm ERR! no",
    );
  });

  it('is shown when it is not skipped', async () => {
    const { code, text } = await receive(jsonStream(), 'QEMU 10.0 monitor\r\n(qemu) ');
    expect(code).toBe('ERR_CODEC');
    expect(text).toContain(
      String.raw`The bytes 'QEMU 10.0 monitor\r' are not the beginning of a JSON message`,
    );
  });
});

it('ends the session as soon as a message cannot become JSON', async () => {
  const [left, right] = streamPair();
  left.resume().on('end', () => left.end());
  const protocol = new AsyncProtocol({ codec: jsonStream() });
  await protocol.connect({ stream: right });
  left.write('{"return": not json\r\n');
  const { cause } = await protocol.closed;
  expect(cause).toBeInstanceOf(CodecError);
  expect(cause?.message).toContain(`The message is not JSON: unexpected 'o' after '{"return": n'`);
});
