/** The handshake of a class that extends JsonRpc. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { streamPair } from '../../src/index.ts';
import { type RpcSession } from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { gate, rejection } from '../support/signal.ts';
import {
  Client,
  initialized,
  type Initialized,
  isSent,
  Peer,
  rawClient,
  type Server,
} from './session-support.ts';

expectIdleAfterEach();

describe('the handshake of a class', () => {
  it('calls the peer, and what it resolves with is negotiated', async () => {
    const { client, connected, tell, written } = rawClient();
    await until(() => written.length === 1);
    expect(written).toMatchObject([{ id: 1, method: 'initialize', params: { capabilities: {} } }]);
    tell(initialized());
    await connected;
    expect(client.negotiated).toEqual({ capabilities: { hover: true } });
    await until(() => written.length === 2);
    expect(written[1]).toMatchObject({ method: 'initialized' });
    await client.disconnect({ force: true });
  });

  it('answers requests of the peer meanwhile, and hands its notifications on', async () => {
    const { client, connected, tell, written } = rawClient();
    const seen: unknown[] = [];
    client.handle('log', (params) => void seen.push(params));
    client.handle('config', () => 'tabs');
    tell({ jsonrpc: '2.0', method: 'log', params: ['starting'] });
    tell({ jsonrpc: '2.0', id: 'a', method: 'config' });
    await until(() => written.length === 2);
    expect([written[1], seen]).toMatchObject([{ id: 'a', result: 'tabs' }, [['starting']]]);
    tell(initialized());
    await connected;
    await client.disconnect({ force: true });
  });

  it('lets a handler that was called in it reply when the session runs', async () => {
    const { client, connected, tell, written } = rawClient();
    const [called, go] = [gate(), gate()];
    client.handle('config' as never, async () => {
      called.open();
      await go.opened;
      return 'tabs';
    });
    tell({ jsonrpc: '2.0', id: 'a', method: 'config' });
    await called.opened;
    tell(initialized());
    await connected;
    go.open();
    await until(() => written.length === 3);
    expect(written[2]).toMatchObject({ id: 'a', result: 'tabs' });
    await client.disconnect({ force: true });
  });

  it.each([1, 2, 3, 5, 8, 13])(
    'loses no reply of a handler that finishes %i microtasks after the message that ends it',
    async (microtasks) => {
      const { client, connected, tell, written } = rawClient();
      client.handle('config' as never, async () => {
        for (let at = 0; at < microtasks; at += 1) await Promise.resolve();
        return 'tabs';
      });
      tell(`${JSON.stringify(initialized())}\n{"jsonrpc":"2.0","id":"a","method":"config"}`);
      await connected;
      await until(() => written.length === 3);
      expect(written).toContainEqual({ jsonrpc: '2.0', id: 'a', result: 'tabs' });
      await client.disconnect({ force: true });
    },
  );

  it('loses no message that comes right behind the one that ends it', async () => {
    const { client, connected, tell } = rawClient();
    const seen: unknown[] = [];
    client.handle('log', (params) => void seen.push(params));
    const logs = Array.from({ length: 20 }, (_, n) => ({
      jsonrpc: '2.0',
      method: 'log',
      params: [n],
    }));
    tell([initialized(), ...logs].map((message) => JSON.stringify(message)).join('\n'));
    await connected;
    await until(() => seen.length === 20);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => [n]));
    await client.disconnect({ force: true });
  });

  it('that the peer refuses fails connect() with the error of the peer', async () => {
    const { connected, tell, written } = rawClient();
    await until(() => written.length === 1);
    tell({ jsonrpc: '2.0', id: 1, error: { code: -32_602, message: 'Unknown version' } });
    expect(await rejection(connected)).toMatchObject({
      code: 'ERR_CONNECT',
      cause: { code: 'ERR_RPC', errorCode: -32_602, message: 'initialize: Unknown version' },
    });
  });

  it('fails when the peer ends the stream, and so do its requests', async () => {
    const replies: Promise<unknown>[] = [];
    class Waiting extends Client {
      protected override handshake({ request }: RpcSession<Server>) {
        const reply = request('initialize', {});
        replies.push(reply);
        return reply;
      }
    }
    const { client, connected, peer, written } = rawClient(Waiting);
    await until(() => written.length === 1);
    peer.end();
    expect(await rejection(connected)).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
    expect(await rejection(Promise.all(replies))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(client.pending).toBe(0);
  });

  it('fails at its deadline, and does not cancel its requests', async () => {
    const clock = new SimulatedClock();
    const { connected, written } = rawClient(Client, { clock, timeouts: { handshake: 100 } });
    await until(() => written.length === 1);
    clock.increment(100);
    expect(await rejection(connected)).toMatchObject({ cause: { code: 'ERR_TIMEOUT' } });
    expect(written).toHaveLength(1);
  });

  it('fails when a request of it passes its own deadline', async () => {
    const clock = new SimulatedClock();
    const { connected, written } = rawClient(Client, { clock, timeout: 50 });
    await until(() => written.length === 1);
    clock.increment(50);
    expect(await rejection(connected)).toMatchObject({
      cause: { code: 'ERR_TIMEOUT', message: /No reply to initialize/ },
    });
    expect(isSent(written, '$/cancelRequest')).toBe(false);
  });

  it('does not open the connection to other code: request() needs RUNNING', async () => {
    const { client, connected, tell, written } = rawClient();
    await until(() => written.length === 1);
    expect(await rejection(client.request('hover', {}))).toMatchObject({ code: 'ERR_STATE' });
    tell(initialized());
    await connected;
    await client.disconnect({ force: true });
  });

  it('is told who the peer is, and when the attempt has ended', async () => {
    const seen: unknown[] = [];
    class Curious extends Client {
      protected override handshake({ remote, signal, request }: RpcSession<Server>) {
        seen.push(typeof remote, signal.aborted);
        signal.addEventListener('abort', () => seen.push(signal.reason));
        return request('initialize', {});
      }
    }
    const { client, connected, written } = rawClient(Curious);
    await until(() => written.length === 1);
    const [error] = await Promise.all([rejection(connected), client.disconnect()]);
    expect(error).toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    expect(seen).toMatchObject(['object', false, { name: 'AbortError' }]);
  });

  it('gets no messages by receive(): they go to the handlers', async () => {
    class Receiving extends Client {
      protected override async handshake({ receive }: RpcSession<Server>) {
        return (await receive()) as unknown as Initialized;
      }
    }
    const { connected } = rawClient(Receiving);
    expect(await rejection(connected)).toMatchObject({
      cause: { code: 'ERR_STATE', message: /go to the handlers/ },
    });
  });

  it('of a server may wait for a message of the client', async () => {
    class Greeted extends Peer {
      protected override handshake(): Promise<void> {
        return new Promise((resolve) => {
          this.handle('initialized', () => {
            resolve();
          });
        });
      }
    }
    const [ours, theirs] = streamPair();
    const [client, peer] = [new Client(), new Greeted()];
    await Promise.all([client.connect({ stream: ours }), peer.connect({ stream: theirs })]);
    expect(await client.request('hover', {})).toBe('a number');
    await Promise.all([client.disconnect(), peer.disconnect()]);
  });
});
