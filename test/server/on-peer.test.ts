/** The option `onPeer`: one async function serves one peer. */

import { once } from 'node:events';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  ArgumentError,
  type AsyncProtocol,
  defineClient,
  lines,
  ProtocolServer,
  RefusedError,
  streamPair,
} from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { dialLines, dialSocket, disconnected } from '../support/servers.ts';
import { turn } from '../support/signal.ts';
import { type OnPeer, serve } from './on-peer-support.ts';

expectIdleAfterEach();

/** Answers each line, until QUIT. */
const converse: OnPeer = async (peer) => {
  await peer.send('220 ready');
  for await (const line of peer) {
    if (line === 'QUIT') return peer.send('221 bye');
    await peer.send(`250 ${line}`);
  }
  return undefined;
};

describe('onPeer', () => {
  it('serves a peer from its start to the end of its promise, which disconnects the peer', async () => {
    const { server, failures, address } = await serve(converse);
    const client = await dialLines(address);
    for (const line of ['HELO', 'QUIT', 'late']) await client.protocol.send(line);
    await client.protocol.closed;
    expect(client.messages).toEqual(['220 ready', '250 HELO', '221 bye']);
    await server.close();
    expect(failures).toEqual([]);
  });

  it('loses nothing of a peer that is gone before its loop begins', async () => {
    const received = defer<string[]>();
    const { address } = await serve(async (peer) => {
      for (let turns = 0; turns < 20; turns += 1) await turn();
      const all: string[] = [];
      for await (const line of peer) all.push(line);
      received.resolve(all);
    });
    const socket = await dialSocket(address);
    socket.end('one\ntwo\nthree\n');
    expect(await received.promise).toEqual(['one', 'two', 'three']);
    await disconnected(socket);
  });

  it('slows a peer down whose messages it does not take', async () => {
    const taken = defer<number>();
    const full = defer<undefined>();
    const { server, address } = await serve(async (peer) => {
      await full.promise;
      for (let turns = 0; turns < 20; turns += 1) await turn();
      taken.resolve(server.stats.messagesIn);
      await peer.disconnect({ force: true });
    });
    const socket = await dialSocket(address);
    const line = `${'x'.repeat(64 * 1024 - 1)}\n`;
    while (socket.write(line));
    full.resolve(undefined);
    expect(await taken.promise).toBe(0);
    await disconnected(socket);
  });

  it('fails the session of its peer with its error', async () => {
    const { failures, address } = await serve(async (peer) => {
      for await (const line of peer) {
        if (line === 'bug') throw new TypeError('a bug');
        throw new RefusedError('Not now');
      }
    });
    for (const line of ['bug', 'please']) {
      const client = await dialLines(address);
      await client.protocol.send(line);
      await client.protocol.closed;
    }
    await turn();
    expect(failures.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'ERR_HANDLER: The callback onPeer threw: a bug',
      'ERR_REFUSED: Not now',
    ]);
  });

  it('that throws at once fails the session, too', async () => {
    const { failures, address } = await serve(() => {
      throw new TypeError('a bug');
    });
    await (
      await dialLines(address)
    ).protocol.closed;
    await turn();
    expect(failures).toMatchObject([{ code: 'ERR_HANDLER' }]);
  });

  it('learns in its loop why the peer has failed, which is reported once', async () => {
    const learned = defer<unknown>();
    const { failures, address } = await serve(async (peer) => {
      try {
        for await (const line of peer) await peer.send(line);
      } catch (error) {
        learned.resolve(error);
        throw error;
      }
    });
    const socket = await dialSocket(address);
    socket.write('hello\n');
    await once(socket, 'data');
    socket.resetAndDestroy();
    const error = await learned.promise;
    await turn();
    expect(failures).toEqual([error]);
  });

  it('learns the end of a peer that has gone, in a loop that begins later', async () => {
    const looped = defer<string>();
    const { address } = await serve(async (peer) => {
      await peer.disconnect({ force: true });
      for await (const line of peer) looped.resolve(line);
      looped.resolve('nothing');
    });
    await dialSocket(address);
    expect(await looped.promise).toBe('nothing');
  });

  it('has a signal that is aborted when the peer has gone', async () => {
    const gone = defer<unknown>();
    const { address } = await serve(async (peer, { signal }) => {
      signal.addEventListener('abort', () => {
        gone.resolve(signal.reason);
      });
      for await (const line of peer) await peer.send(line);
      await new Promise(() => undefined);
    });
    (await dialSocket(address)).end();
    expect(await gone.promise).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('that returns no promise leaves the peer to the callbacks of the definition', async () => {
    const seen: string[] = [];
    const server = new ProtocolServer<string>(
      (number, peer) => ({
        codec: lines(),
        onMessage: (line) => peer().send(`${String(number)}${line}`),
      }),
      { onPeer: (peer) => void seen.push(peer.name ?? '') },
    );
    cleanUp(() => server.close({ force: true }));
    const client = await dialLines(await server.listen({ port: 0 }));
    await client.protocol.send('a');
    expect(await client.count(1)).toEqual(['1a']);
    expect(seen).toEqual(['#1']);
    expect(server.peers).toHaveLength(1);
    await server.close();
  });

  it('serves adopted streams, and adopt() resolves with the peer', async () => {
    const [near, far] = streamPair();
    const { server } = await serve(converse);
    const peer = await server.adopt(near);
    expect(peer.name).toBe('#1');
    far.write('QUIT\n');
    far.resume();
    await once(far, 'end');
    far.end();
    await peer.closed;
  });

  it('gets clients of the class that the server was given', async () => {
    class Line extends defineClient<string>(() => lines()) {
      greet(): Promise<void> {
        return this.protocol.send('hello');
      }
    }
    const server = new ProtocolServer(Line, {
      onPeer: async (peer) => {
        expectTypeOf(peer).toEqualTypeOf<Line>();
        await peer.greet();
        for await (const line of peer.protocol) await peer.protocol.send(line);
      },
    });
    cleanUp(() => server.close({ force: true }));
    const client = await dialLines(await server.listen({ port: 0 }));
    await client.protocol.send('echo');
    expect(await client.count(2)).toEqual(['hello', 'echo']);
  });

  it('gets peers whose messages have the type of the codec', () => {
    new ProtocolServer(
      { codec: lines() },
      {
        onPeer: (peer) => {
          expectTypeOf(peer).toEqualTypeOf<AsyncProtocol<string, string>>();
        },
      },
    );
  });

  it('notices the end of a peer whose messages it never takes, if the definition has pull: false', async () => {
    const gone = defer<unknown>();
    const server = new ProtocolServer(
      { codec: lines(), pull: false },
      {
        onPeer: async (peer) => {
          gone.resolve(await peer.closed);
        },
      },
    );
    cleanUp(() => server.close({ force: true }));
    const socket = await dialSocket(await server.listen({ port: 0 }));
    socket.end('dropped\n');
    expect(await gone.promise).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
  });

  it('must be a function', () => {
    const options = { onPeer: 7 } as never;
    expect(() => new ProtocolServer({ codec: lines() }, options)).toThrow(ArgumentError);
  });
});
