/** The reason with which the signal of a handshake is aborted: what ended the attempt. */

import { expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { streamPair, TimeoutError } from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { nulls } from '../support/null-protocol.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

/** A protocol whose handshake waits for its signal to be aborted. */
function inHandshake() {
  const clock = new SimulatedClock();
  const entered = defer<AbortSignal>();
  const protocol = createProtocol(
    {
      codec: nulls,
      handshake: ({ signal }) =>
        new Promise((_, reject) => {
          entered.resolve(signal);
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        }),
    },
    { clock, timeouts: { handshake: 500 } },
  );
  const [near] = streamPair();
  const controller = new AbortController();
  const connected = protocol.connect({ stream: near }, { signal: controller.signal });
  connected.catch(() => undefined);
  return { protocol, clock, controller, connected, entered: entered.promise };
}

it('is the reason with which the signal of connect() was aborted', async () => {
  const { controller, connected, entered } = inHandshake();
  const signal = await entered;
  const reason = new Error('the user closed the window');
  controller.abort(reason);
  await expect(connected).rejects.toBe(reason);
  expect(signal.reason).toBe(reason);
});

it('is a TimeoutError when the deadline of the handshake passes', async () => {
  const { clock, connected, entered } = inHandshake();
  const signal = await entered;
  clock.increment(500);
  await expect(connected).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  expect(signal.reason).toBeInstanceOf(TimeoutError);
  expect(signal.reason).toMatchObject({ phase: 'handshake', ms: 500 });
});

it('is the argument of fail()', async () => {
  const { protocol, connected, entered } = inHandshake();
  const signal = await entered;
  const reason = new TimeoutError('wait', 7);
  protocol.fail(reason);
  await expect(connected).rejects.toMatchObject({ code: 'ERR_CONNECT', cause: reason });
  expect(signal.reason).toBe(reason);
});

it('is an AbortError when disconnect() ended the attempt', async () => {
  const { protocol, connected, entered } = inHandshake();
  const signal = await entered;
  await protocol.disconnect();
  await expect(connected).rejects.toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
  expect(signal.reason).toMatchObject({ name: 'AbortError' });
});
