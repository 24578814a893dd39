/** What a protocol publishes with `node:diagnostics_channel`. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor } from 'xstate';
import {
  AsyncProtocol,
  type ConnectTrace,
  createProtocolMachine,
  type DisconnectTrace,
  jsonLines,
  lines,
  type MessageTrace,
  streamPair,
  supervise,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Records what is published on the channels of an operation until the end of the test. */
function record<T extends object>(operation: 'connect' | 'disconnect') {
  const published: string[] = [];
  const traces = new Set<T>();
  const tracing = tracingChannel<unknown, T>(`wirechart.${operation}`);
  const note = (part: string) => (trace: T) => {
    published.push(`${operation} ${part}`);
    traces.add(trace);
  };
  const subscribers = Object.fromEntries(PARTS.map((part) => [part, note(part)]));
  const all = subscribers as unknown as Parameters<typeof tracing.subscribe>[0];
  tracing.subscribe(all);
  onTestFinished(() => {
    tracing.unsubscribe(all);
  });
  return { published, traces: () => [...traces] };
}

/** Records all messages that are published until the end of the test. */
function recordMessages(): MessageTrace[] {
  const published: MessageTrace[] = [];
  const note = (trace: unknown) => {
    published.push(trace as MessageTrace);
  };
  subscribe('wirechart.message', note);
  onTestFinished(() => {
    unsubscribe('wirechart.message', note);
  });
  return published;
}

/** An address, and the peer behind it, which ends its side when ours ends. */
function politePeer() {
  const [stream, peer] = streamPair();
  peer.resume().on('end', () => peer.end());
  return { address: { stream }, peer };
}

const SUCCESS = ['start', 'end', 'asyncStart', 'asyncEnd'];
const FAILURE = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];
const of = (operation: string, parts: readonly string[]) =>
  parts.map((part) => `${operation} ${part}`);

describe('connect', () => {
  it('is published from CONNECTING to RUNNING, with one object for all parts', async () => {
    const { published, traces } = record<ConnectTrace>('connect');
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1' });
    const connected = protocol.connect(politePeer().address);
    expect(published).toEqual(of('connect', ['start', 'end']));
    await connected;
    expect(published).toEqual(of('connect', SUCCESS));
    expect(traces()).toEqual([
      {
        protocol,
        name: 'vm1',
        session: 1,
        remote: protocol.remote,
        address: { stream: '[PairEnd]' },
      },
    ]);
    await protocol.disconnect();
  });

  it('is published as failed with the error that the call rejects with', async () => {
    const { published, traces } = record<ConnectTrace>('connect');
    const protocol = createProtocol({ codec: lines() });
    const error = await rejection(protocol.connect('/dev/null'));
    expect(published).toEqual(of('connect', FAILURE));
    expect(traces()).toMatchObject([{ address: '/dev/null', remote: undefined }]);
    expect(traces()[0]?.error).toBe(error);
  });

  it('shows no secret of the address', async () => {
    const { traces } = record<ConnectTrace>('connect');
    const protocol = createProtocol({ codec: lines() });
    const tls = { key: 'hunter2', passphrase: 'hunter2' };
    await rejection(protocol.connect({ port: 1, tls }));
    expect(JSON.stringify(traces()[0]?.address)).not.toContain('hunter2');
    expect(traces()[0]?.address).toMatchObject({ port: 1 });
  });

  it('is published in the asynchronous context of the call', async () => {
    const contexts = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const note = () => seen.push(contexts.getStore());
    subscribe('tracing:wirechart.connect:start', note);
    onTestFinished(() => {
      unsubscribe('tracing:wirechart.connect:start', note);
    });
    const protocol = createProtocol({ codec: lines() });
    await contexts.run('request 1', () => protocol.connect(politePeer().address));
    expect(seen).toEqual(['request 1']);
    await protocol.disconnect();
  });
});

