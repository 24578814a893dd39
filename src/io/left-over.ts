/** Finds what a peer has sent behind the last message of a handshake, when its codec changes or TLS begins. */

import type { Duplex } from 'node:stream';
import type { Decoder } from '../core/codec.ts';
import { CodecError } from '../core/errors.ts';
import { isBytes } from '../core/shape.ts';

/** So much of a handshake is kept. */
const MAX_TRACED_BYTES = 64 * 1024;
/** So much of a text of the peer is kept for `CodecError.raw`. */
const MAX_RAW_BYTES = 1024;
/** The first byte of every TLS handshake. No protocol of text begins a message with it. */
const TLS_HANDSHAKE = 0x16;

/** The bytes that a decoder was given. */
export class ByteTrace {
  #bytes = 0;
  readonly #chunks: Uint8Array[] = [];

  /** Keeps a copy of a chunk. */
  note(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.isComplete) this.#chunks.push(new Uint8Array(chunk));
    else this.#chunks.length = 0;
  }

  /** Whether it has all bytes. */
  get isComplete(): boolean {
    return this.#bytes <= MAX_TRACED_BYTES;
  }

  /** All bytes. */
  toBytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

/**
 * Returns the bytes behind the last of so many messages: gives all of them, one by one, to another decoder
 * until that has returned so many.
 *
 * @throws {CodecError} When the trace has not all bytes. What a decoder throws.
 */
export function findRest(
  trace: ByteTrace | undefined,
  messages: number,
  createDecoder: () => Decoder<unknown>,
): Uint8Array {
  if (trace?.isComplete !== true) {
    throw new CodecError(
      `The handshake has received more than ${String(MAX_TRACED_BYTES)} bytes, so the end of its last ` +
        "message is not known. Give the codec's decoder the method rest(), as BufferedDecoder has it.",
    );
  }
  const bytes = trace.toBytes();
  const decoder = createDecoder();
  let at = 0;
  for (let left = messages; left > 0 && at < bytes.length; at += 1) {
    decoder.write(bytes.subarray(at, at + 1));
    while (decoder.read() !== undefined) left -= 1;
  }
  return bytes.subarray(at);
}

/**
 * Checks that neither a decoder nor its stream holds bytes that TLS did not protect. The first bytes of TLS
 * may wait in the stream, which must have no listeners.
 *
 * @throws {CodecError} When there are some.
 */
export function checkNothingLeft(decoder: Decoder<unknown>, stream: Duplex): void {
  const raw = leftIn(decoder) ?? plaintextIn(stream);
  if (raw === undefined) return;
  const size = raw.length === 0 ? '' : `${String(raw.length)} bytes of `;
  throw new CodecError(
    `The peer has sent ${size}plaintext behind the message before TLS. It is refused: within TLS it would ` +
      'count as sent by the peer, although anyone on the way can have inserted it.',
    raw.subarray(0, MAX_RAW_BYTES),
  );
}

/** What a decoder holds, empty if that is not known; `undefined` if it holds no part of a message. */
function leftIn(decoder: Decoder<unknown>): Uint8Array | undefined {
  let raw = new Uint8Array();
  try {
    raw = new Uint8Array(decoder.rest?.() ?? raw);
    if (decoder.read() !== undefined) return raw;
    decoder.end();
    return undefined;
  } catch {
    return raw;
  }
}

function plaintextIn(stream: Duplex): Uint8Array | undefined {
  if (stream.readableLength === 0) return undefined;
  const chunk: unknown = stream.read();
  if (!isBytes(chunk)) return undefined;
  stream.unshift(chunk);
  return chunk[0] === TLS_HANDSHAKE ? undefined : chunk;
}
