/** A server of lines with `onPeer`. */

import {
  type AsyncProtocol,
  lines,
  type PeerContext,
  ProtocolServer,
  type ProtocolServerOptions,
  type WirechartError,
} from '../../src/index.ts';
import { cleanUp } from '../support/cleanup.ts';

/** A peer of lines. */
export type Peer = AsyncProtocol<string>;
export type OnPeer = (peer: Peer, context: PeerContext) => unknown;

/** A server of lines that listens, and the failures of its peers. */
export async function serve(onPeer: OnPeer, options: ProtocolServerOptions<Peer> = {}) {
  const failures: WirechartError[] = [];
  const server = new ProtocolServer<string>(
    { codec: lines() },
    { onPeer, onPeerError: (error) => failures.push(error), ...options },
  );
  cleanUp(() => server.close({ force: true }));
  return { server, failures, address: await server.listen({ port: 0 }) };
}
