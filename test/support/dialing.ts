/** What the tests of dialling have in common. */

import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import { parseAddress } from '../../src/io/address.ts';
import { dial } from '../../src/io/dial.ts';
import type { Address } from '../../src/core/types.ts';
import { type Fixture, textOf } from './sockets.ts';

/** How a test dials: the stream is destroyed after it. */
export const dialer =
  (scene: Fixture) =>
  async (address: Address, signal = new AbortController().signal): Promise<Duplex> => {
    const stream = await dial(parseAddress(address), signal);
    scene.cleanups.push(() => stream.destroy());
    return stream;
  };

/** The one listener that is left is the one that keeps a late error from being an uncaught one. */
export function expectOnlyErrorListener(stream: Duplex) {
  expect(stream.listenerCount('error')).toBe(1);
  for (const event of ['data', 'readable', 'connect', 'secureConnect']) {
    expect([event, stream.listenerCount(event)]).toEqual([event, 0]);
  }
}

/** Ends the stream, and gets back what it sent. */
export async function expectEcho(stream: Duplex) {
  stream.end('ping');
  expect(await textOf(stream)).toBe('ping');
}
