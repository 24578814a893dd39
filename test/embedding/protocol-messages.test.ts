/** `protocolMessages`: the messages of a connection as events of a parent chart. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor, sendTo, setup, waitFor } from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  lines,
  type MachineOptions,
  type ProtocolDefinition,
  type ProtocolMessage,
  protocolMessages,
  streamPair,
} from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, turn } from '../support/signal.ts';
import { start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

interface Options extends MachineOptions {
  readonly definition?: Partial<ProtocolDefinition<string>>;
  /** Invokes the logic before the connection. */
  readonly isFirst?: boolean;
}

/** A parent that notes the messages of a connection, and the end of both actors, and the connection's peer. */
function startParent({ definition, isFirst = false, ...options }: Options = {}) {
  const [near, far] = streamPair();
  far.on('error', () => undefined);
  far.resume().on('end', () => far.end());
  cleanUp(() => far.destroy());
  const heard: string[] = [];
  const note = (text: string) => ({ actions: () => heard.push(text) });
  const machine = setup({
    types: {
      events: {} as ProtocolMessage<string> | { readonly type: 'LEAVE' | 'END' },
      children: {} as { connection: 'connection'; messages: 'messages' },
    },
    actors: {
      connection: createProtocolMachine<string>({ codec: lines(), ...definition }, options),
      messages: protocolMessages,
    },
  });
  const invoked = [
    {
      id: 'connection',
      src: 'connection',
      input: { address: { stream: near } },
      onDone: note('connection done'),
    },
    { id: 'messages', src: 'messages', onDone: note('messages done') },
  ] as const;
  const chart = machine.createMachine({
    invoke: isFirst ? [invoked[1], invoked[0]] : [...invoked],
    initial: 'inside',
    states: {
      inside: {
        on: {
          MESSAGE: { actions: ({ event }) => heard.push(event.message) },
          LEAVE: 'outside',
          END: { actions: sendTo('connection', { type: 'DISCONNECT' }) },
        },
      },
      outside: { type: 'final' },
    },
  });
  const parent = start(chart);
  const { connection, messages } = parent.getSnapshot().children;
  if (connection === undefined || messages === undefined) throw new Error('A child is missing');
  return { parent, connection, messages, far, heard };
}

describe('protocolMessages beside a connection', () => {
  it.each([true, false])(
    'hears all messages of the session, and none of the handshake (invoked first: %s)',
    async (isFirst) => {
      const { far, heard } = startParent({
        isFirst,
        definition: {
          handshake: async ({ receive }) => {
            await receive();
          },
        },
      });
      far.write('hello\none\ntwo\n');
      await until(() => heard.length === 2);
      expect(heard).toEqual(['one', 'two']);
    },
  );

  it('hears every message before the end of the connection, and is done after it', async () => {
    const { far, heard } = startParent({ once: true });
    const sent = Array.from({ length: 1000 }, (_, at) => `line ${String(at)}`);
    far.write(`${sent.join('\n')}\n`);
    far.end();
    await until(() => heard.includes('messages done'));
    expect(heard).toEqual([...sent, 'connection done', 'messages done']);
  });

  it('hears what the hook `inbound` has made of a message, and `onMessage` gets it, too', async () => {
    const received: string[] = [];
    const { far, heard } = startParent({
      definition: {
        inbound: (line) => line.toUpperCase(),
        onMessage: (line) => void received.push(line),
      },
    });
    far.write('one\n');
    await until(() => received.length === 1);
    expect(heard).toEqual(['ONE']);
    expect(received).toEqual(['ONE']);
  });

  it('hears messages that an iterator takes, too', async () => {
    const { connection, far, heard } = startParent();
    const messages = AsyncProtocol.attach(connection).messages();
    far.write('one\ntwo\n');
    expect(await messages.next()).toEqual({ done: false, value: 'one' });
    expect(heard[0]).toBe('one');
    await messages.return?.();
  });

  it('does not hear what was sent', async () => {
    const { connection, far, heard } = startParent();
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    await AsyncProtocol.attach<string, string>(connection).send('sent');
    far.write('received\n');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['received']);
  });

  it('waits for a message as long as `onMessage` handles the one before', async () => {
    const handling = gate();
    const { far, heard } = startParent({ definition: { onMessage: () => handling.opened } });
    far.write('one\ntwo\n');
    await until(() => heard.length === 1);
    await turn();
    expect(heard).toEqual(['one']);
    handling.open();
    await until(() => heard.length === 2);
  });

  it('hears only a part of the messages when its parent disconnects in the middle of them', async () => {
    const { parent, connection, far, heard } = startParent();
    far.write('one\n');
    await until(() => heard.length === 1);
    parent.send({ type: 'END' });
    far.write('two\n');
    await waitFor(connection, ({ value }) => value === 'IDLE');
    expect(heard).toEqual(['one']);
  });

  it('hears nothing of the connection when its parent has left it', async () => {
    const { parent, messages, far, heard } = startParent();
    far.write('one\n');
    await until(() => heard.length === 1);
    parent.send({ type: 'LEAVE' });
    expect(messages.getSnapshot().status).toBe('stopped');
    far.write('two\n');
    await turn();
    expect(heard).toEqual(['one']);
  });

  it('hears nothing for a parent in error, whose children run on', async () => {
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    const chart = setup({
      types: { events: {} as ProtocolMessage<string> },
      actors: {
        connection: createProtocolMachine<string>({ codec: lines() }),
        messages: protocolMessages,
      },
    }).createMachine({
      invoke: [{ src: 'connection', input: { address: { stream: near } } }, { src: 'messages' }],
      on: {
        MESSAGE: {
          actions: () => {
            throw new Error('of an action');
          },
        },
      },
    });
    const errors: unknown[] = [];
    const parent = createActor(chart);
    parent.subscribe({ error: (error) => errors.push(error) });
    parent.start();
    onTestFinished(() => {
      far.destroy();
    });
    far.write('one\ntwo\n');
    await until(() => errors.length > 0);
    await turn();
    expect(errors).toMatchObject([{ message: 'of an action' }]);
    far.end();
    await until(() => near.destroyed);
  });
});

describe('protocolMessages that is invoked late', () => {
  it.each([
    ['in reaction to the tag `up` hears all messages', true, ['one', 'two', 'three']],
    ['when messages were received hears only later ones', false, ['three']],
  ] as const)('%s', async (_, atOnce, expected) => {
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    cleanUp(() => far.destroy());
    const heard: string[] = [];
    const received: string[] = [];
    const chart = setup({
      types: {
        context: {},
        events: {} as ProtocolMessage<string> | { readonly type: 'LATE' },
      },
      actors: {
        connection: createProtocolMachine<string>({
          codec: lines(),
          onMessage: (line) => void received.push(line),
        }),
        messages: protocolMessages,
      },
    }).createMachine({
      context: {},
      invoke: {
        src: 'connection',
        input: { address: { stream: near } },
        onSnapshot: { guard: ({ event }) => atOnce && event.snapshot.hasTag('up'), target: '.up' },
      },
      initial: 'down',
      on: { MESSAGE: { actions: ({ event }) => heard.push(event.message) }, LATE: '.up' },
      states: { down: {}, up: { invoke: { src: 'messages' } } },
    });
    const parent = start(chart);
    far.write('one\ntwo\n');
    await until(() => received.length === 2);
    if (!atOnce) parent.send({ type: 'LATE' });
    far.write('three\n');
    await until(() => received.length === 3);
    expect(heard).toEqual(expected);
  });
});
