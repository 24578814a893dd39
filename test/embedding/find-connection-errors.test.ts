/** What ready-made logic reports when it finds no connection. */

import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromPromise, setup } from 'xstate';
import {
  ArgumentError,
  type ProtocolEvent,
  protocolMessages,
  type SessionOutcome,
} from '../../src/index.ts';
import { createQmpMachine, qmpEvents } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { setUp } from './find-connection-support.ts';
import { start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

const stays = new Promise<never>(() => undefined);

describe("logic that finds no connection fails as its parent's onError", () => {
  const failing = {
    params: ({ event }: { event: { error: unknown } }) => ({ error: event.error }),
  };
  const onError = { actions: { type: 'fail', ...failing } } as const;

  it('with the children that there are', async () => {
    const { parts, errors } = setUp();
    const parent = start(
      parts.createMachine({
        id: 'parent',
        context: { ref: undefined },
        invoke: [
          { id: 'events', src: 'events', onError },
          { id: 'other', src: 'connection' },
        ],
      }),
    );
    await until(() => errors.length > 0);
    expect(errors).toEqual([
      new ArgumentError(
        'qmpEvents found no actor that is a connection of QMP, neither beside it nor above it. Its parent ' +
          "has the other children 'other'. Invoke a connection there, or pass an actor, its id or its " +
          'systemId as input: { connection }',
      ),
    ]);
    expect(parent.getSnapshot().status).toBe('active');
  });

  it('with a machine beside it that may be a fake of the connection', async () => {
    const errors: unknown[] = [];
    const chart = setup({
      actors: { qmp: createQmpMachine(), events: qmpEvents, task: fromPromise(() => stays) },
    }).createMachine({
      invoke: [
        { id: 'task', src: 'task' },
        { id: 'qmp', src: 'qmp' },
        { src: 'events', onError: { actions: ({ event }) => errors.push(event.error) } },
      ],
    });
    const fake = setup({
      types: { events: {} as ProtocolEvent, output: {} as SessionOutcome },
    }).createMachine({ initial: 'IDLE', states: { IDLE: { tags: 'idle' } } });
    start(chart.provide({ actors: { qmp: fake } }));
    await until(() => errors.length > 0);
    expect(String(errors[0])).toContain(
      "the other children 'task', 'qmp'. Invoke a connection there, or pass an actor, its id or its systemId as " +
        "input: { connection }. 'qmp' is a machine, but not one of a connection: if it is a fake, provide one for " +
        'qmpEvents, too',
    );
  });

  it('with the connections that there are, if it is not said which', async () => {
    const { parts, errors } = setUp();
    start(
      parts.createMachine({
        context: { ref: undefined },
        invoke: [
          { id: 'left', src: 'connection' },
          { id: 'right', src: 'supervisor', input: { address: '/nonexistent' } },
          { src: 'messages', onError },
        ],
      }),
    );
    await until(() => errors.length > 0);
    expect(String(errors[0])).toContain(
      "several children of its parent that are a connection: 'left', 'right'. Pass one as input: " +
        "{ connection: 'left' }",
    );
  });

  it.each([
    ['nowhere', "the connection 'nowhere', but there is no such actor. Its parent has"],
    ['other', "the connection 'other', but it is not a connection. Its parent has"],
  ])("with the name '%s' that it was given", async (name, text) => {
    const { parts, errors } = setUp();
    start(
      parts.createMachine({
        id: 'parent',
        context: { ref: undefined },
        invoke: [
          { id: 'other', src: 'events', onError: {} },
          { src: 'messages', input: { connection: name }, onError },
        ],
      }),
    );
    await until(() => errors.length > 0);
    expect(errors[0]).toBeInstanceOf(ArgumentError);
    expect(String(errors[0])).toContain(text);
  });

  it('also when it is given an actor that is none, or a misspelt name of a member', async () => {
    const { parts, errors } = setUp();
    start(
      parts.createMachine({
        context: { ref: createActor(createMachine({ id: 'other' })) },
        invoke: [
          { src: 'events', input: ({ context: { ref } }) => ({ connection: ref }), onError },
          // @ts-expect-error -- as a JavaScript program may do
          { src: 'messages', input: { conection: 'qmp' }, onError },
        ],
      }),
    );
    await until(() => errors.length === 2);
    expect(errors.map(String)).toEqual([
      expect.stringContaining('it is not a connection of QMP'),
      expect.stringContaining("protocolMessages has no option 'conection'"),
    ]);
  });

  it('but leaves alone a parent that has left the state in the meantime', async () => {
    const { parts } = setUp();
    const parent = createActor(
      parts.createMachine({
        context: { ref: undefined },
        initial: 'on',
        states: {
          on: { invoke: { src: 'messages' }, on: { MESSAGE: 'off' } },
          off: {},
        },
      }),
    );
    parent.send({ type: 'MESSAGE', message: 'queued' });
    parent.start();
    expect(parent.getSnapshot().value).toBe('off');
    await until(() => true);
    expect(parent.getSnapshot().status).toBe('active');
    parent.stop();
  });

  it('and fails as the root of an actor system', async () => {
    const errors: unknown[] = [];
    const actor = createActor(protocolMessages, { input: undefined });
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start();
    await until(() => errors.length > 0);
    expect(String(errors[0])).toContain('It has no parent, as it is a root actor.');
  });
});
