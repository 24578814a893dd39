/** A stream that the caller brings: it is owned, and its death is noticed, whatever else goes on. */

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

/** A session on `stream` whose handler is busy with the first message, for ever. */
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
  it('is destroyed when the session is over', async () => {
    const { stream } = countingStream();
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream });
    await protocol.disconnect();
    expect(stream.destroyed).toBe(true);
  });

  it('is destroyed when the attempt was given up before it began', async () => {
    const [stream] = streamPair();
    const protocol = createProtocol({ codec: lines() });
    const signal = AbortSignal.abort('before');
    expect(await rejection(protocol.connect({ stream }, { signal }))).toBe('before');
    expect(stream.destroyed).toBe(true);
  });

  it('is left alone when the call is a StateError, which changes nothing', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: streamPair()[0] });
    const [stream] = streamPair();
    expect(await rejection(protocol.connect({ stream }))).toMatchObject({ code: 'ERR_STATE' });
    expect(stream.destroyed).toBe(false);
    await protocol.disconnect({ force: true });
  });

  it('need not tell that it has closed', async () => {
    const stream = new Duplex({
      emitClose: false,
      read: () => undefined,
      write: (_chunk, _encoding, callback) => {
        callback();
      },
    });
    // No deadline passes by this clock before it is told to: what is closed is not waited for.
    const clock = new SimulatedClock();
    const protocol = createProtocol({ codec: lines() }, { clock });
    await protocol.connect({ stream });
    const settled = await hasSettled(protocol.disconnect({ force: true }));
    clock.increment(2_000);
    expect(settled).toBe(true);
  });
});

describe('the death of a stream whose session has a busy handler', () => {
  it('ends the session, though nothing is read meanwhile', async () => {
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

  it('rejects the flush() of what is sent into it', async () => {
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
