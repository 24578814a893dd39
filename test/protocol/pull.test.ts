/** `pull` of a definition: messages wait until a loop takes them. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  ArgumentError,
  AsyncProtocol,
  defineClient,
  lines,
  ProtocolServer,
  streamPair,
} from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { dialSocket, take } from '../support/servers.ts';
import { turn } from '../support/signal.ts';

expectIdleAfterEach();

const pulled = { codec: lines(), pull: true };

async function collect(messages: AsyncIterable<string>): Promise<string[]> {
  const all = [];
  for await (const message of messages) all.push(message);
  return all;
}

const turns = async (count: number): Promise<void> => {
  for (let done = 0; done < count; done += 1) await turn();
};

describe('pull', () => {
  it('keeps what arrives before the first loop, in each session', async () => {
    const protocol = track(new AsyncProtocol<string>(pulled));
    for (let session = 0; session < 2; session += 1) {
      const [stream, peer] = streamPair();
      peer.end('one\ntwo\n');
      await protocol.connect({ stream });
      await turns(10);
      expect(protocol.stats.messagesIn).toBe(2 * session);
      expect(await collect(protocol)).toEqual(['one', 'two']);
      await protocol.closed;
    }
  });

  it('keeps what a served peer sends until a loop over the server has taken the peer', async () => {
    const server = new ProtocolServer<string>(pulled);
    cleanUp(() => server.close({ force: true }));
    const socket = await dialSocket(await server.listen({ port: 0 }));
    socket.end('one\ntwo\n');
    await turns(20);
    const [peer] = await take(server, 1);
    await turns(10);
    expect(peer && (await collect(peer))).toEqual(['one', 'two']);
    expect(peer && (await collect(peer))).toEqual([]); // it has no next session
  });

  it('may be a field of a client class', async () => {
    class Puller extends defineClient<string>(() => lines()) {
      protected override readonly pull = true;
    }
    const [stream, peer] = streamPair();
    peer.end('one\n');
    const client = track(new Puller());
    await client.connect({ stream });
    await turns(10);
    expect(await collect(client.protocol)).toEqual(['one']);
    await client.closed;
  });

  it('makes no peer count as silent whose messages wait', async () => {
    const clock = new SimulatedClock();
    const timeouts = { idle: 100, firstMessage: 100 };
    const protocol = track(new AsyncProtocol<string>(pulled, { clock, timeouts }));
    const [stream, peer] = streamPair();
    peer.end('one\n');
    await protocol.connect({ stream });
    for (let passed = 0; passed < 10; passed += 1) clock.increment(50);
    expect(protocol.runstate).toBe('RUNNING');
    expect(await collect(protocol)).toEqual(['one']);
    await protocol.closed;
  });

  it('does not keep disconnect() from ending the session', async () => {
    const protocol = track(new AsyncProtocol<string>(pulled));
    const [stream, peer] = streamPair();
    peer.resume().end('one\n');
    await protocol.connect({ stream });
    await turns(10);
    await protocol.disconnect();
    expect(protocol.outcome?.cause).toBeUndefined();
  });

  it.each([
    ['with onMessage', { ...pulled, onMessage: () => undefined }, 'either onMessage'],
    ['that is no boolean', { ...pulled, pull: 1 }, 'must be a boolean, not 1'],
  ])('is refused %s', (_, definition, text) => {
    expect(() => new AsyncProtocol<string>(definition as never)).toThrow(ArgumentError);
    expect(() => new AsyncProtocol<string>(definition as never)).toThrow(text);
  });
});
