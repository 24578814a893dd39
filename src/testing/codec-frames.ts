/** The rules of `encode()`, and the bytes that it makes of the sample messages. */

import { encodeUtf8 } from '../codecs/bytes.ts';
import type { Encoded } from '../core/codec.ts';
import { describe } from '../core/describe.ts';
import { checkEncoded } from '../core/encoded.ts';
import { CodecCheckError, shown, shownBytes } from './codec-check-error.ts';
import { type Frame, joinBytes, type Subject } from './codec-stream.ts';
import { copyOf, isSame } from './same-value.ts';

/** One message that was encoded. */
interface Sent {
  readonly label: string;
  readonly message: unknown;
  /** What `encode()` returned, and a copy of it from then. */
  readonly encoded: Encoded;
  readonly bytes: Uint8Array;
}

/**
 * Encodes messages, each twice.
 *
 * @param name - The option that has the messages.
 * @param expected - What they are decoded to; nothing, if they are not decoded.
 * @throws {CodecCheckError} When `encode()` breaks a rule.
 */
export function framesOf(
  { codec }: Pick<Subject, 'codec'>,
  name: string,
  messages: readonly unknown[],
  expected: readonly unknown[] = [],
): Frame[] {
  const sent = messages.map((message, index) =>
    encode(codec, `${name}[${String(index)}]`, message),
  );
  const [first] = sent;
  if (first !== undefined) encode(codec, first.label, first.message);
  sent.forEach(checkKept);
  return sent.map(({ label, bytes }, index) => ({
    label,
    bytes,
    expected: expected.slice(index, index + 1),
  }));
}

/** Returns what was encoded as bytes of their own. */
export function bytesOf(encoded: Encoded): Uint8Array {
  if (typeof encoded === 'string') return encodeUtf8(encoded);
  return joinBytes(Array.isArray(encoded) ? encoded : [encoded as Uint8Array]);
}

function encode(codec: Subject['codec'], label: string, message: unknown): Sent {
  const before = copyOf(message);
  const input = `${label}, ${shown(message)}`;
  const encoded = encodeOne(codec, message, input);
  if (!isSame(message, before)) {
    const what = `After encode(), ${label} is ${shown(message)}.`;
    throw new CodecCheckError('message-kept', what, { input: `${label}, ${shown(before)}` });
  }
  const bytes = bytesOf(encoded);
  if (bytes.length > 0) return { label, message, encoded, bytes };
  const what = 'encode() returned no bytes: the peer could not tell the message from none.';
  throw new CodecCheckError('encode', what, { input });
}

function encodeOne(codec: Subject['codec'], message: unknown, input: string): Encoded {
  try {
    const encoded = codec.encode(message);
    checkEncoded(encoded);
    return encoded;
  } catch (cause) {
    throw new CodecCheckError('encode', `encode() failed: ${describe(cause)}`, { input, cause });
  }
}

function checkKept({ label, encoded, bytes }: Sent): void {
  const now = bytesOf(encoded);
  if (isSame(now, bytes)) return;
  throw new CodecCheckError(
    'bytes-kept',
    `The bytes of ${label} were ${shownBytes(bytes)}, and after other messages had been encoded ` +
      `${shownBytes(now)}.`,
    { input: label },
  );
}
