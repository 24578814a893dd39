/** disconnect() with a signal that was aborted before the call: only the wait is given up. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { expect, it } from 'vitest';
import { thrownBy } from './support.ts';

it('disconnects all the same', async () => {
  const [stream, peer] = streamPair();
  const protocol = new AsyncProtocol({ codec: lines() });
  await protocol.connect({ stream });
  peer.resume().on('end', () => peer.end());
  const signal = AbortSignal.abort('not interested');
  expect(await thrownBy(() => protocol.disconnect({ signal }))).toBe('not interested');
  expect((await protocol.closed).cause).toBeUndefined();
  expect(protocol.runstate).toBe('IDLE');
});

it('is looked at after the state, by every method', async () => {
  const signal = AbortSignal.abort('not interested');
  const idle = new AsyncProtocol({ codec: lines() });
  const [stream, peer] = streamPair();
  const running = new AsyncProtocol({ codec: lines() });
  await running.connect({ stream });
  const inWrongState = [
    () => running.connect('/nowhere', { signal }),
    () => running.listen('/nowhere', { signal }),
    () => running.accept({ signal }),
    () => idle.accept({ signal }),
    () => idle.send('a', { signal }),
    () => idle.flush({ signal }),
  ];
  for (const call of inWrongState) {
    expect(await thrownBy(call), String(call)).toMatchObject({ code: 'ERR_STATE' });
  }
  const inRightState = [
    () => idle.connect('/nowhere', { signal }),
    () => idle.listen('/nowhere', { signal }),
    () => running.send('a', { signal }),
    () => running.flush({ signal }),
  ];
  for (const call of inRightState) expect(await thrownBy(call)).toBe('not interested');
  expect([idle.runstate, running.runstate]).toEqual(['IDLE', 'RUNNING']);
  peer.destroy();
  await running.closed;
});
