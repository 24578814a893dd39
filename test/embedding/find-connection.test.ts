/** How ready-made logic finds its connection. */

import { describe, expect, it } from 'vitest';
import { type AnyActorRef, setup, waitFor } from 'xstate';
import {
  createProtocolMachine,
  lines,
  type ProtocolMessage,
  protocolMessages,
} from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, ManualMonitor } from '../support/qmp.ts';
import { connection, peer, setUp } from './find-connection-support.ts';
import { start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

describe('logic without an input works on', () => {
  it('the only connection beside it', async () => {
    const { address, say } = peer();
    const { parts, heard } = setUp();
    const parent = start(
      parts.createMachine({
        context: { ref: undefined },
        invoke: [{ src: 'messages' }, { src: 'connection', input: { address } }],
        on: { MESSAGE: { actions: 'hear' } },
      }),
    );
    say('hello');
    await waitFor(parent, () => heard.length > 0);
    expect(heard).toEqual(['hello']);
  });

  it('the connection of the only supervisor beside it, in all its sessions', async () => {
    const peers = [peer(), peer()];
    const { parts, heard } = setUp();
    let attempts = 0;
    const parent = start(
      parts.createMachine({
        context: { ref: undefined },
        invoke: [
          { src: 'messages' },
          {
            id: 'supervisor',
            src: 'supervisor',
            input: { address: () => peers[attempts++]?.address ?? '/nonexistent' },
          },
        ],
        on: { MESSAGE: { actions: 'hear' } },
      }),
    );
    peers[0]?.say('first');
    await waitFor(parent, () => heard.length === 1);
    peers[0]?.end();
    peers[1]?.say('second');
    await waitFor(parent, () => heard.length === 2);
    expect(heard).toEqual(['first', 'second']);
  });

  it('the only connection that is active, if others have ended', async () => {
    const { address, say } = peer();
    const { parts, heard } = setUp();
    const ended = createProtocolMachine<string>({ codec: lines() }, { once: true });
    const parent = start(
      parts
        .createMachine({
          context: { ref: undefined },
          invoke: [
            { id: 'ended', src: 'qmp', input: { address: '/nonexistent' } },
            { id: 'live', src: 'connection', input: { address } },
          ],
          on: { MESSAGE: { actions: 'hear' } },
          initial: 'waiting',
          states: {
            waiting: { on: { MESSAGE: 'hearing' } },
            hearing: { invoke: { src: 'messages' } },
          },
        })
        // @ts-expect-error -- of another protocol: it only has to end
        .provide({ actors: { qmp: ended } }),
    );
    const { ended: first } = parent.getSnapshot().children;
    await waitFor(first as AnyActorRef, ({ status }: { status: string }) => status === 'done');
    parent.send({ type: 'MESSAGE', message: 'unheard' });
    say('hello');
    await waitFor(parent, () => heard.includes('hello'));
    expect(heard).toEqual(['hello']);
  });

  it('the nearest connection above it, if there is none beside it', async () => {
    const { address, say } = peer();
    const heard: unknown[] = [];
    const session = setup({
      types: { events: {} as ProtocolMessage<string> },
      actors: { messages: protocolMessages },
    }).createMachine({
      invoke: { src: 'messages' },
      on: { MESSAGE: { actions: ({ event }) => heard.push(event.message) } },
    });
    const machine = createProtocolMachine<string>({ codec: lines(), session });
    const actor = start(machine, { input: { address } });
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    say('hello');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['hello']);
    actor.send({ type: 'DISCONNECT' });
    await waitFor(actor, ({ value }) => value === 'IDLE');
  });
});

describe('the input of the logic may name the connection', () => {
  it.each(['right', 'of the system'])('as %s', async (name) => {
    const [left, right] = [peer(), peer()];
    const { parts, heard } = setUp();
    const parent = start(
      parts.createMachine({
        context: { ref: undefined },
        invoke: [
          { src: 'messages', input: { connection: name } },
          { id: 'left', src: 'connection', input: { address: left.address } },
          {
            id: 'right',
            systemId: 'of the system',
            src: 'connection',
            input: { address: right.address },
          },
        ],
        on: { MESSAGE: { actions: 'hear' } },
      }),
    );
    left.say('to the left');
    right.say('to the right');
    await waitFor(parent, () => heard.length > 0);
    expect(heard).toEqual(['to the right']);
  });

  it('as an actor that its parent has spawned', async () => {
    const { address, say } = peer();
    const { parts, heard } = setUp();
    const parent = start(
      parts.createMachine({
        context: ({ spawn }) => ({
          ref: spawn('connection', { id: 'spawned', input: { address } }),
        }),
        invoke: {
          id: 'messages',
          src: 'messages',
          input: ({ context: { ref } }) => ({ connection: ref }),
        },
        on: { MESSAGE: { actions: 'hear' } },
      }),
    );
    say('hello');
    await waitFor(parent, () => heard.length > 0);
    expect(heard).toEqual(['hello']);
    const { messages } = parent.getSnapshot().children;
    expect(messages?.getPersistedSnapshot()).toEqual({
      status: 'active',
      input: { connection: 'spawned' },
    });
  });

  it('as an actor of another actor system', async () => {
    const { address, say } = peer();
    const { parts, heard } = setUp();
    const other = start(connection, { input: { address } });
    const parent = start(
      parts.createMachine({
        context: { ref: other },
        invoke: { src: 'messages', input: ({ context: { ref } }) => ({ connection: ref }) },
        on: { MESSAGE: { actions: 'hear' } },
      }),
    );
    say('hello');
    await waitFor(parent, () => heard.length > 0);
    expect(heard).toEqual(['hello']);
  });
});

it('an attached client keeps the options of its first attach(), whatever logic has asked for it', async () => {
  const monitor = new ManualMonitor();
  const { parts } = setUp();
  const parent = start(
    parts.createMachine({
      context: { ref: undefined },
      invoke: [
        { src: 'events' },
        { id: 'qmp', src: 'qmp', input: { address: { stream: monitor.stream } } },
      ],
    }),
  );
  await monitor.establish();
  const failures: unknown[] = [];
  const { qmp: ref } = parent.getSnapshot().children as {
    qmp: Parameters<typeof QmpClient.attach>[0];
  };
  const client = QmpClient.attach(ref, { onListenerError: (error) => failures.push(error) });
  client.on('STOP', () => {
    throw new Error('of the listener');
  });
  monitor.send(eventOf('STOP'));
  await until(() => failures.length > 0);
  expect(failures).toMatchObject([{ message: 'of the listener' }]);
});
