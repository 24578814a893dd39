/** The event SEND: how a parent sends messages without a promise. */

import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor, sendTo, setup, waitFor } from 'xstate';
import {
  AsyncProtocol,
  type Codec,
  createProtocolMachine,
  lines,
  type MachineOptions,
  type ProtocolDefinition,
  type ProtocolActorRef,
  type ProtocolEmitted,
  streamPair,
} from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { defer } from '../../src/async/deferred.ts';

expectIdleAfterEach();

type Failed = Extract<ProtocolEmitted, { type: 'sendFailed' }>;

/** A connection whose stream is open, and everything that it emits about SEND. */
function start(
  definition: ProtocolDefinition<string> = { codec: lines() },
  options: MachineOptions = {},
) {
  const [near, far] = streamPair();
  const actor = createActor(createProtocolMachine(definition, options));
  const failed: Failed[] = [];
  actor.on('sendFailed', (event) => failed.push(event));
  onTestFinished(() => {
    actor.stop();
    far.destroy();
  });
  actor.start();
  const connect = async () => {
    actor.send({ type: 'CONNECT', address: { stream: near } });
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
  };
  const received: string[] = [];
  far.setEncoding('utf8').on('data', (text: string) => received.push(text));
  return { actor, failed, connect, far, received: () => received.join('') };
}

describe('SEND', () => {
  it('sends the message in RUNNING, in order with those of send()', async () => {
    const { actor, failed, connect, received } = start();
    await connect();
    actor.send({ type: 'SEND', message: 'one' });
    await AsyncProtocol.attach(actor).send('two');
    actor.send({ type: 'SEND', message: 'three' });
    actor.send({ type: 'DISCONNECT' });
    await waitFor(actor, (snapshot) => snapshot.matches('IDLE'));
    expect(received()).toBe('one\ntwo\nthree\n');
    expect(failed).toEqual([]);
  });

  it('of a parent is an action without a promise', async () => {
    const [near, far] = streamPair();
    const received = once(far.setEncoding('utf8'), 'data');
    const parent = createActor(
      setup({
        types: { children: {} as { connection: 'connection' } },
        actors: { connection: createProtocolMachine<string>({ codec: lines() }) },
      }).createMachine({
        invoke: { id: 'connection', src: 'connection', input: { address: { stream: near } } },
        on: { HELLO: { actions: sendTo('connection', { type: 'SEND', message: 'hello' }) } },
      }),
    ).start();
    onTestFinished(() => void far.destroy());
    const { connection } = parent.getSnapshot().children;
    if (connection === undefined) throw new Error('It was not invoked');
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    parent.send({ type: 'HELLO' });
    expect(await received).toEqual(['hello\n']);
    parent.stop();
  });

  it.each(['IDLE', 'CONNECTING', 'DISCONNECTING'] as const)(
    'in %s is answered with sendFailed and a StateError',
    async (runstate) => {
      const { actor, failed, connect } = start();
      if (runstate === 'CONNECTING') actor.send({ type: 'LISTEN', address: { port: 0 } });
      if (runstate === 'DISCONNECTING') {
        await connect();
        actor.send({ type: 'DISCONNECT' });
      }
      expect(actor.getSnapshot().matches(runstate)).toBe(true);
      const message = `in ${runstate}`;
      actor.send({ type: 'SEND', message });
      expect(failed).toMatchObject([
        { message, error: { code: 'ERR_STATE', state: runstate, required: 'RUNNING' } },
      ]);
      expect(actor.getSnapshot().matches(runstate)).toBe(true);
      actor.send({ type: 'DISCONNECT', force: true });
      await waitFor(actor, (snapshot) => snapshot.matches('IDLE'));
    },
  );

  it('of a message that cannot be encoded fails alone, and the session goes on', async () => {
    const codec: Codec<string> = {
      ...lines(),
      encode: (message) => {
        if (message === 'bad') throw new Error('not this one');
        return `${message}\n`;
      },
    };
    const { actor, failed, connect, received } = start({ codec });
    await connect();
    const told = emission(actor);
    actor.send({ type: 'SEND', message: 'bad' });
    actor.send({ type: 'SEND', message: 'good' });
    expect(await told).toMatchObject({ message: 'bad', error: { code: 'ERR_CODEC' } });
    actor.send({ type: 'DISCONNECT' });
    await waitFor(actor, (snapshot) => snapshot.matches('IDLE'));
    expect(failed).toHaveLength(1);
    expect(received()).toBe('good\n');
    expect(actor.getSnapshot().context.outcome?.cause).toBeUndefined();
  });

  it('of a message for which the queue has no room is answered with a LimitError', async () => {
    const { actor, connect } = start(undefined, { limits: { maxQueuedBytes: 8 } });
    await connect();
    const told = emission(actor);
    actor.send({ type: 'SEND', message: 'far too long for the queue' });
    expect(await told).toMatchObject({ error: { code: 'ERR_LIMIT' } });
  });

  it('is not answered by an actor that was stopped meanwhile', async () => {
    const { actor, failed, connect } = start(undefined, { limits: { maxQueuedBytes: 8 } });
    await connect();
    actor.send({ type: 'SEND', message: 'far too long for the queue' });
    actor.stop();
    await Promise.resolve();
    expect(failed).toEqual([]);
  });

  it('in the farewell and while the last message is handled is sent still', async () => {
    const handling = defer<undefined>();
    const handled = defer<undefined>();
    const { actor, failed, connect, far, received } = start({
      codec: lines(),
      onMessage: () => {
        handling.resolve(undefined);
        return handled.promise;
      },
    });
    await connect();
    far.write('work\n');
    await handling.promise;
    actor.send({ type: 'DISCONNECT' });
    expect(actor.getSnapshot().matches({ DISCONNECTING: 'draining' })).toBe(true);
    actor.send({ type: 'SEND', message: 'done' });
    handled.resolve(undefined);
    await waitFor(actor, (snapshot) => snapshot.matches('IDLE'));
    expect(received()).toBe('done\n');
    expect(failed).toEqual([]);
  });
});

/** The next `sendFailed` of an actor. */
const emission = (actor: ProtocolActorRef<string>): Promise<Failed> =>
  new Promise((resolve) => {
    const subscription = actor.on('sendFailed', (event) => {
      subscription.unsubscribe();
      resolve(event);
    });
  });
