/** What a link is made with. */

import type { Bounds, Deadlines } from '../core/limits.ts';
import type { Tap } from '../machines/link.ts';
import type { ServedPeer } from './message-pipeline.ts';
import type { OpenerOptions } from './opener.ts';

/** The settings of a link. */
export interface LinkOptions extends OpenerOptions {
  readonly deadlines: Deadlines;
  readonly limits: Bounds;
  /** Is shown every message, as with `observe()`. */
  readonly tap?: Tap | undefined;
  /** Whether `forward()` has an effect. Default false. */
  readonly forward?: boolean | undefined;
  /** Whether the session outlasts the peer's end of stream. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** What a server says of one of its peers. */
  readonly served?: ServedPeer | undefined;
}
