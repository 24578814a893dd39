/** What the callbacks of a definition may do with their session, and `negotiated`. */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AsyncProtocol, lines, type Session, StateError, streamPair } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, rejection } from '../support/signal.ts';

expectIdleAfterEach();

const greeting = async ({ send, receive }: Session<string>) => {
  await send('hello');
  return { greeting: await receive() };
};

/** A connection whose handler was called, and the session that it was given. */
async function handling() {
  const [stream, peer] = streamPair();
  const sessions: Session<string, string, void>[] = [];
  const called = gate();
  const protocol = new AsyncProtocol<string>({
    codec: lines(),
    onMessage: (_, session) => {
      sessions.push(session);
      called.open();
    },
  });
  await protocol.connect({ stream });
  peer.resume().write('hello\n');
  await called.opened;
  const [session] = sessions;
  if (session === undefined) throw new Error('There was no message');
  return { protocol, session };
}

describe('negotiated', () => {
  it('is what the handshake has resolved with, also in the session of onMessage', async () => {
    const [stream, peer] = streamPair();
    peer.resume().write('welcome\none\n');
    const seen = gate();
    const sessions: unknown[] = [];
    const protocol = new AsyncProtocol<string, string, { greeting: string }>({
      codec: lines(),
      handshake: greeting,
      onMessage: (_, { negotiated }) => {
        sessions.push(negotiated.greeting);
        seen.open();
      },
    });
    expect(protocol.negotiated).toBeUndefined();
    await protocol.connect({ stream });
    expect(protocol.negotiated?.greeting).toBe('welcome');
    await seen.opened;
    expect(sessions).toEqual(['welcome']);
    await protocol.disconnect({ force: true });
    expect(protocol.negotiated?.greeting).toBe('welcome'); // until the next attempt
  });
});

describe('the session of onMessage', () => {
  it('sends, says who the peer is, and can be destructured', async () => {
    const [stream, peer] = streamPair();
    const protocol = new AsyncProtocol<string>({
      codec: lines(),
      onMessage: (line, { send, remote }) => send(`${line} from ${String(remote)}`),
    });
    await protocol.connect({ stream });
    peer.write('hello\n');
    const [data] = (await once(peer, 'data')) as unknown[];
    expect(String(data)).toBe('hello from an unknown peer\n');
    await protocol.disconnect({ force: true });
  });

  it('has a signal that is aborted with the cause of the end', async () => {
    const [stream, peer] = streamPair();
    const signals: AbortSignal[] = [];
    const called = gate();
    const protocol = new AsyncProtocol<string>({
      codec: lines(),
      onMessage: (_, { signal }) => {
        signals.push(signal);
        called.open();
      },
    });
    await protocol.connect({ stream });
    peer.resume().write('hello\n');
    await called.opened;
    peer.on('end', () => peer.end());
    expect(signals[0]?.aborted).toBe(false);
    protocol.fail(new Error('enough'));
    const { cause } = await protocol.closed;
    expect(signals[0]?.reason).toBe(cause);
  });

  it('is aborted with an AbortError after disconnect()', async () => {
    const { protocol, session } = await handling();
    await protocol.disconnect({ force: true });
    expect(session.signal.reason).toMatchObject({ name: 'AbortError' });
  });

  it('does not receive, and sends nothing once the session is over, nor into the next one', async () => {
    const { protocol, session } = await handling();
    expect(await rejection(session.receive())).toBeInstanceOf(StateError);
    await protocol.disconnect({ force: true });
    expect(await rejection(session.send('late'))).toBeInstanceOf(StateError);
    const [next] = streamPair();
    await protocol.connect({ stream: next });
    expect(await rejection(session.send('later'))).toBeInstanceOf(StateError);
    await protocol.disconnect({ force: true });
  });

  it('may still send while the end of the session waits for the handler, and not after', async () => {
    const [stream, peer] = streamPair();
    const [called, busy] = [gate(), gate()];
    const sent: unknown[] = [];
    const protocol = new AsyncProtocol<string>({
      codec: lines(),
      onMessage: async (_, { send }) => {
        called.open();
        await busy.opened;
        sent.push(await send('answer').then(() => 'sent'));
      },
    });
    await protocol.connect({ stream });
    let received = '';
    peer.on('data', (chunk: Buffer) => (received += chunk.toString()));
    peer.on('end', () => peer.end());
    peer.write('question\n');
    await called.opened;
    const disconnected = protocol.disconnect();
    busy.open();
    await disconnected;
    expect([received, sent]).toEqual(['answer\n', ['sent']]);
  });
});

describe('receive() of the handshake', () => {
  it('gives up at a signal, and leaves the message to the next call', async () => {
    const [stream, peer] = streamPair();
    const protocol = new AsyncProtocol<string, string, unknown[]>({
      codec: lines(),
      handshake: async ({ receive }) => {
        const controller = new AbortController();
        const first = receive({ signal: controller.signal });
        controller.abort(new Error('too slow'));
        const error = await rejection(first);
        peer.resume().write('late\n');
        return [error, await receive()];
      },
    });
    await protocol.connect({ stream });
    expect(protocol.negotiated).toEqual([new Error('too slow'), 'late']);
    await protocol.disconnect({ force: true });
  });
});
