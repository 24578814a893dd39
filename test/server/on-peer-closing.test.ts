/** How a server is closed whose peers are served by `onPeer`. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { defer } from '../../src/async/deferred.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { dialLines } from '../support/servers.ts';
import { turn } from '../support/signal.ts';
import { type OnPeer, serve } from './on-peer-support.ts';

expectIdleAfterEach();

describe('close() of a server with onPeer', () => {
  /** Waits until it may answer, and says goodbye after its loop. */
  function slowly() {
    const asked = defer<undefined>();
    const mayAnswer = defer<undefined>();
    const onPeer: OnPeer = async (peer) => {
      for await (const line of peer) {
        asked.resolve(undefined);
        await mayAnswer.promise;
        await peer.send(`250 ${line}`);
      }
      await peer.send('421 closing');
    };
    return { onPeer, asked: asked.promise, mayAnswer };
  }

  it('ends its loop after the message that is being handled, and lets it say goodbye', async () => {
    const { onPeer, asked, mayAnswer } = slowly();
    const { server, failures, address } = await serve(onPeer);
    const client = await dialLines(address);
    await client.protocol.send('one');
    await client.protocol.send('two');
    await asked;
    const closed = server.close();
    await turn();
    mayAnswer.resolve(undefined);
    await closed;
    await client.protocol.closed;
    expect(client.messages).toEqual(['250 one', '421 closing']);
    expect(failures).toEqual([]);
  });

  it('waits for it until timeouts.drain has passed, and ends gracefully all the same', async () => {
    const clock = new SimulatedClock();
    const { onPeer, asked, mayAnswer } = slowly();
    const { server, failures, address } = await serve(onPeer, { clock, timeouts: { drain: 100 } });
    const client = await dialLines(address);
    await client.protocol.send('one');
    await asked;
    const closed = server.close();
    await turn();
    clock.increment(100);
    await closed;
    expect(failures).toEqual([]);
    mayAnswer.resolve(undefined);
    await client.protocol.closed;
    expect(client.messages).toEqual([]);
  });

  it('is no failure of the peer, even if it throws by then', async () => {
    const began = defer<undefined>();
    const { server, failures, address } = await serve(async (peer) => {
      const messages = peer.messages();
      began.resolve(undefined);
      for await (const line of messages) await peer.send(line);
      throw new Error('too late');
    });
    await dialLines(address);
    await began.promise;
    await server.close();
    expect(failures).toEqual([]);
  });

  it('does not wait for a callback that takes no messages, and aborts its signal', async () => {
    const clock = new SimulatedClock();
    const began = defer<AbortSignal>();
    const { server, address } = await serve(
      async (peer, { signal }) => {
        began.resolve(signal);
        await peer.closed;
      },
      { clock },
    );
    await dialLines(address);
    const signal = await began.promise;
    expect(signal.aborted).toBe(false);
    await server.close();
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
  });

  it('destroys its peer at once, with force', async () => {
    const { onPeer, asked, mayAnswer } = slowly();
    const { server, address } = await serve(onPeer);
    const client = await dialLines(address);
    await client.protocol.send('one');
    await asked;
    void server.close();
    await server.close({ force: true });
    expect(server.state).toBe('IDLE');
    mayAnswer.resolve(undefined);
    await client.protocol.closed;
    expect(client.messages).toEqual([]);
  });
});
