/** A raw client, for tests of the bytes that a server sends. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { BoundAddress } from '../../src/index.ts';
import { cleanUp } from '../support/cleanup.ts';

/** A connected socket, and the text that it has received. */
export interface RawClient {
  readonly socket: Socket;
  /** Resolves with the next received text, up to and including the mark (the `count`th one). */
  until(mark: string, count?: number): Promise<string>;
}

/** Connects; the socket is destroyed after the test. */
export async function dialRaw(address: BoundAddress): Promise<RawClient> {
  const socket = connect({ ...address });
  socket.on('error', () => undefined);
  cleanUp(() => socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'connect');
  const until = async (mark: string, count = 1): Promise<string> => {
    while (text.split(mark).length <= count) await once(socket, 'data');
    const taken = text.split(mark).slice(0, count).join(mark) + mark;
    text = text.slice(taken.length);
    return taken;
  };
  return { socket, until };
}
