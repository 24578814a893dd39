/** The handshake and the farewell of a class that extends JsonRpc. */

import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import { jsonLines, ProtocolServer, streamPair, supervise } from '../../src/index.ts';
import {
  type AnyMethods,
  defineJsonRpc,
  type JsonRpcOptions,
  type RpcSession,
} from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { gate, rejection } from '../support/signal.ts';
import { rawEnd } from './support.ts';

expectIdleAfterEach();

interface Initialized {
  readonly capabilities: { readonly hover: boolean };
}
interface Server {
  initialize(params: object): Initialized;
  initialized(params: object): void;
  hover(params: object): string;
  shutdown(): null;
  exit(): void;
}

const Base = defineJsonRpc<Server, AnyMethods, Initialized>({ codec: jsonLines(), cancel: 'lsp' });

/** A client in the manner of LSP. */
class Client extends Base {
  protected override async handshake({ request, notify }: RpcSession<Server>) {
    const result = await request('initialize', { capabilities: {} });
    await notify('initialized', {});
    return result;
  }
  protected override async farewell({ request, notify }: RpcSession<Server, Initialized>) {
    await request('shutdown');
    await notify('exit');
  }
}

/** Its server. */
class Peer extends defineJsonRpc<object, Server>({ codec: jsonLines() }) {
  readonly seen: string[] = [];
  constructor(options?: Partial<JsonRpcOptions>) {
    super(options);
    this.handle('initialize', () => ({ capabilities: { hover: true } }));
    this.handle('initialized', () => void this.seen.push('initialized'));
    this.handle('hover', () => 'a number');
    this.handle('shutdown', () => (this.seen.push('shutdown'), null));
    this.handle('exit', () => {
      this.seen.push('exit');
      this.protocol.expectEnd();
    });
  }
}

/** A client on one end of a stream, and the other end, raw. */
function rawClient(Kind: typeof Client = Client, options?: Partial<JsonRpcOptions>) {
  const [stream, peer] = streamPair();
  const client = new Kind(options);
  return { client, connected: client.connect({ stream }), ...rawEnd(peer) };
}
const initialized = () => ({ jsonrpc: '2.0', id: 1, result: { capabilities: { hover: true } } });
const isSent = (written: readonly unknown[], method: string) =>
  written.some((message) => (message as { method?: unknown }).method === method);

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

describe('the farewell of a class', () => {
  it('calls the peer before the stream ends', async () => {
    const [ours, theirs] = streamPair();
    const [client, peer] = [new Client(), new Peer()];
    await Promise.all([client.connect({ stream: ours }), peer.connect({ stream: theirs })]);
    await client.disconnect();
    expect(peer.seen).toEqual(['initialized', 'shutdown', 'exit']);
    expect(client.outcome).toMatchObject({ suppressed: [] });
    await peer.disconnect();
  });

  it('is not needed by a peer that leaves when it is told to', async () => {
    class Impolite extends Client {
      protected override async farewell({ notify }: RpcSession<Server, Initialized>) {
        await notify('exit');
        await new Promise(() => undefined);
      }
    }
    const { client, connected, tell, peer, written } = rawClient(Impolite);
    tell(initialized());
    await connected;
    const disconnected = client.disconnect();
    await until(() => isSent(written, 'exit'));
    peer.end();
    await disconnected;
    expect(client.outcome).toMatchObject({ suppressed: [] });
  });

  it('that the peer leaves without a reply is kept in suppressed', async () => {
    const { client, connected, tell, peer, written } = rawClient();
    tell(initialized());
    await connected;
    const disconnected = client.disconnect();
    await until(() => isSent(written, 'shutdown'));
    peer.end();
    await disconnected;
    expect(client.outcome?.suppressed).toMatchObject([{ code: 'ERR_CLOSED' }]);
  });

  it('still gets the replies of earlier requests', async () => {
    const { client, connected, tell, written } = rawClient();
    tell(initialized());
    await connected;
    const hover = client.request('hover', {});
    const disconnected = client.disconnect();
    await until(() => isSent(written, 'shutdown'));
    tell({ jsonrpc: '2.0', id: 2, result: 'a number' });
    tell({ jsonrpc: '2.0', id: 3, result: null });
    expect(await hover).toBe('a number');
    await until(() => isSent(written, 'exit'));
    await disconnected;
  });
});

describe('a class of defineJsonRpc()', () => {
  it('is served, supervised, and a machine in a statechart', async () => {
    await using server = new ProtocolServer(Peer);
    const address = await server.listen({ port: 0 });
    const supervisor = supervise(Client, address);
    const client = await supervisor.up();
    expect([client.negotiated, await client.request('hover', {})]).toEqual([
      { capabilities: { hover: true } },
      'a number',
    ]);
    const actor = createActor(Client.createMachine(), { input: { address } }).start();
    const attached = Client.attach(actor);
    await until(() => attached.runstate === 'RUNNING');
    expect([attached.negotiated, await attached.request('hover', {})]).toEqual([
      { capabilities: { hover: true } },
      'a number',
    ]);
    expect(server.peers.every((peer) => peer instanceof Peer)).toBe(true);
    await attached.disconnect();
    actor.stop();
    await supervisor.stop();
  });

  it('gets its own options from the supervisor that makes it', async () => {
    await using server = new ProtocolServer(Peer);
    const errors: unknown[] = [];
    const onHandlerError = (_: unknown, method: string) => errors.push(method);
    const supervisor = supervise(Client, await server.listen({ port: 0 }), { onHandlerError });
    const client = await supervisor.up();
    client.handle('note', () => Promise.reject(new Error('no file')));
    await server.peers[0]?.protocol.send({ jsonrpc: '2.0', method: 'note' });
    await until(() => errors.length === 1);
    expect(errors).toEqual(['note']);
    await supervisor.stop();
  });

  it('takes the options of a connection, which replace those of the class', () => {
    expect(() => new Client({ cancel: 'lps' as 'lsp' })).toThrow("'lsp', 'mcp'");
    expect(new Client({ name: 'docs' }).toString()).toBe("<Client name='docs' runstate=IDLE>");
  });
});
