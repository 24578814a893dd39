/** Many peers at one address: their numbers, names, loggers and inspectors. */

import { describe, expect, it } from 'vitest';
import type { AnyActorRef, InspectionEvent } from 'xstate';
import {
  type Address,
  AsyncProtocol,
  type BoundAddress,
  lines,
  ProtocolServer,
} from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  createClient,
  createTestServer,
  dialLines,
  echo,
  echoAfterHandshake,
  numberOf,
  take,
} from '../support/servers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const certificates = await makeCertificates();
const KINDS = ['unix', 'tcp', 'tls'] as const;
type Kind = (typeof KINDS)[number];

const addressOf = async (kind: Kind): Promise<Address> => {
  if (kind === 'unix') return `${await tempDir()}/socket`;
  return kind === 'tcp' ? { port: 0 } : { port: 0, tls: certificates.server };
};
/** The address for a client. */
const clientAddress = (kind: Kind, bound: BoundAddress): Address =>
  kind === 'tls' && 'port' in bound ? { ...bound, tls: { ca: certificates.ca } } : bound;

/** The id of an actor; the type of an inspection event does not guarantee one. */
const idOf = (actorRef: object): string => ('id' in actorRef ? String(actorRef.id) : '');

describe.each(KINDS)('over %s', (kind) => {
  it('peers connect, have numbers, and disconnect independently', async () => {
    const { server } = createTestServer(echoAfterHandshake);
    const address = clientAddress(kind, await server.listen(await addressOf(kind)));
    const clients = [];
    for (let i = 0; i < 3; i += 1) clients.push(await dialLines(address, { greets: true }));
    const peers = await take(server, 3);
    expect(peers.map(({ runstate }) => runstate)).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    expect(await Promise.all(clients.map(numberOf))).toEqual([1, 2, 3]);
    await clients[1]?.protocol.disconnect();
    await peers[1]?.closed;
    expect(server.peers).toEqual([peers[0], peers[2]]);
    const [first, , third] = clients;
    expect(first && (await numberOf(first))).toBe(1);
    expect(third && (await numberOf(third))).toBe(3);
  });

  it('the server can listen again, and continues to count its peers', async () => {
    const { server } = createTestServer();
    const address = await addressOf(kind);
    for (let round = 1; round <= 3; round += 1) {
      const client = await dialLines(clientAddress(kind, await server.listen(address)));
      expect(await numberOf(client)).toBe(round);
      await server.close();
      expect(await client.protocol.closed).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
      expect(server.state).toBe('IDLE');
    }
  });
});

