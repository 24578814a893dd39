/** A raw client, which sees a server's bytes. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { BoundAddress } from '../../src/index.ts';
import { cleanUp } from '../support/cleanup.ts';

/** See the module's comment. */
export interface RawClient {
  readonly socket: Socket;
  /** Takes the text that has come, up to and with so many marks; waits for them. */
  until(mark: string, count?: number): Promise<string>;
}

/** Dials; the socket is destroyed after the test. */
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