describe('disconnect', () => {
  it('is published from DISCONNECTING to IDLE, with the outcome', async () => {
    const { published, traces } = record<DisconnectTrace>('disconnect');
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect(politePeer().address);
    const disconnected = protocol.disconnect();
    expect(published).toEqual(of('disconnect', ['start', 'end']));
    await disconnected;
    expect(published).toEqual(of('disconnect', SUCCESS));
    expect(traces()[0]?.outcome).toBe(protocol.outcome);
  });

  it('is published as failed when the session fails, whether it was asked for or not', async () => {
    const { published, traces } = record<DisconnectTrace>('disconnect');
    const protocol = createProtocol({ codec: lines() });
    const { address, peer } = politePeer();
    await protocol.connect(address);
    peer.destroy();
    const { cause } = await protocol.closed;
    expect(published).toEqual(of('disconnect', FAILURE));
    expect(traces()[0]?.error).toBe(cause);
  });

  it('is not published for an attempt that fails', async () => {
    const { published } = record('disconnect');
    await rejection(createProtocol({ codec: lines() }).connect('/dev/null'));
    expect(published).toEqual([]);
  });

  it('is published when the machine is stopped in RUNNING', async () => {
    const { published, traces } = record<DisconnectTrace>('disconnect');
    const ref = createActor(createProtocolMachine({ codec: lines() })).start();
    const protocol = AsyncProtocol.attach(ref, { name: 'embedded' });
    await protocol.connect(politePeer().address);
    ref.stop();
    expect(published).toEqual(of('disconnect', FAILURE));
    expect(traces()).toMatchObject([{ name: 'embedded', session: 1 }]);
  });
});

describe('a supervised connection', () => {
  it('publishes each attempt', async () => {
    const { published, traces } = record<ConnectTrace>('connect');
    await using supervisor = supervise({ codec: lines() }, () => politePeer().address, {
      name: 'vm1',
      backoff: { initial: 1 },
      restart: 'always',
    });
    const client = await supervisor.up();
    await client.disconnect();
    await supervisor.up();
    await expect.poll(() => client.stats.sessions).toBe(2);
    expect(published).toEqual([...of('connect', SUCCESS), ...of('connect', SUCCESS)]);
    expect(traces().map(({ name, session }) => [name, session])).toEqual([
      ['vm1', 1],
      ['vm1', 2],
    ]);
  });
});

describe('messages', () => {
  it('are published in both directions, without their secrets', async () => {
    const published = recordMessages();
    const protocol = createProtocol({ codec: jsonLines() }, { name: 'vm1' });
    const { address, peer } = politePeer();
    await protocol.connect(address);
    peer.write('{"hello":1}\n');
    await protocol.send({ password: 'hunter2' });
    await expect.poll(() => published.length).toBe(2);
    expect(published.map(({ arrow, message }) => [arrow, message])).toEqual([
      ['-->', { password: '[redacted]' }],
      ['<--', { hello: 1 }],
    ]);
    expect(published[0]).toMatchObject({ protocol, name: 'vm1', session: 1 });
    await protocol.disconnect();
  });

  it('are published as `redact` of the definition returns them, called when they are read', async () => {
    const published = recordMessages();
    let calls = 0;
    const redact = () => {
      calls += 1;
      return 'hidden';
    };
    const protocol = createProtocol({ codec: lines(), redact });
    await protocol.connect(politePeer().address);
    await protocol.send('hunter2');
    expect([published.length, calls]).toEqual([1, 0]);
    const [first] = published;
    expect([first?.message, first?.message, calls]).toEqual(['hidden', 'hidden', 1]);
    await protocol.disconnect();
  });

  it('are not published when the subscription began during the session', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect(politePeer().address);
    const published = recordMessages();
    await protocol.send('a');
    await protocol.disconnect();
    await protocol.connect(politePeer().address);
    await protocol.send('b');
    expect(published.map(({ message }) => message)).toEqual(['b']);
    await protocol.disconnect();
  });
});
