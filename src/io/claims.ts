/**
 * The streams that belong to a session, or have belonged to one. A stream serves one session: two that
 * shared one would each get a part of what the peer sends.
 */

import type { Duplex } from 'node:stream';
import { type ByteStream, isDuplexShaped } from './byte-stream.ts';

const claimed = /* @__PURE__ */ new WeakSet();

/** Marks a stream, and both halves of a pair, as belonging to a session or a joined stream, for ever. */
export function claim(stream: ByteStream): void {
  for (const half of halvesOf(stream)) claimed.add(half);
}

/** Takes the mark back, for the session that the stream was claimed for: it marks the stream itself. */
export function passOn(stream: Duplex): void {
  claimed.delete(stream);
}

/** Whether a stream, or a half of a pair, belongs to a session, or has belonged to one. */
export const isClaimed = (stream: ByteStream): boolean =>
  halvesOf(stream).some((half) => claimed.has(half));

const halvesOf = (stream: ByteStream): readonly object[] =>
  isDuplexShaped(stream) ? [stream] : [stream.readable, stream.writable];
