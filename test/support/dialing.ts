/** Helpers for the tests of dialling. */

import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import { parseAddress } from '../../src/io/address.ts';
import { dial } from '../../src/io/dial.ts';
import type { Address } from '../../src/core/types.ts';
import { type Fixture, textOf } from './sockets.ts';

/** Returns a function that dials, and destroys the stream after the test. */
export const dialer =
  (fixture: Fixture) =>
  async (address: Address, signal = new AbortController().signal): Promise<Duplex> => {
    const stream = await dial(parseAddress(address), signal);
    fixture.cleanups.push(() => stream.destroy());
    return stream;
  };

/** Asserts that the only listener is the one that keeps a late error from being an uncaught one. */
export function expectOnlyErrorListener(stream: Duplex) {
  expect(stream.listenerCount('error')).toBe(1);
  for (const event of ['data', 'readable', 'connect', 'secureConnect']) {
    expect([event, stream.listenerCount(event)]).toEqual([event, 0]);
  }
}

/** Sends "ping", ends the stream, and asserts that it is echoed. */
export async function expectEcho(stream: Duplex) {
  stream.end('ping');
  expect(await textOf(stream)).toBe('ping');
}
