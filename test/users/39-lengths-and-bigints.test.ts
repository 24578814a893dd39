/** Messages of the wrong type, memory that is used again, integers above 2^53, and large messages. */

import {
  AsyncProtocol,
  CodecError,
  jsonLines,
  lengthPrefixed,
  LimitError,
  lines,
  parseJson,
  stringifyJson,
  streamPair,
} from 'wirechart';
import * as codecs from 'wirechart/codecs';
import { expect, it } from 'vitest';

it('refuses a text where bytes are sent, and a number where text is', async () => {
  const [left, right] = streamPair();
  right.resume();
  const untyped: AsyncProtocol<Uint8Array, unknown> = new AsyncProtocol<Uint8Array, never>({
    codec: lengthPrefixed(),
  });
  await untyped.connect({ stream: left });
  const error: unknown = await untyped.send('abc').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CodecError);
  expect(String(error)).toContain('must be a Uint8Array, not a string: encode it');
  await untyped.disconnect({ force: true });
  const anything: { encode(message: unknown): string } = lines();
  expect(() => anything.encode(5)).toThrow('The line must be a string, not 5');
});

it('sends what a buffer held when it was sent, however late it leaves', async () => {
  const [left, right] = streamPair();
  const received: string[] = [];
  const sender = new AsyncProtocol({ codec: lengthPrefixed() });
  const receiver = new AsyncProtocol({
    codec: lengthPrefixed(),
    onMessage: (bytes) => void received.push(Buffer.from(bytes).toString()),
  });
  await Promise.all([sender.connect({ stream: left }), receiver.connect({ stream: right })]);
  const reused = Buffer.alloc(1);
  for (const letter of 'abc') {
    reused.write(letter);
    await sender.send(reused);
  }
  await sender.disconnect();
  await receiver.closed;
  expect(received).toEqual(['a', 'b', 'c']);
});

it('writes and reads integers above 2^53', () => {
  const reply = { size: 18446744073709551615n, name: 'a' };
  expect(() => JSON.stringify(reply)).toThrow(TypeError);
  expect(stringifyJson(reply)).toBe('{"size":18446744073709551615,"name":"a"}');
  expect(stringifyJson(reply, 2)).toBe('{\n  "size": 18446744073709551615,\n  "name": "a"\n}');
  expect(parseJson(stringifyJson(reply))).toEqual(reply);
  expect(() => parseJson('{')).toThrow(CodecError);
  expect(() => stringifyJson(undefined)).toThrow(CodecError);
  expect([codecs.stringifyJson, codecs.parseJson]).toEqual([stringifyJson, parseJson]);
});

it('says how to receive a message that is too large', async () => {
  const [left, right] = streamPair();
  left.resume().on('end', () => left.end());
  const protocol = new AsyncProtocol({ codec: jsonLines() }, { limits: { maxMessageBytes: 1000 } });
  await protocol.connect({ stream: right });
  left.write(`{"return":{"buf-b64":"${'A'.repeat(2000)}"}}\n`);
  const { cause } = await protocol.closed;
  expect(cause).toBeInstanceOf(LimitError);
  expect(cause?.message).toBe(
    'A message of 2025 bytes or more exceeds the limit of 1000. ' +
      'Raise it with the option limits.maxMessageBytes.',
  );
});
