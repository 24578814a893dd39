/** The error of a descriptor that could not be passed to the peer. */

import { printable } from './printable.ts';
import { WirechartError } from './wirechart-error.ts';

/**
 * A file descriptor could not be passed to the peer: this process has no way to do it, the connection is not a
 * UNIX socket, or the system refused it; `message` says which, and what to do. Nothing was sent, and the session
 * goes on.
 */
export class DescriptorError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'DescriptorError';

  readonly code = 'ERR_DESCRIPTOR';

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}
