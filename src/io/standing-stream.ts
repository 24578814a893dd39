/**
 * Streams that stand for a connection, and do more than it: the end of the stream of a child is the end of the
 * child. TLS is started on the connection below such a stream, which goes on standing for it.
 */

import type { Duplex } from 'node:stream';
import type { WirechartError } from '../core/errors.ts';
import { codeOf, memberOf } from '../core/shape.ts';

/** The methods of such a stream; the same in all copies of this package. */
const RELEASE: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.release');
const REPLACE: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.replace');
const FIND_END: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.findEnd');
const CONNECTION: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.connection');

/** A stream whose connection can be replaced. */
export interface StandingStream extends Duplex {
  /** Gives the connection up, with what it has received and nothing has read. */
  [RELEASE](): Duplex;
  /** Stands for another connection from now on. */
  [REPLACE](connection: Duplex): void;
  /** Resolves with the reason of the end, when that is known; soon, with `undefined`, if there is none. */
  [FIND_END](): Promise<WirechartError | undefined>;
  /** The connection, if it is one stream for both directions. A stream of an earlier release has no such member. */
  readonly [CONNECTION]?: Duplex | undefined;
}

export { CONNECTION, FIND_END, RELEASE, REPLACE };

const isStanding = (stream: Duplex): stream is StandingStream =>
  typeof memberOf(stream, RELEASE) === 'function';

/** The connection that `stream` stands for, or `stream` itself; `undefined` if it stands for several streams. */
export const connectionOf = (stream: Duplex): Duplex | undefined =>
  isStanding(stream) ? stream[CONNECTION] : stream;

/** The stream to start TLS on: the connection below `stream`, or `stream` itself. */
export const release = (stream: Duplex): Duplex =>
  isStanding(stream) ? stream[RELEASE]() : stream;

/** Why TLS could not be started: the end of what `stream` stands for, if the peer closed the connection. */
export async function reasonOf(stream: Duplex, error: unknown): Promise<unknown> {
  const isReset = codeOf(memberOf(error, 'cause')) === 'ECONNRESET';
  return isReset && isStanding(stream) ? ((await stream[FIND_END]()) ?? error) : error;
}

/** The stream to use when TLS has been started on what `release()` has returned. */
export function replace(stream: Duplex, secured: Duplex): Duplex {
  if (!isStanding(stream)) return secured;
  stream[REPLACE](secured);
  return stream;
}
