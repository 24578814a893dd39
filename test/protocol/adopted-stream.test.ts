/**
 * A stream that the caller passes: the session owns it, and notices its destruction even while it
 * is busy.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ClosedError, lines, streamPair } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { portOf, rawPeer } from '../support/peers.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { countingStream } from '../support/streams.ts';

expectIdleAfterEach();

/** A session on `stream` whose handler never finishes the first message. */
async function busySession(stream: Duplex) {
  const busy = gate();
  const onMessage = () => {
    busy.open();
    return gate().opened;
  };
  const protocol = createProtocol({ codec: lines(), onMessage });
  await protocol.connect({ stream });
  return { protocol, busy: busy.opened };
}

describe('an adopted stream', () => {
  it('is destroyed at the end of the session', async () => {
    const { stream } = countingStream();
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream });
    await protocol.disconnect();
    expect(stream.destroyed).toBe(true);
  });

  it('is destroyed when the attempt was aborted before it began', async () => {
    const [stream] = streamPair();
    const protocol = createProtocol({ codec: lines() });
    const signal = AbortSignal.abort('before');
    expect(await rejection(protocol.connect({ stream }, { signal }))).toBe('before');
    expect(stream.destroyed).toBe(true);
  });

  it('is left alone when connect() rejects with a StateError', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: streamPair()[0] });
    const [stream] = streamPair();
    expect(await rejection(protocol.connect({ stream }))).toMatchObject({ code: 'ERR_STATE' });
    expect(stream.destroyed).toBe(false);
    await protocol.disconnect({ force: true });
  });

  it("need not emit 'close'", async () => {
    const stream = new Duplex({
      emitClose: false,
      read: () => undefined,
      write: (_chunk, _encoding, callback) => {
        callback();
      },
    });
    // By this clock no deadline passes, so disconnect() must resolve without waiting for 'close'.
    const clock = new SimulatedClock();
    const protocol = createProtocol({ codec: lines() }, { clock });
    await protocol.connect({ stream });
    const settled = await hasSettled(protocol.disconnect({ force: true }));
    clock.increment(2_000);
    expect(settled).toBe(true);
  });
});

describe('the destruction of a stream whose session has a busy handler', () => {
  it('ends the session although it is not reading', async () => {
    const { stream } = countingStream();
    const { protocol, busy } = await busySession(stream);
    stream.push('busy\n');
    await busy;
    const broken = new Error('broken');
    stream.destroy(broken);
    await turn();
    expect(protocol.runstate).toBe('IDLE');
    expect(protocol.outcome?.cause).toBeInstanceOf(ClosedError);
    expect(protocol.outcome?.cause?.cause).toBe(broken);
  });

  it('rejects a later flush()', async () => {
    const { stream } = countingStream();
    const { protocol, busy } = await busySession(stream);
    stream.push('busy\n');
    await busy;
    stream.destroy();
    await once(stream, 'close');
    const flushed = rejection(protocol.send('into the void').then(() => protocol.flush()));
    expect(await hasSettled(flushed)).toBe(true);
  });

  it('is noticed when the peer resets a socket', async () => {
    const peer = await rawPeer((socket) => socket.write('busy\n'));
    const stream = connect({ host: '127.0.0.1', port: portOf(peer) });
    const { protocol, busy } = await busySession(stream);
    await busy;
    const closed = once(stream, 'close').catch(() => undefined);
    (await peer.connected).resetAndDestroy();
    // A paused socket may notice the reset only when it is written to.
    await turn();
    await protocol.send('into the void').catch(() => undefined);
    await closed;
    expect(await hasSettled(protocol.closed)).toBe(true);
  });
});
