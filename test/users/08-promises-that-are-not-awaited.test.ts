/** A promise that a method has returned and that is not awaited does not end the process. */

import { expect, it } from 'vitest';
import { runProgram } from './support.ts';

it.each([
  ['connect', "new AsyncProtocol(definition).connect('/nowhere/at/all')"],
  ['connect, in a wrong state', "connected.connect('/nowhere')"],
  ['listen', "new AsyncProtocol(definition).listen('/nowhere/at/all')"],
  ['accept', 'new AsyncProtocol(definition).accept()'],
  ['send', "new AsyncProtocol(definition).send('too early')"],
  ['flush', 'new AsyncProtocol(definition).flush()'],
  [
    'flush of a session that ends',
    "connected.send('x'.repeat(1e7)); connected.flush(); peer.destroy(new Error('gone'))",
  ],
  ['runstateChanged', 'connected.runstateChanged({ signal: AbortSignal.abort() })'],
  ['disconnect', "connected.disconnect({ signal: AbortSignal.abort('no') })"],
])('%s()', async (_, call) => {
  const end = await runProgram(`
    import { AsyncProtocol, lines, streamPair } from 'wirechart';
    const definition = { codec: lines() };
    const [stream, peer] = streamPair();
    peer.on('error', () => undefined);
    const connected = new AsyncProtocol(definition);
    await connected.connect({ stream });
    ${call};
    setTimeout(() => {
      console.log('alive');
      process.exit();
    }, 50);
  `);
  expect(end).toEqual({ code: 0, signal: null, stdout: 'alive\n', stderr: '' });
});
