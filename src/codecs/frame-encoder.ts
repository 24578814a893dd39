/** Encodes the frames of `framed()`. */

import type { Encoded } from '../core/codec.ts';
import { nameOfValue } from '../core/encoded.ts';
import { CodecError } from '../core/errors.ts';
import { isBytes, show } from '../core/shape.ts';
import { allocateFrame, encodeUtf8 } from './bytes.ts';
import type { FrameHeader } from './frame-header.ts';

/** Larger payloads are sent as they are: to copy them would take longer than to write them in parts. */
const MAX_COPIED_BYTES = 16 * 1024;

/**
 * @param frame - The payload, or an object with `type` and `payload`.
 * @throws {CodecError} When it cannot be encoded.
 */
export function encodeFrame(header: FrameHeader, frame: unknown, hasType: boolean): Encoded {
  if (!hasType) return encodeTyped(header, undefined, frame);
  if (!isFrame(frame)) {
    throw new CodecError(
      `The message must be a frame, { type, payload }, not ${nameOfValue(frame)}`,
    );
  }
  return encodeTyped(header, checkType(frame.type), frame.payload);
}

/** An object that may be a frame. */
interface Unchecked {
  readonly type?: unknown;
  readonly payload?: unknown;
}

const isFrame = (frame: unknown): frame is Unchecked =>
  typeof frame === 'object' && frame !== null && !isBytes(frame);

/** @throws {CodecError} When it is neither a byte nor `null`. */
function checkType(type: unknown): number | undefined {
  if (type === null) return undefined;
  if (typeof type === 'number' && Number.isInteger(type) && type >= 0 && type <= 255) return type;
  throw new CodecError(
    `The type of a frame must be an integer from 0 to 255, or null to omit it, not ${show(type)}`,
  );
}

function encodeTyped(header: FrameHeader, type: number | undefined, payload: unknown): Encoded {
  const parts = isBytes(payload) ? payload : partsOf(payload);
  const size = isBytes(parts) ? parts.length : parts.reduce((sum, part) => sum + part.length, 0);
  const headerSize = header.sizeFor(type, size);
  const isCopied = size <= MAX_COPIED_BYTES;
  const bytes = allocateFrame(isCopied ? headerSize + size : headerSize);
  header.write(bytes, type, size);
  if (isBytes(parts)) {
    if (!isCopied) return [bytes, parts];
    bytes.set(parts, headerSize);
    return bytes;
  }
  if (!isCopied) return [bytes, ...parts];
  copyInto(bytes, headerSize, parts);
  return bytes;
}

function copyInto(bytes: Uint8Array, from: number, parts: readonly Uint8Array[]): void {
  let at = from;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
}

function partsOf(payload: unknown): readonly Uint8Array[] {
  if (typeof payload === 'string') {
    if (!/\p{Surrogate}/u.test(payload)) return [encodeUtf8(payload)];
    throw new CodecError('The payload has an unpaired surrogate');
  }
  if (Array.isArray(payload) && payload.every(isBytes)) return payload;
  throw new CodecError(
    `The payload must be a Uint8Array, a string or an array of Uint8Arrays, not ${nameOfValue(payload)}`,
  );
}
