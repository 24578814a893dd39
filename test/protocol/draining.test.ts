/** The graceful end of a session: what the protocol's own callbacks may still do, and cannot spoil. */

import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  lines,
  type ProtocolDefinition,
  type ProtocolOptions,
  streamPair,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { recordRunstates, SESSION_RUNSTATES } from '../support/runstates.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { until } from '../support/listeners.ts';

expectIdleAfterEach();

type Definition = Partial<ProtocolDefinition<string>>;

/** A running session, and its peer, which ends its side when it sees the end of ours. */
async function session(definition: Definition, options: ProtocolOptions = {}) {
  const [stream, peer] = streamPair();
  const protocol = createProtocol({ codec: lines(), ...definition }, options);
  await protocol.connect({ stream });
  return { protocol, peer };
}

/** A session whose handler is busy with the first of three messages. */
async function busySession(finish: (send: (text: string) => Promise<void>) => Promise<void>) {
  const handled: string[] = [];
  const busy = gate();
  const { protocol, peer } = await session({
    onMessage: async (message) => {
      handled.push(message);
      await busy.opened;
      await finish((text) => protocol.send(text));
    },
  });
  peer.write('1\n2\n3\n');
  await until(() => handled.length > 0);
  return { protocol, peer, busy, handled };
}

const CLEAN = { suppressed: [], undelivered: 0 };

describe('the handler of a message, during disconnect(),', () => {
  it('finishes, and what it sends is delivered; it gets no further message', async () => {
    const { protocol, peer, busy, handled } = await busySession((send) => send('answer'));
    const states = recordRunstates(protocol);
    const disconnected = protocol.disconnect();
    expect(await hasSettled(disconnected)).toBe(false);
    busy.open();
    peer.end();
    expect(await text(peer)).toBe('answer\n');
    await disconnected;
    expect(handled).toEqual(['1']);
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(await states.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
  });

  it('may flush, and a send() of any other code is accepted as well', async () => {
    const { protocol, peer, busy } = await busySession(() => protocol.flush());
    const disconnected = protocol.disconnect();
    await protocol.send('from elsewhere');
    busy.open();
    peer.end();
    expect(await text(peer)).toBe('from elsewhere\n');
    await disconnected;
  });

  it('may fail: that is noted, and what was accepted is flushed', async () => {
    const { protocol, peer, busy } = await busySession(async (send) => {
      await send('half an answer');
      throw new Error('no more');
    });
    const disconnected = protocol.disconnect();
    busy.open();
    peer.end();
    expect(await text(peer)).toBe('half an answer\n');
    await expect(disconnected).resolves.toBeUndefined();
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(protocol.outcome?.suppressed).toContainEqual(
      expect.objectContaining({ code: 'ERR_HANDLER' }),
    );
  });

  it('is not waited for in a forced end, and what it fails with then is noted', async () => {
    const { protocol, peer, busy } = await busySession((send) => send('too late'));
    peer.on('error', () => undefined);
    const forced = protocol.disconnect({ force: true });
    busy.open();
    await forced;
    expect(protocol.outcome?.cause).toBeUndefined();
  });

  it('that does not finish is given up at the drain deadline, and the rest is flushed', async () => {
    const clock = new SimulatedClock();
    const [stream, peer] = streamPair();
    const handling = gate();
    const protocol = createProtocol(
      {
        codec: lines(),
        onMessage: () => {
          handling.open();
          return new Promise(() => undefined);
        },
      },
      { clock, timeouts: { drain: 50 } },
    );
    await protocol.connect({ stream });
    peer.write('1\n');
    await handling.opened;
    await protocol.send('accepted');
    const disconnected = protocol.disconnect();
    await turn();
    clock.increment(50);
    peer.end();
    expect(await text(peer)).toBe('accepted\n');
    await disconnected;
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(protocol.outcome).toMatchObject({
      suppressed: [{ code: 'ERR_TIMEOUT', phase: 'drain', ms: 50 }],
      undelivered: 0,
    });
  });

  it('is not waited for when it has called disconnect() itself', async () => {
    const { protocol, peer } = await session({
      onMessage: async () => {
        await protocol.disconnect();
      },
    });
    peer.end('go\n');
    const outcome = await protocol.closed;
    expect(outcome.cause).toBeUndefined();
  });
});

describe('the farewell', () => {
  const farewell: Definition['farewell'] = async ({ send, receive }) => {
    await send('QUIT');
    expect(await receive()).toBe('BYE');
  };

  it('is said after everything that was sent, and hears the answer', async () => {
    const { protocol, peer } = await session({ farewell });
    await protocol.send('last message');
    const disconnected = protocol.disconnect();
    const heard: string[] = [];
    peer.on('data', (chunk: Buffer) => heard.push(String(chunk)));
    await until(() => heard.join('').endsWith('QUIT\n'));
    peer.end('BYE\n');
    await disconnected;
    expect(heard.join('')).toBe('last message\nQUIT\n');
    expect(protocol.outcome).toEqual(CLEAN);
  });

  it('is not said in a forced end, nor when the peer has ended the session', async () => {
    let said = 0;
    const count = () => {
      said += 1;
      return Promise.resolve();
    };
    const forced = await session({ farewell: count });
    forced.peer.on('error', () => undefined);
    await forced.protocol.disconnect({ force: true });
    const ended = await session({ farewell: count });
    ended.peer.end();
    ended.peer.resume();
    await ended.protocol.closed;
    expect(said).toBe(0);
  });

  it('may fail, which is noted', async () => {
    const { protocol, peer } = await session({
      farewell: () => Promise.reject(new Error('speechless')),
    });
    peer.resume().end();
    await protocol.disconnect();
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(protocol.outcome?.suppressed).toMatchObject([{ code: 'ERR_HANDLER' }]);
  });
});

describe('a session with allowHalfOpen', () => {
  it('stays RUNNING after the end of the peer, which can still be answered', async () => {
    const ended = gate();
    const { protocol, peer } = await session({ onEnd: ended.open }, { allowHalfOpen: true });
    peer.end('request\n');
    await ended.opened;
    await turn();
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.send('late answer');
    const answer = text(peer);
    await protocol.disconnect();
    expect(await answer).toBe('late answer\n');
    expect(protocol.outcome?.cause).toBeUndefined();
  });

  it('ends at the end of the peer that was expected', async () => {
    const { protocol, peer } = await session({}, { allowHalfOpen: true });
    protocol.expectEnd();
    peer.resume().end();
    expect(await protocol.closed).toEqual(CLEAN);
  });
});

describe('onEnd', () => {
  it('keeps a session open until its promise has settled', async () => {
    const answered = gate();
    const { protocol, peer } = await session({
      onEnd: async () => {
        await answered.opened;
        await protocol.send('answer');
      },
    });
    peer.end('request\n');
    await turn();
    expect(protocol.runstate).toBe('RUNNING');
    answered.open();
    expect(await text(peer)).toBe('answer\n');
    const { cause, undelivered } = await protocol.closed;
    expect([cause?.message, undelivered]).toEqual(['The peer ended the stream', 0]);
  });

  it('that fails ends the session with a HandlerError', async () => {
    const { protocol, peer } = await session({
      onEnd: () => {
        throw new Error('broken');
      },
    });
    peer.resume().end();
    const { cause } = await protocol.closed;
    expect(cause).toMatchObject({ code: 'ERR_HANDLER', cause: { message: 'broken' } });
    expect(await rejection(protocol.disconnect())).toBe(cause);
  });
});
