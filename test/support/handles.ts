/** Finds sockets and servers that a test has left open. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';

/** The resources that are sockets, or requests that open one; timers and the like do not count. */
const SOCKETS = /Pipe|TCP|TLS|TTY|UDP|GetAddrInfo|FSReq/;
const MAX_WAIT_MS = 2_000;

// Not empty: the test runner communicates with its workers over a pipe.
const initial = open();

/**
 * Asserts that no more sockets, servers and file system requests are open than when this module was
 * loaded. A destroyed socket closes some turns of the event loop later, so this waits for them.
 */
export async function expectNoHandles(): Promise<void> {
  const deadline = performance.now() + MAX_WAIT_MS;
  while (leaked().length > 0 && performance.now() < deadline) await turn();
  expect(leaked()).toEqual([]);
}

function open(): string[] {
  return process.getActiveResourcesInfo().filter((name) => SOCKETS.test(name));
}

function leaked(): string[] {
  const names = open();
  for (const name of initial) {
    const at = names.indexOf(name);
    if (at >= 0) names.splice(at, 1);
  }
  return names;
}