describe('a server', () => {
  it('shows each of its states, also in its string form', async () => {
    const { server } = createTestServer(echo, { name: 'server' });
    expect(String(server)).toBe("<ProtocolServer name='server' state=IDLE peers=0>");
    const bound = server.listen({ port: 0 });
    expect(server.state).toBe('BINDING');
    const client = await dialLines(await bound);
    await numberOf(client);
    expect(String(server)).toBe("<ProtocolServer name='server' state=LISTENING peers=1>");
    const closed = server.close();
    expect(server.state).toBe('CLOSING');
    await closed;
    expect(String(server)).toBe("<ProtocolServer name='server' state=IDLE peers=0>");
    expect(String(new ProtocolServer(echo))).toBe('<ProtocolServer state=IDLE peers=0>');
  });

  it('may use one definition for all peers', async () => {
    const received: string[] = [];
    const { server } = createTestServer({
      codec: lines(),
      onMessage: (line) => void received.push(line),
    });
    const address = await server.listen({ port: 0 });
    const clients = await Promise.all([dialLines(address), dialLines(address)]);
    const peers = await take(server, 2);
    await Promise.all(peers.map((peer) => peer.send('to all')));
    await Promise.all(clients.map(({ count }) => count(1)));
    for (const { protocol } of clients) await protocol.send('from one');
    await until(() => received.length === 2);
  });

  it('gives each of its peers a name, which its log records show', async () => {
    const { records, logger } = recordingLogger();
    const { server } = createTestServer(echo, { name: 'server', logger });
    const client = await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    expect(peer?.name).toBe('server#1');
    await numberOf(client);
    await server.close();
    expect(records).toContain('debug server: LISTENING');
    expect(records).toContain('debug server#1: RUNNING (session 1)');
    expect(records).toContain('debug server#1: --> 1: who am I?');
  });

  it('numbers its peers also without a name', async () => {
    const { server } = createTestServer();
    await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    expect(peer?.name).toBe('#1');
  });

  it('has itself and every peer inspected, and ignores errors of the inspector', async () => {
    const seen = new Set<string>();
    const inspect = ({ type, actorRef }: InspectionEvent): void => {
      if (type === '@xstate.snapshot') seen.add(idOf(actorRef));
      if (type === '@xstate.event') throw new Error('not isolated');
    };
    const { server } = createTestServer(echo, { name: 'server', inspect });
    const address = await server.listen({ port: 0 });
    for (let i = 0; i < 2; i += 1) await numberOf(await dialLines(address));
    await server.close();
    const connections = ['server connection 1', 'server connection 2'];
    const expected = ['server', ...connections, 'server#1', 'server#2'];
    expect([...seen]).toEqual(expect.arrayContaining(expected));
  });

  it('shows an inspector numbers instead of its peers', async () => {
    const contexts: string[] = [];
    const inspect = (event: InspectionEvent): void => {
      if (event.type !== '@xstate.snapshot' || idOf(event.actorRef) !== 'server') return;
      contexts.push(JSON.stringify(event.snapshot));
    };
    const { server } = createTestServer(echo, { name: 'server', inspect });
    await numberOf(await dialLines(await server.listen({ port: 0 })));
    await server.close();
    const numbers = '"port":{"peers":1,"handshakes":0,"waiting":0,"backlog":0,"refused":0}';
    expect(contexts.filter((context) => context.includes(numbers))).not.toEqual([]);
  });
});

describe('a server whose machine is stopped by an inspector', () => {
  const createStoppable = () => {
    let stop: () => void = () => undefined;
    const inspect = Object.assign(() => undefined, {
      attach: (actor: AnyActorRef) => {
        if (actor.id === 'server') stop = actor.stop.bind(actor);
      },
    });
    const { server } = createTestServer(echo, { name: 'server', inspect });
    return {
      server,
      stop: () => {
        stop();
      },
    };
  };

  it('leaves nothing open, and rejects listen() from then on', async () => {
    const { server, stop } = createStoppable();
    const client = await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    const rest = take(server, 1);
    stop();
    expect(server.state).toBe('IDLE');
    expect(await rest).toEqual([]);
    await peer?.closed;
    await client.protocol.closed;
    await server.close();
    expect(await rejection(server.listen({ port: 0 }))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('resolves the pending close()', async () => {
    const { server, stop } = createStoppable();
    await numberOf(await dialLines(await server.listen({ port: 0 })));
    const closed = server.close();
    stop();
    await closed;
    expect(server.state).toBe('IDLE');
  });

  it('rejects the pending listen()', async () => {
    const { server, stop } = createStoppable();
    const bound = rejection(server.listen({ port: 0 }));
    stop();
    expect(await bound).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ERR_CLOSED' } });
  });
});

describe('the example in the docstring of the class', () => {
  it('works', async () => {
    const server = new ProtocolServer<string>((number, peer) => ({
      codec: lines(),
      onMessage: (line) => peer().send(`${String(number)}: ${line}`),
    }));
    cleanUp(() => server.close({ force: true }));
    const address = await server.listen({ port: 0 });
    const loop = (async () => {
      for await (const peer of server) await peer.send('welcome');
    })();
    const client = createClient();
    await client.protocol.connect(address);
    await client.protocol.send('hello');
    expect([...(await client.count(2))].sort()).toEqual(['1: hello', 'welcome']);
    await server.close();
    await loop;
    expect(client.protocol).toBeInstanceOf(AsyncProtocol);
  });
});
