/** expectEnd() and fail(), by which a client tells the engine what only it knows of the peer. */

import { describe, expect, it } from 'vitest';
import { ClosedError, CodecError, RefusedError, lines, streamPair } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { pair, rawPeer } from '../support/peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection, turn } from '../support/signal.ts';
import { stalledStream } from '../support/streams.ts';

expectIdleAfterEach();

async function withPeer() {
  const peer = await rawPeer();
  const protocol = createProtocol({ codec: lines() });
  const recording = recordRunstates(protocol);
  await protocol.connect(peer.address);
  return { protocol, recording, socket: await peer.connected };
}

describe('expectEnd()', () => {
  it('makes the end of the peer a clean one', async () => {
    const { protocol, recording, socket } = await withPeer();
    protocol.expectEnd();
    socket.end();
    expect(await protocol.closed).toEqual({ suppressed: [], undelivered: 0 });
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    await protocol.disconnect();
  });

  it('makes a reset a clean end, and the error is suppressed', async () => {
    const { protocol, socket } = await withPeer();
    protocol.expectEnd();
    socket.resetAndDestroy();
    const { cause, suppressed } = await protocol.closed;
    expect(cause).toBeUndefined();
    expect(suppressed).toMatchObject([{ code: 'ERR_CLOSED', cause: { code: 'ECONNRESET' } }]);
    await protocol.disconnect();
  });

  it('makes a reset a clean end also during disconnect()', async () => {
    const stream = stalledStream();
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream });
    protocol.expectEnd();
    const disconnected = protocol.disconnect();
    await turn();
    stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    await disconnected;
    expect(protocol.outcome).toMatchObject({ suppressed: [{ code: 'ERR_CLOSED' }] });
    expect(protocol.outcome?.cause).toBeUndefined();
  });

  it('can be revoked', async () => {
    const { protocol, socket } = await withPeer();
    protocol.expectEnd();
    protocol.expectEnd(false);
    socket.end();
    expect((await protocol.closed).cause).toBeInstanceOf(ClosedError);
  });

  it('does not excuse bytes that cannot be decoded', async () => {
    const { protocol, socket } = await withPeer();
    protocol.expectEnd();
    socket.end(Buffer.from([0xff, 0x0a]));
    expect((await protocol.closed).cause).toBeInstanceOf(CodecError);
  });

  it('has no effect after the end of the session', async () => {
    const { left, right } = await pair({ codec: lines() });
    left.expectEnd();
    await Promise.all([left.disconnect(), right.closed]);
    left.expectEnd();
    const [stream, peer] = streamPair();
    await left.connect({ stream });
    peer.resume().end();
    expect((await left.closed).cause).toBeInstanceOf(ClosedError);
  });
});

describe('fail()', () => {
  it('ends the session with an error of the library, unwrapped', async () => {
    const { left, right } = await pair({ codec: lines() });
    const reason = new CodecError('Not one of ours');
    left.fail(reason);
    left.fail(new Error('later'));
    const { cause, suppressed } = await left.closed;
    expect(cause).toBe(reason);
    expect(suppressed).toMatchObject([{ code: 'ERR_REFUSED', message: 'later' }]);
    expect(await rejection(left.disconnect())).toBe(reason);
    await right.closed;
  });

  it('wraps any other reason, and rejects the pending disconnect()', async () => {
    const { left, right } = await pair({ codec: lines() });
    const disconnected = rejection(left.disconnect());
    left.fail('unbearable');
    const error = await disconnected;
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ cause: 'unbearable', message: 'unbearable', retryable: true });
    await right.closed;
  });

  it('is ignored when there is no session', async () => {
    const protocol = createProtocol({ codec: lines() });
    protocol.fail('nothing');
    protocol.expectEnd();
    await protocol.disconnect();
    expect(protocol.outcome).toBeUndefined();
  });
});
