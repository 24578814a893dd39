/** `attach()` from an action, once for each message. */

import { AsyncProtocol, createProtocolMachine, lines } from 'wirechart';
import { createActor } from 'xstate';
import { expect, it } from 'vitest';

it('returns the same facade, and adds no listener for each call', () => {
  const actor = createActor(createProtocolMachine<string>({ codec: lines() })).start();
  const facade = AsyncProtocol.attach(actor);
  const others = Array.from({ length: 1000 }, () => AsyncProtocol.attach(actor));
  expect(others.every((other) => other === facade)).toBe(true);
  actor.stop();
  expect(facade.runstate).toBe('IDLE');
});
