/** Destroys streams. */

import type { Duplex } from 'node:stream';
import type { Address } from '../core/types.ts';
import { parseAddress } from './address.ts';
import { ignoreLateErrors } from './dial.ts';
import { toDuplex } from './join-streams.ts';

/** Destroys the stream that `address` holds, if it holds one. Never throws. */
export function destroyStream(address: Address): void {
  try {
    const target = parseAddress(address);
    if (target.kind === 'stream') ignoreLateErrors(toDuplex(target.stream)).destroy();
  } catch {
    // Not a valid address: there is nothing to destroy.
  }
}

/** Destroys a stream, and resolves when it is closed: with the error that this caused, if any. */
export const destroyAndWait = async (stream: Duplex): Promise<Error | undefined> => {
  const { errored } = stream;
  stream.destroy();
  if (!stream.closed) {
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
    });
  }
  return errored === null && stream.errored !== null ? stream.errored : undefined;
};
