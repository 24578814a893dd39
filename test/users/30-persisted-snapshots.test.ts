/** A snapshot that is persisted while the actor holds a stream. */

import { createProtocolMachine, lines, streamPair } from 'wirechart';
import { createActor, setup, waitFor } from 'xstate';
import { expect, it } from 'vitest';

const connection = createProtocolMachine<string>({ codec: lines() });

it('can be written as JSON, in IDLE and with a stream', async () => {
  const [stream, peer] = streamPair();
  const actor = createActor(connection, { input: { address: { stream } } }).start();
  await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
  expect(() => JSON.stringify(actor.getPersistedSnapshot())).not.toThrow();
  actor.stop();
  expect(() => JSON.stringify(actor.getPersistedSnapshot())).not.toThrow();
  peer.destroy();
});

it('of a parent includes its connection', async () => {
  const [stream, peer] = streamPair();
  const parent = createActor(
    setup({
      types: { children: {} as { connection: 'connection' } },
      actors: { connection },
    }).createMachine({
      invoke: { id: 'connection', src: 'connection', input: { address: { stream } } },
    }),
  ).start();
  const { connection: child } = parent.getSnapshot().children;
  if (child === undefined) throw new Error('It was not invoked');
  await waitFor(child, (snapshot) => snapshot.hasTag('up'));
  expect(JSON.stringify(parent.getPersistedSnapshot())).toContain('"RUNNING"');
  parent.stop();
  peer.destroy();
});
