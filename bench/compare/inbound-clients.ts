/** The clients that read a flood of messages. */

import { readLines } from '../hand.ts';
import { countdown } from '../measure.ts';
import type { Framing } from '../messages.ts';
import {
  AsyncProtocol,
  type Codec,
  jsonLines,
  type JsonValue,
  jsonStream,
  type ProtocolOptions,
} from '../package.ts';
import { closeRpc, connectRpc, destroy, dial } from '../rpc.ts';
import { HAND, RPC } from '../table.ts';

/** A client. */
export interface InboundClient {
  readonly framing: Framing;
  /** Connects, reads `count` messages, and disconnects. */
  read(path: string, count: number): Promise<void>;
}

/** The clients, by the name of the variant. */
export const inboundClients: Readonly<Record<string, InboundClient>> = {
  [HAND]: { framing: 'lines', read: readByHand },
  'wirechart jsonLines': {
    framing: 'lines',
    read: (path, count) => readWith(jsonLines(), path, count),
  },
  'wirechart jsonStream': {
    framing: 'lines',
    read: (path, count) => readWith(jsonStream<JsonValue>(), path, count),
  },
  [RPC]: { framing: 'rpc', read: readWithRpc },
};

async function readByHand(path: string, count: number): Promise<void> {
  const { done, tick } = countdown(count);
  const socket = await dial(path);
  readLines(socket, tick);
  await done;
  await destroy(socket);
}

/** Reads with an `AsyncProtocol`. */
export async function readWith(
  codec: Codec<JsonValue>,
  path: string,
  count: number,
  options: ProtocolOptions = {},
): Promise<void> {
  const { done, tick } = countdown(count);
  const protocol = new AsyncProtocol({ codec, onMessage: tick }, options);
  await protocol.connect(path);
  await done;
  await protocol.disconnect({ force: true });
}

async function readWithRpc(path: string, count: number): Promise<void> {
  const { done, tick } = countdown(count);
  const client = await connectRpc(path, (connection) => {
    connection.onNotification('event', tick);
  });
  await done;
  await closeRpc(client);
}
