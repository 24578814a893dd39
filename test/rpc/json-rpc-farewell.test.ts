/** The farewell of a class that extends JsonRpc, and what makes such a class. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { ProtocolServer, streamPair, supervise } from '../../src/index.ts';
import type { RpcSession } from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
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
    const own = { onHandlerError, timeout: 5_000 };
    const supervisor = supervise(Client, await server.listen({ port: 0 }), own);
    expect(() => supervise(Client, '/run/x', { attemps: 1 } as object)).toThrow("'attempts'");
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
