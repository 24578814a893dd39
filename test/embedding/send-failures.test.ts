/** Ready-made logic tells a parent what has become of its events SEND. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, sendTo, setup, waitFor } from 'xstate';
import {
  createProtocolMachine,
  lines,
  type ProtocolMessage,
  protocolMessages,
  type SendFailure,
  streamPair,
} from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

describe('protocolMessages', () => {
  it('sends its parent SEND_FAILED for a SEND that was refused, and none for one that was sent', async () => {
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    onTestFinished(() => void far.destroy());
    const parent = createActor(
      setup({
        types: {
          context: {} as { failed: readonly SendFailure[] },
          events: {} as { type: 'SAY'; text: string } | ProtocolMessage<string> | SendFailure,
          children: {} as { line: 'line'; messages: 'messages' },
        },
        actors: { line: createProtocolMachine({ codec: lines() }), messages: protocolMessages },
      }).createMachine({
        context: { failed: [] },
        invoke: [
          { id: 'line', src: 'line' },
          { id: 'messages', src: 'messages' },
        ],
        on: {
          SAY: {
            actions: sendTo('line', ({ event }) => ({ type: 'SEND', message: event.text })),
          },
          SEND_FAILED: {
            actions: assign({ failed: ({ context, event }) => [...context.failed, event] }),
          },
        },
      }),
    ).start();
    onTestFinished(() => void parent.stop());
    parent.send({ type: 'SAY', text: 'too early' });
    const { line } = parent.getSnapshot().children;
    if (line === undefined) throw new Error('It was not invoked');
    line.send({ type: 'CONNECT', address: { stream: near } });
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    parent.send({ type: 'SAY', text: 'in time' });
    line.send({ type: 'DISCONNECT' });
    await waitFor(line, (snapshot) => snapshot.hasTag('idle'));
    expect(parent.getSnapshot().context.failed).toMatchObject([
      { type: 'SEND_FAILED', message: 'too early', error: { code: 'ERR_STATE' } },
    ]);
  });
});
