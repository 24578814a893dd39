/** `protocolMessages` beside a connection whose messages wait for a consumer. */

import { describe, expect, it } from 'vitest';
import { sendTo, setup, waitFor } from 'xstate';
import {
  type Address,
  AsyncProtocol,
  createProtocolMachine,
  defineClient,
  lines,
  type MachineOptions,
  type ProtocolMessage,
  protocolMessages,
  streamPair,
} from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

const turns = async (count: number): Promise<void> => {
  for (let done = 0; done < count; done += 1) await turn();
};

interface Options extends MachineOptions {
  /** Whether the logic is invoked together with the connection. */
  readonly isOn?: boolean;
}

/** A parent of a connection with `pull`, and its peer. TOGGLE invokes `protocolMessages`, or leaves it again. */
function startParent({ isOn = true, ...options }: Options = {}) {
  const [near, far] = streamPair();
  far.on('error', () => undefined);
  far.resume().on('end', () => far.end());
  cleanUp(() => far.destroy());
  const heard: string[] = [];
  const note = (text: string) => ({ actions: () => heard.push(text) });
  const chart = setup({
    types: {
      events: {} as ProtocolMessage<string> | { readonly type: 'TOGGLE' | 'END' },
      children: {} as { connection: 'connection'; messages: 'messages' },
    },
    actors: {
      connection: createProtocolMachine<string>({ codec: lines(), pull: true }, options),
      messages: protocolMessages,
    },
  }).createMachine({
    invoke: {
      id: 'connection',
      src: 'connection',
      input: { address: { stream: near } },
      onDone: note('connection done'),
    },
    initial: isOn ? 'on' : 'off',
    on: {
      MESSAGE: { actions: ({ event }) => heard.push(event.message) },
      END: { actions: sendTo('connection', { type: 'DISCONNECT' }) },
    },
    states: {
      off: { on: { TOGGLE: 'on' } },
      on: {
        invoke: { id: 'messages', src: 'messages', onDone: note('messages done') },
        on: { TOGGLE: 'off' },
      },
    },
  });
  const parent = start(chart);
  const { connection } = parent.getSnapshot().children;
  if (connection === undefined) throw new Error('The connection is missing');
  return { parent, connection, near, far, heard };
}

describe('protocolMessages beside a connection whose messages wait for a consumer', () => {
  it('hears all messages, and every one before the end of the connection', async () => {
    const { far, heard } = startParent({ once: true });
    far.end('one\ntwo\n');
    await until(() => heard.includes('messages done'));
    expect(heard).toEqual(['one', 'two', 'connection done', 'messages done']);
  });

  it('hears messages that arrived before it was invoked, and goes on after a pause', async () => {
    const { parent, connection, far, heard } = startParent({ isOn: false });
    far.write('one\ntwo\n');
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    const facade = AsyncProtocol.attach(connection);
    await turns(10);
    expect(facade.stats.messagesIn).toBe(0);
    parent.send({ type: 'TOGGLE' });
    await until(() => heard.length === 2);
    parent.send({ type: 'TOGGLE' });
    far.write('three\n');
    await turns(10);
    expect(facade.stats.messagesIn).toBe(2);
    parent.send({ type: 'TOGGLE' });
    await until(() => heard.length === 3);
    expect(heard).toEqual(['one', 'two', 'three']);
  });

  it.each(['DISCONNECT', 'stop()'])('lets %s leave nothing open', async (how) => {
    const { parent, connection, far, near, heard } = startParent();
    far.write('one\n');
    await until(() => heard.length === 1);
    if (how === 'stop()') parent.stop();
    else {
      parent.send({ type: 'END' });
      await waitFor(connection, ({ value }) => value === 'IDLE');
      expect(AsyncProtocol.attach(connection).outcome?.cause).toBeUndefined();
    }
    await until(() => near.destroyed);
    expect(heard).toEqual(['one']);
  });

  it.each(['return()', 'an abort'])(
    'hears what a loop takes, at its pace, and goes on after its end by %s',
    async (how) => {
      const { connection, far, heard } = startParent();
      const leaving = new AbortController();
      const facade = AsyncProtocol.attach(connection);
      const messages = facade.messages({ signal: leaving.signal });
      far.write('one\ntwo\nthree\n');
      expect(await messages.next()).toEqual({ done: false, value: 'one' });
      await turns(10);
      expect(heard).toEqual(['one']);
      if (how === 'an abort') leaving.abort();
      else await messages.return?.();
      await until(() => heard.length === 3);
      expect(heard).toEqual(['one', 'two', 'three']);
    },
  );

  it('goes on with the messages when the last of several loops has ended', async () => {
    const { connection, far, heard } = startParent();
    const facade = AsyncProtocol.attach(connection);
    const loops = [facade.messages(), facade.messages()];
    far.write('one\n');
    await loops[0]?.return?.();
    await turns(10);
    expect(heard).toEqual([]);
    await loops[1]?.return?.();
    await until(() => heard.length === 1);
  });

  it('hears those of a client class, in two sessions', async () => {
    class Puller extends defineClient<string>(() => lines()) {
      static override readonly name = 'Puller';
      protected override readonly pull = true;
    }
    const heard: string[] = [];
    const chart = setup({
      types: {
        events: {} as ProtocolMessage<string> | { type: 'CONNECT'; address: Address },
        children: {} as { connection: 'connection'; messages: 'messages' },
      },
      actors: { connection: Puller.createMachine(), messages: protocolMessages },
    }).createMachine({
      invoke: [
        { id: 'connection', src: 'connection' },
        { id: 'messages', src: 'messages' },
      ],
      on: {
        MESSAGE: { actions: ({ event }) => heard.push(event.message) },
        CONNECT: { actions: sendTo('connection', ({ event }) => event) },
      },
    });
    const parent = start(chart);
    const { connection } = parent.getSnapshot().children;
    for (const session of ['first', 'second']) {
      const [stream, far] = streamPair();
      parent.send({ type: 'CONNECT', address: { stream } });
      far.end(`${session} one\n${session} two\n`);
      await until(() => heard.includes(`${session} two`));
      if (connection) await waitFor(connection, ({ value }) => value === 'IDLE');
      await until(() => stream.destroyed);
    }
    expect(heard).toEqual(['first one', 'first two', 'second one', 'second two']);
  });
});
