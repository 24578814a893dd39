/** Connections that speak JSON-RPC, for tests. */

import type { Duplex } from 'node:stream';
import { jsonLines, streamPair } from '../../src/index.ts';
import { JsonRpc, type JsonRpcOptions } from '../../src/rpc/index.ts';

type Options = Partial<JsonRpcOptions>;

/** Two sides that are connected. */
export async function connectPair(options: Options = {}, otherOptions: Options = options) {
  const [left, right] = streamPair();
  const one = new JsonRpc({ codec: jsonLines(), ...options });
  const other = new JsonRpc({ codec: jsonLines(), ...otherOptions });
  await Promise.all([one.connect({ stream: left }), other.connect({ stream: right })]);
  return { one, other, end: () => Promise.all([one.disconnect(), other.disconnect()]) };
}

/** One side, and the raw end of its peer: what it writes, message by message. */
export async function connectRaw(options: Options = {}) {
  const [stream, peer] = streamPair();
  const rpc = new JsonRpc({ codec: jsonLines(), ...options });
  await rpc.connect({ stream });
  return { rpc, ...rawEnd(peer) };
}

/** A raw end of a stream: what was written to it, message by message, and a function that writes. */
export function rawEnd(peer: Duplex) {
  const written: unknown[] = [];
  let text = '';
  peer.on('data', (chunk: Buffer) => {
    const lines = (text + chunk.toString()).split('\n');
    text = lines.pop() ?? '';
    written.push(...lines.map((line): unknown => JSON.parse(line)));
  });
  peer.on('end', () => peer.end());
  const tell = (message: unknown): void => {
    peer.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  };
  return { peer, written, tell };
}
