/** No secret of a message reaches an inspector or a recording in the events of charts that send and hear it. */

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { assign, createActor, fromPromise, sendTo, setup, waitFor } from 'xstate';
import {
  createProtocolMachine,
  jsonLines,
  lines,
  type ProtocolMessage,
  protocolMessages,
  type Session,
  streamPair,
} from '../../src/index.ts';
import {
  createQmpMachine,
  type QmpEventMessage,
  qmpCommand,
  qmpEvents,
} from '../../src/qmp/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, ManualMonitor } from '../support/qmp.ts';
import { record } from './recordings.ts';
import { watch } from './support.ts';

expectIdleAfterEach();

interface Message {
  readonly shown?: string;
  readonly pin?: string;
}

/** Its secrets have names that say nothing. */
const byPin = {
  codec: jsonLines<Message>(),
  redact: (message: Message) => ({ ...message, pin: '…' }),
};

/** Its messages are texts. */
const byWord = {
  codec: lines(),
  redact: (line: string) => line.replace(/ .*/, ' …'),
};

const secret: Message = { pin: 'PLANTED', shown: 'shown' };

/** A feed that is watched from the start, and by a watcher that comes late. */
function feeding() {
  const feed = new Feed();
  const log = watch(feed);
  feed.setTapping(true);
  return {
    ...{ feed, log },
    /** All lines, with those of a watcher that is added now. */
    text: () => [...log.lines, ...watch(feed).lines].join('\n'),
  };
}

/** A pair of streams, of which the far one reads everything. */
function stream() {
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  cleanUp(() => far.destroy());
  return { near, far };
}

describe('the events of a connection', () => {
  it('show the message of a SEND, and of one that failed, as the protocol says', async () => {
    const { feed, text } = feeding();
    const actor = createActor(createProtocolMachine(byPin), { id: 'c', inspect: feed.inspect });
    const failed = new Promise((resolve) => actor.on('sendFailed', resolve));
    actor.start();
    actor.send({ type: 'SEND', message: secret });
    expect(await failed).toMatchObject({ message: secret });
    actor.send({ type: 'CONNECT', address: { stream: stream().near } });
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    actor.send({ type: 'SEND', message: secret });
    const shown = text();
    actor.stop();
    expect(shown.match(/shown/g)?.length).toBeGreaterThanOrEqual(4);
    expect(shown).toContain('sendFailed');
    expect(shown).not.toContain('PLANTED');
  });

  it('show texts in the same way', async () => {
    const { feed, text } = feeding();
    const actor = createActor(createProtocolMachine(byWord), { id: 'c', inspect: feed.inspect });
    const failed = new Promise((resolve) => actor.on('sendFailed', resolve));
    actor.start();
    actor.send({ type: 'SEND', message: 'AUTH PLANTED' });
    await failed;
    const shown = text();
    actor.stop();
    expect(shown).toContain('AUTH …');
    expect(shown).not.toContain('PLANTED');
  });
});

/** A parent that keeps the last message it has heard, and sends one that it is given. */
const parentOf = (connection: ReturnType<typeof createProtocolMachine<Message>>) =>
  setup({
    types: {
      context: {} as { last: unknown },
      events: {} as ProtocolMessage<Message> | { type: 'TELL'; list: readonly Message[] },
      children: {} as { connection: 'connection' },
    },
    actors: { connection, messages: protocolMessages },
  }).createMachine({
    id: 'parent',
    context: { last: undefined },
    invoke: [{ id: 'connection', src: 'connection' }, { src: 'messages' }],
    on: {
      MESSAGE: { actions: assign({ last: ({ event }) => event.message }) },
      TELL: {
        actions: sendTo('connection', ({ event }) => ({ type: 'SEND', message: event.list[0] })),
      },
    },
  });

describe('the chart of a parent', () => {
  it('shows the messages that it hears, and keeps, as the protocol says', async () => {
    const { feed, log, text } = feeding();
    const actor = createActor(parentOf(createProtocolMachine(byPin)), {
      id: 'parent',
      inspect: feed.inspect,
    });
    actor.start();
    const { near, far } = stream();
    const { connection } = actor.getSnapshot().children;
    connection?.send({ type: 'CONNECT', address: { stream: near } });
    far.write(`${JSON.stringify(secret)}\n`);
    await waitFor(actor, ({ context }) => context.last !== undefined);
    const shown = text();
    actor.stop();
    expect(actor.getSnapshot().context.last).toEqual(secret);
    expect(log.statesOf('parent').some(({ state }) => state.includes('shown'))).toBe(true);
    expect(log.summary).toContain('event parent MESSAGE from 1.parent');
    expect(shown).not.toContain('PLANTED');
  });

  it('shows a text that it hears as the protocol says', async () => {
    const { feed, text } = feeding();
    const heard: string[] = [];
    const actor = createActor(
      setup({
        types: { events: {} as ProtocolMessage<string> },
        actors: { connection: createProtocolMachine(byWord), messages: protocolMessages },
      }).createMachine({
        invoke: [{ id: 'connection', src: 'connection' }, { src: 'messages' }],
        on: { MESSAGE: { actions: ({ event }) => heard.push(event.message) } },
      }),
      { inspect: feed.inspect },
    ).start();
    const { near, far } = stream();
    const { connection } = actor.getSnapshot().children;
    connection?.send({ type: 'CONNECT', address: { stream: near } });
    const arrived = new Promise<void>((resolve) => {
      actor.subscribe(() => {
        if (heard.length > 0) resolve();
      });
    });
    far.write('AUTH PLANTED\r\n');
    await arrived;
    const shown = text();
    actor.stop();
    expect(heard).toEqual(['AUTH PLANTED']);
    expect(shown).toContain('AUTH …');
    expect(shown).not.toContain('PLANTED');
  });

  it('shows a message that it keeps after a SEND as the protocol says', async () => {
    const feed = new Feed();
    const actor = createActor(parentOf(createProtocolMachine(byPin)), { inspect: feed.inspect });
    actor.start();
    const { connection } = actor.getSnapshot().children;
    connection?.send({ type: 'CONNECT', address: { stream: stream().near } });
    if (connection) await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    const message = { ...secret };
    actor.send({ type: 'TELL', list: [message] });
    const log = watch(feed);
    // What the chart does with it from now on.
    actor.send({ type: 'MESSAGE', message });
    actor.stop();
    expect(log.lines.join('\n')).toContain('shown');
    expect(log.lines.join('\n')).not.toContain('PLANTED');
  });
});

