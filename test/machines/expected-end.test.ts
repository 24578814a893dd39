import { expect, it } from 'vitest';
import { ClosedError } from '../../src/core/errors.ts';
import { streamPair } from '../../src/io/stream-pair.ts';
import { AsyncProtocol } from '../../src/protocol/async-protocol.ts';
import { at, type Step } from './support.ts';

// After `expectEnd()`, the peer's end or a reset is a clean end of the session. That also holds
// when the caller disconnects before the peer has left (`quit`, then `disconnect()`).
it.each<['discard' | 'write' | 'flush' | 'close', readonly Step[]]>([
  ['discard', ['DISCONNECT']],
  ['write', ['DISCONNECT']],
  ['flush', ['DISCONNECT']],
  ['close', ['DISCONNECT', 'flush']],
])(
  'a reset that %s() reports is not a failure when EXPECT_END came before DISCONNECT',
  async (method, steps) => {
    const machine = await at('RUNNING.ending');
    await machine.go(...steps);
    const reset = new ClosedError('reset');
    await machine.fail(method, reset);
    await machine.go(machine.state.endsWith('destroying') ? 'destroy' : 'close');
    if (machine.state !== 'IDLE') await machine.go('destroy');
    expect(machine.outcome).toEqual({ suppressed: [reset], undelivered: 0 });
  },
);

it('disconnect() resolves when the peer resets the stream after expectEnd()', async () => {
  const [near, far] = streamPair();
  const protocol = new AsyncProtocol<never>({
    codec: {
      encode: () => '',
      createDecoder: () => ({
        write: () => undefined,
        read: () => undefined,
        end: () => undefined,
      }),
    },
  });
  await protocol.connect({ stream: near });
  protocol.expectEnd();
  const disconnected = protocol.disconnect();
  far.on('error', () => undefined).destroy(new Error('gone'));
  await expect(disconnected).resolves.toBeUndefined();
});
