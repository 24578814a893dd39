/** Streams that are opened only when a session dials them. */

import type { Duplex } from 'node:stream';
import { memberOf } from '../core/shape.ts';
import type { Clock } from '../core/types.ts';

/** How `dial()` waits. */
export interface DialOptions {
  /** Measures the waits between attempts. Default: real time. */
  readonly clock?: Clock | undefined;
  /** Called with the reason when an attempt has to be repeated. */
  readonly onObstacle?: ((reason: Error) => void) | undefined;
  /** Where warnings go. Default: a warning of the process. */
  readonly warn?: ((text: string) => void) | undefined;
}

/** The method that opens such a stream; the same in all copies of this package. */
export const OPEN: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.open');

/** A stream that emits 'connect' some time after it was opened, or fails. */
export interface LateStream extends Duplex {
  /** Begins to open the stream, if nothing has done it before. Never throws. */
  [OPEN](options: DialOptions): void;
}

/** Whether a stream has to be opened. */
export const isLate = (stream: Duplex): stream is LateStream =>
  typeof memberOf(stream, OPEN) === 'function';
