/** Methods that are called in callbacks, while the machine may be in the middle of a step. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor } from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  lines,
  type Runstate,
  streamPair,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { gate, rejection, turn } from '../support/signal.ts';
import { receivedText } from '../support/streams.ts';

expectIdleAfterEach();

const silentLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('from a handshake', () => {
  it('disconnect() can be awaited, and aborts connect()', async () => {
    const disconnected = gate();
    const protocol: AsyncProtocol<string> = createProtocol({
      codec: lines(),
      handshake: async () => {
        await protocol.disconnect();
        disconnected.open();
      },
    });
    const error = await rejection(protocol.connect({ stream: streamPair()[0] }));
    expect(error).toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    await disconnected.opened;
  });

  it('an abort of the signal rejects connect() with its reason', async () => {
    const controller = new AbortController();
    const protocol = createProtocol({
      codec: lines(),
      handshake: () => {
        controller.abort('changed my mind');
        return Promise.resolve();
      },
    });
    const { signal } = controller;
    const error = await rejection(protocol.connect({ stream: streamPair()[0] }, { signal }));
    expect(error).toBe('changed my mind');
    expect(protocol.runstate).toBe('IDLE');
  });
});

describe('from a hook', () => {
  it.each(['inbound', 'outbound'] as const)('%s, disconnect() ends the session', async (hook) => {
    const { address } = await rawPeer((socket) => socket.end('hello\n'));
    const disconnect = (message: string) => {
      protocol.disconnect().catch(() => undefined);
      return message;
    };
    const protocol: AsyncProtocol<string> = createProtocol({ codec: lines(), [hook]: disconnect });
    const recording = recordRunstates(protocol);
    await protocol.connect(address);
    protocol.send('hello').catch(() => undefined);
    await protocol.closed;
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });
});

describe('from a logger', () => {
  it.each<Runstate>(['CONNECTING', 'RUNNING', 'DISCONNECTING'])(
    'disconnect() in %s leads to IDLE',
    async (runstate) => {
      let disconnected = Promise.resolve();
      const debug = (text: string) => {
        if (text.startsWith(runstate)) disconnected = protocol.disconnect({ force: true });
      };
      const protocol: AsyncProtocol<string> = createProtocol(
        { codec: lines() },
        { logger: { ...silentLogger, debug } },
      );
      const connected = protocol.connect({ stream: streamPair()[0] });
      await connected.catch(() => undefined);
      await protocol.disconnect({ force: true });
      await disconnected;
      await protocol.closed;
    },
  );

  it('connect() in IDLE begins the next attempt at once', async () => {
    const path = `${await tempDir()}/none`;
    let again: Promise<unknown> | undefined;
    const debug = (text: string) => {
      if (text === 'IDLE (session 1)') again = rejection(protocol.connect(path));
    };
    const protocol: AsyncProtocol<string> = createProtocol(
      { codec: lines() },
      { logger: { ...silentLogger, debug } },
    );
    const recording = recordRunstates(protocol);
    expect(await rejection(protocol.connect('/dev/null'))).toMatchObject({ phase: 'connection' });
    expect(await again).toMatchObject({ phase: 'connection', cause: { code: 'ENOENT' } });
    await recording.until('IDLE');
    expect(await recording.until('IDLE')).toHaveLength(6);
  });

  it('disconnect() while the end of a session is logged rejects with the cause', async () => {
    const [stream, peer] = streamPair();
    let disconnected: Promise<unknown> | undefined;
    const info = () => {
      disconnected = rejection(protocol.disconnect());
    };
    const protocol: AsyncProtocol<string> = createProtocol(
      { codec: lines() },
      { logger: { ...silentLogger, debug: silentLogger.info, info } },
    );
    await protocol.connect({ stream });
    peer.resume().end();
    const { cause } = await protocol.closed;
    expect(await disconnected).toBe(cause);
    await protocol.disconnect();
  });

  it('send() in RUNNING is the first message', async () => {
    const [stream, peer] = streamPair();
    const debug = (text: string) => {
      if (text.startsWith('RUNNING')) void protocol.send('first');
    };
    const protocol: AsyncProtocol<string> = createProtocol(
      { codec: lines() },
      { logger: { ...silentLogger, debug } },
    );
    await protocol.connect({ stream });
    await protocol.send('second');
    await protocol.flush();
    expect(receivedText(peer)).toBe('first\nsecond\n');
    await protocol.disconnect({ force: true });
  });
});

describe('from a listener of the actor', () => {
  const startAttached = () => {
    const ref = createActor(createProtocolMachine<string>({ codec: lines() })).start();
    onTestFinished(() => {
      ref.stop();
    });
    return { ref, protocol: AsyncProtocol.attach(ref) };
  };

  it('the methods see the runstate that the listener is called with', async () => {
    const { ref, protocol } = startAttached();
    const calls: Promise<unknown>[] = [];
    const listener = ref.on('runstate', ({ runstate }) => {
      expect(protocol.runstate).toBe(runstate);
      if (runstate === 'RUNNING') calls.push(protocol.send('hello'));
      if (runstate === 'IDLE') calls.push(protocol.listen({ port: 0 }));
    });
    await protocol.connect({ stream: streamPair()[0] });
    await protocol.disconnect({ force: true });
    expect(await Promise.all(calls)).toMatchObject([undefined, { host: '127.0.0.1' }]);
    listener.unsubscribe();
    await protocol.disconnect();
  });

  it.each([
    ['a failed attempt', '/dev/null'],
    ['a session', { stream: streamPair()[0] }],
  ])('connect() in `closed` of %s begins the next attempt', async (_, address) => {
    const { ref, protocol } = startAttached();
    const attempts: Promise<PromiseSettledResult<unknown>[]>[] = [];
    const listener = ref.on('closed', () => {
      listener.unsubscribe();
      const connect = () => protocol.connect({ stream: streamPair()[0] });
      attempts.push(Promise.allSettled([connect(), connect()]));
    });
    const disconnect = () => protocol.disconnect({ force: true });
    await protocol.connect(address).then(disconnect, () => undefined);
    while (attempts.length === 0) await turn();
    expect(await attempts[0]).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'ERR_STATE', state: 'CONNECTING' } },
    ]);
    await disconnect();
  });

  it('disconnect() in `closed` rejects with the cause', async () => {
    const { ref, protocol } = startAttached();
    const [stream, peer] = streamPair();
    let disconnected: Promise<unknown> | undefined;
    ref.on('closed', () => {
      disconnected = rejection(protocol.disconnect());
    });
    await protocol.connect({ stream });
    peer.resume().end();
    const { cause } = await protocol.closed;
    expect(await disconnected).toBe(cause);
    await protocol.disconnect();
  });
});

describe('from a promise:', () => {
  it('connect() after closed begins the next session', async () => {
    const protocol = createProtocol({ codec: lines() });
    const [stream, peer] = streamPair();
    const next = streamPair();
    await protocol.connect({ stream });
    const again = protocol.closed.then(() => protocol.connect({ stream: next[0] }));
    peer.resume().end();
    await again;
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it('connect() after an IDLE of runstates() begins the next session', async () => {
    const protocol = createProtocol({ codec: lines() });
    const attempts: unknown[] = [];
    const states = protocol.runstates();
    const first = rejection(protocol.connect('/dev/null'));
    for await (const runstate of states) {
      if (runstate !== 'IDLE') continue;
      if (attempts.length === 3) break;
      attempts.push(rejection(protocol.connect('/dev/null')));
    }
    await Promise.all([first, ...attempts]);
    await turn();
  });
});
