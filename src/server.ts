/** Many peers at one address, as streams: each of them may be given to `connect({ stream })`. */

import type { Duplex } from 'node:stream';
import { ConnectError } from './errors.ts';
import { parseAddress } from './io/address.ts';
import { serve, type Service } from './io/serve.ts';
import type { Address } from './types.ts';

export type { Service } from './io/serve.ts';

/**
 * Listens until it is closed.
 *
 * @throws {ConnectError} When it cannot be bound.
 */
export async function listenForStreams(
  address: Address,
  onStream: (stream: Duplex) => void,
): Promise<Service> {
  try {
    return await serve(parseAddress(address), onStream);
  } catch (error) {
    throw new ConnectError('connection', error);
  }
}
