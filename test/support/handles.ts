/** Finds sockets and servers that a test has left open. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';

/** Whatever holds a socket open, or is about to; timers and the like do not count. */
const SOCKETS = /Pipe|TCP|TLS|TTY|UDP|GetAddrInfo|FSReq/;
const PATIENCE_MS = 2_000;

// The test runner speaks to its workers over a pipe.
const atFirst = open();

/**
 * Asserts that there are no more open sockets, servers and pending file system requests than when
 * this module was loaded. What is destroyed closes a moment later, so it is given turns of the
 * event loop; that ends as soon as all are gone.
 */
export async function expectNoHandles(): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (surplus().length > 0 && performance.now() < deadline) await turn();
  expect(surplus()).toEqual([]);
}

function open(): string[] {
  return process.getActiveResourcesInfo().filter((name) => SOCKETS.test(name));
}

function surplus(): string[] {
  const rest = open();
  for (const name of atFirst) {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
  }
  return rest;
}