describe('the logic of a handshake', () => {
  it('shows the messages that it has received as the protocol says', async () => {
    const { feed, text } = feeding();
    interface Input {
      readonly session: Session<Message>;
    }
    const login = setup({
      types: { input: {} as Input, context: {} as Input },
      actors: {
        receive: fromPromise<Message, Input>(({ input: { session } }) => session.receive()),
      },
    }).createMachine({
      id: 'login',
      context: ({ input }) => input,
      initial: 'greeting',
      states: {
        greeting: {
          invoke: { src: 'receive', input: ({ context }) => context, onDone: 'done' },
        },
        done: { type: 'final' },
      },
    });
    const machine = createProtocolMachine({ ...byPin, handshake: login });
    const actor = createActor(machine, { id: 'c', inspect: feed.inspect }).start();
    const { near, far } = stream();
    actor.send({ type: 'CONNECT', address: { stream: near } });
    far.write(`${JSON.stringify(secret)}\n`);
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    const shown = text();
    actor.stop();
    expect(shown).toContain('done.invoke.0.login.greeting');
    expect(shown.match(/shown/g)?.length).toBeGreaterThanOrEqual(3);
    expect(shown).not.toContain('PLANTED');
  });
});

/** Commands with a secret in their arguments. */
const COMMANDS = [
  { execute: 'set_password', arguments: { protocol: 'vnc', password: 'PLANTED' } },
  { execute: 'object-add', arguments: { 'qom-type': 'secret', id: 'sec0', data: 'PLANTED' } },
  {
    execute: 'human-monitor-command',
    arguments: { 'command-line': 'set_password vnc PLANTED' },
  },
  { execute: 'guest-exec', arguments: { path: '/bin/sh', arg: ['-c', 'PLANTED'] } },
] as const;

/** A parent of a QMP machine that executes a command, and keeps its output and what it hears. */
const qmpParent = (
  command: (typeof COMMANDS)[number],
  address: { stream: ManualMonitor['stream'] },
) =>
  setup({
    types: {
      context: {} as { output: unknown; data: unknown },
      events: {} as QmpEventMessage<'VNC_CONNECTED'> | { type: 'RUN' | 'SEND' },
      children: {} as { qmp: 'qmp' },
    },
    actors: { qmp: createQmpMachine(), command: qmpCommand, events: qmpEvents },
  }).createMachine({
    id: 'vm',
    context: { output: undefined, data: undefined },
    invoke: [{ id: 'qmp', src: 'qmp', input: { address } }, { src: 'events' }],
    on: { 'QMP.VNC_CONNECTED': { actions: assign({ data: ({ event }) => event.data }) } },
    initial: 'idle',
    states: {
      idle: {
        on: {
          RUN: 'running',
          SEND: { actions: sendTo('qmp', { type: 'SEND', message: command }) },
        },
      },
      running: {
        invoke: {
          src: 'command',
          input: command,
          onDone: { target: 'idle', actions: assign({ output: ({ event }) => event.output }) },
        },
      },
    },
  });

describe('a chart that executes commands of QMP', () => {
  it.each(COMMANDS)(
    'shows no secret of $execute, in an inspector or a recording',
    async (command) => {
      const { feed, text } = feeding();
      const { recording, path, inspect } = await record();
      const monitor = new ManualMonitor();
      const actor = createActor(qmpParent(command, { stream: monitor.stream }), {
        inspect: feed.inspect,
      });
      inspect.attach(actor);
      actor.start();
      await monitor.establish();
      const { qmp } = actor.getSnapshot().children;
      if (qmp) await waitFor(qmp, (snapshot) => snapshot.hasTag('up'));

      actor.send({ type: 'SEND' });
      const sent = await monitor.take();
      monitor.send({ error: { class: 'GenericError', desc: 'no' }, id: sent.id });
      actor.send({ type: 'RUN' });
      const executed = await monitor.take();
      monitor.reply(executed, { 'buf-b64': 'PLANTED', count: 3 });
      await waitFor(actor, ({ context }) => context.output !== undefined);
      monitor.send(eventOf('VNC_CONNECTED', { 'buf-b64': 'PLANTED', server: 'shown' }));
      await waitFor(actor, ({ context }) => context.data !== undefined);

      const shown = text();
      actor.stop();
      await recording.close();
      const recorded = await readFile(path, 'utf8');
      expect([sent, executed]).toMatchObject([command, command]);
      for (const lines of [shown, recorded]) {
        expect(lines).toContain('sendFailed');
        expect(lines).toContain(command.execute);
        expect(lines).toContain('"server');
        expect(lines).not.toContain('PLANTED');
      }
    },
  );
});
