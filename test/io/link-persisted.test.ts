/** A machine can be persisted although its context has a live link. */

import { expect, it } from 'vitest';
import { createActor } from 'xstate';
import { createProtocolMachine, lines, streamPair } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

it('is persisted with an address that is a stream, and a definition that is cyclic', () => {
  const handshake = Object.assign(() => new Promise<void>(() => undefined), {});
  Object.assign(handshake, { self: handshake });
  const definition = { codec: Object.assign(lines(), { loop: {} }), handshake };
  Object.assign(definition.codec.loop, { definition });
  const actor = createActor(createProtocolMachine(definition)).start();
  const [near, far] = streamPair();
  actor.send({ type: 'CONNECT', address: { stream: near } });
  const persisted = JSON.stringify(actor.getPersistedSnapshot());
  expect(persisted).toContain('"address":{"stream":"[');
  actor.stop();
  far.destroy();
});
