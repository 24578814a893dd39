/** Many peers at one address: who they are, how they are told apart, who watches them. */

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

const place = async (kind: Kind): Promise<Address> => {
  if (kind === 'unix') return `${await tempDir()}/socket`;
  return kind === 'tcp' ? { port: 0 } : { port: 0, tls: certificates.server };
};
/** How a client reaches it. */
const reach = (kind: Kind, bound: BoundAddress): Address =>
  kind === 'tls' && 'port' in bound ? { ...bound, tls: { ca: certificates.ca } } : bound;

/** The name of an actor, which an inspection event does not promise to have. */
const idOf = (actorRef: object): string => ('id' in actorRef ? String(actorRef.id) : '');

describe.each(KINDS)('over %s', (kind) => {
  it('peers come, are told apart, and go, each when it likes', async () => {
    const { server } = createTestServer(echoAfterHandshake);
    const address = reach(kind, await server.listen(await place(kind)));
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

  it('the server is reusable, and its peers are numbered on', async () => {
    const { server } = createTestServer();
    const where = await place(kind);
    for (let round = 1; round <= 3; round += 1) {
      const client = await dialLines(reach(kind, await server.listen(where)));
      expect(await numberOf(client)).toBe(round);
      await server.close();
      expect(await client.protocol.closed).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
      expect(server.state).toBe('IDLE');
    }
  });
});

describe('a server', () => {
  it('tells its state, step by step, and itself', async () => {
    const { server } = createTestServer(echo, { name: 'house' });
    expect(String(server)).toBe("<ProtocolServer name='house' state=IDLE peers=0>");
    const bound = server.listen({ port: 0 });
    expect(server.state).toBe('BINDING');
    const client = await dialLines(await bound);
    await numberOf(client);
    expect(String(server)).toBe("<ProtocolServer name='house' state=LISTENING peers=1>");
    const closed = server.close();
    expect(server.state).toBe('CLOSING');
    await closed;
    expect(String(server)).toBe("<ProtocolServer name='house' state=IDLE peers=0>");
    expect(String(new ProtocolServer(echo))).toBe('<ProtocolServer state=IDLE peers=0>');
  });

  it('may speak one definition with all', async () => {
    const heard: string[] = [];
    const { server } = createTestServer({
      codec: lines(),
      onMessage: (line) => void heard.push(line),
    });
    const address = await server.listen({ port: 0 });
    const clients = await Promise.all([dialLines(address), dialLines(address)]);
    const peers = await take(server, 2);
    await Promise.all(peers.map((peer) => peer.send('to all')));
    await Promise.all(clients.map(({ count }) => count(1)));
    for (const { protocol } of clients) await protocol.send('from one');
    await until(() => heard.length === 2);
  });

  it('gives each of its peers a name, and a logger that says it', async () => {
    const { records, logger } = recordingLogger();
    const { server } = createTestServer(echo, { name: 'house', logger });
    const client = await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    expect(peer?.name).toBe('house#1');
    await numberOf(client);
    await server.close();
    expect(records).toContain('debug house: LISTENING');
    expect(records).toContain('debug house#1: RUNNING (session 1)');
    expect(records).toContain('debug house#1: --> 1: who am I?');
  });

  it('without a name numbers its peers all the same', async () => {
    const { server } = createTestServer();
    await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    expect(peer?.name).toBe('#1');
  });

  it('has itself and every peer inspected, and is harmed by no inspector', async () => {
    const seen = new Set<string>();
    const inspect = ({ type, actorRef }: InspectionEvent): void => {
      if (type === '@xstate.snapshot') seen.add(idOf(actorRef));
      if (type === '@xstate.event') throw new Error('not isolated');
    };
    const { server } = createTestServer(echo, { name: 'house', inspect });
    const address = await server.listen({ port: 0 });
    for (let i = 0; i < 2; i += 1) await numberOf(await dialLines(address));
    await server.close();
    const connections = ['house connection 1', 'house connection 2'];
    const expected = ['house', ...connections, 'house#1', 'house#2'];
    expect([...seen]).toEqual(expect.arrayContaining(expected));
  });

  it('shows an inspector figures, and not its peers', async () => {
    const contexts: string[] = [];
    const inspect = (event: InspectionEvent): void => {
      if (event.type !== '@xstate.snapshot' || idOf(event.actorRef) !== 'house') return;
      contexts.push(JSON.stringify(event.snapshot));
    };
    const { server } = createTestServer(echo, { name: 'house', inspect });
    await numberOf(await dialLines(await server.listen({ port: 0 })));
    await server.close();
    const figures = '"port":{"peers":1,"handshakes":0,"waiting":0,"backlog":0,"refused":0}';
    expect(contexts.filter((context) => context.includes(figures))).not.toEqual([]);
  });
});

describe('a machine that is stopped by who watches it', () => {
  const stoppable = () => {
    let stop: () => void = () => undefined;
    const inspect = Object.assign(() => undefined, {
      attach: (actor: AnyActorRef) => {
        if (actor.id === 'house') stop = actor.stop.bind(actor);
      },
    });
    const { server } = createTestServer(echo, { name: 'house', inspect });
    return {
      server,
      stop: () => {
        stop();
      },
    };
  };

  it('leaves nothing open, and says so from then on', async () => {
    const { server, stop } = stoppable();
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

  it('while it closes has close() resolve', async () => {
    const { server, stop } = stoppable();
    await numberOf(await dialLines(await server.listen({ port: 0 })));
    const closed = server.close();
    stop();
    await closed;
    expect(server.state).toBe('IDLE');
  });

  it('while it binds has listen() reject', async () => {
    const { server, stop } = stoppable();
    const bound = rejection(server.listen({ port: 0 }));
    stop();
    expect(await bound).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ERR_CLOSED' } });
  });
});

describe("the class's example", () => {
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
