/** The option `forward`: received messages as events of the machine. */

import type { Duplex } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { waitFor } from 'xstate';
import type { ProtocolDefinition } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, turn } from '../support/signal.ts';
import { linkOf } from '../../src/core/link-handle.ts';
import { type ParentOptions, discardingPair, startParent } from './support.ts';

expectIdleAfterEach();

/** A RUNNING connection that forwards, its far end, and its emitted events. */
async function start(definition: Partial<ProtocolDefinition<string>>, options: ParentOptions = {}) {
  const [stream, far] = discardingPair();
  const fixture = startParent({ forward: true, definition, ...options, address: { stream } });
  const { connection, emitted } = fixture;
  await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
  const batches = () =>
    emitted.flatMap((event) => (event.type === 'message' ? [event.messages] : []));
  /** Resolves with the batches after the end, and asserts that none follows `closed`. */
  const ended = async () => {
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
    const last = emitted.findLastIndex(({ type }) => type === 'message');
    expect(emitted.findIndex(({ type }) => type === 'closed')).toBeGreaterThan(last);
    const count = emitted.length;
    await turn();
    expect(emitted).toHaveLength(count);
    return batches();
  };
  return { ...fixture, stream, far, batches, ended };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));
const write = (far: Duplex, messages: readonly string[]) =>
  far.write(messages.map((message) => `${message}\n`).join(''));

/** Definitions with and without a handler. */
const HANDLERS: readonly (readonly [string, Partial<ProtocolDefinition<string>>])[] = [
  ['no onMessage', {}],
  ['an onMessage', { onMessage: () => undefined }],
  ['an asynchronous onMessage', { onMessage: () => turn() }],
];

describe.each(HANDLERS)('with %s', (name, definition) => {
  it('all messages are forwarded in order before `closed`, and none after', async () => {
    const { far, ended } = await start(definition);
    const sent = numbers(50);
    write(far, sent);
    far.end();
    expect((await ended()).flat()).toEqual(sent);
  });

  it('messages before a failure of the stream are forwarded', async () => {
    const { far, ended } = await start(definition);
    const sent = numbers(3);
    write(far, sent);
    far.on('error', () => undefined).destroy(new Error('broken'));
    const received = (await ended()).flat();
    // An asynchronous handler is pending when the stream fails: the remaining messages are dropped.
    const isSlow = name.includes('asynchronous');
    expect(received).toEqual(isSlow ? sent.slice(0, received.length) : sent);
    expect(received).not.toEqual([]);
  });

  it('messages that are read while it disconnects are forwarded', async () => {
    const { connection, send, far, ended } = await start(definition);
    await linkOf(connection.getSnapshot().context).send('farewell');
    send({ type: 'DISCONNECT' });
    expect(connection.getSnapshot().matches({ DISCONNECTING: 'flushing' })).toBe(true);
    write(far, ['late']);
    const received = (await ended()).flat();
    expect(['', 'late']).toContain(received.join());
  });

  it('messages are forwarded in batches of at most 256', async () => {
    const { far, ended } = await start(definition);
    // A reader whose turn takes too long yields, and ends its batch: on a busy machine at any message.
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const sent = numbers(1_000);
    write(far, sent);
    far.end();
    const batches = await ended();
    now.mockRestore();
    expect(batches.flat()).toEqual(sent);
    const sizes = batches.map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
    if (name.includes('asynchronous')) expect(sizes.every((size) => size === 1)).toBe(true);
    else expect(sizes.slice(0, 3)).toEqual([256, 256, 256]);
  });
});

describe('a forwarded message', () => {
  it('is the result of `inbound`', async () => {
    const { far, ended } = await start({ inbound: (message) => message.toUpperCase() });
    write(far, ['one', 'two']);
    far.end();
    expect((await ended()).flat()).toEqual(['ONE', 'TWO']);
  });

  it('is never one of the handshake', async () => {
    const [stream, far] = discardingPair();
    const { connection, emitted } = startParent({
      forward: true,
      definition: {
        handshake: async (session) => {
          await session.receive();
        },
      },
      address: { stream },
    });
    write(far, ['greeting', 'message']);
    far.end();
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
    expect(emitted.filter(({ type }) => type === 'message')).toEqual([
      { type: 'message', messages: ['message'] },
    ]);
  });

  it('is emitted at the end of the turn, even if it is the only one', async () => {
    const { connection, far, send } = await start({});
    const received = gate();
    connection.on('message', received.open);
    write(far, ['one']);
    await received.opened;
    expect(connection.getSnapshot().hasTag('up')).toBe(true);
    send({ type: 'DISCONNECT' });
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
  });

  it('is each message up to the one that fails in onMessage', async () => {
    const { far, ended, connection } = await start({
      onMessage: (message) => {
        if (message === '2') throw new Error('enough');
      },
    });
    write(far, numbers(5));
    expect((await ended()).flat()).toEqual(['0', '1', '2']);
    expect(connection.getSnapshot().context.outcome?.cause).toMatchObject({ code: 'ERR_HANDLER' });
  });

  it('is each message before the one that cannot be decoded', async () => {
    const { far, ended, connection } = await start({}, { limits: { maxMessageBytes: 4 } });
    write(far, ['one', 'two', 'much too long', 'three']);
    expect((await ended()).flat()).toEqual(['one', 'two']);
    expect(connection.getSnapshot().context.outcome?.cause).toMatchObject({ code: 'ERR_LIMIT' });
  });

  it('is emitted in every session', async () => {
    const { connection, far, send, emitted } = await start({});
    write(far, ['first']);
    far.end();
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
    const [stream, other] = discardingPair();
    send({ type: 'CONNECT', address: { stream } });
    write(other, ['second']);
    other.end();
    await waitFor(connection, ({ context, value }) => context.session === 2 && value === 'IDLE');
    const events = emitted.map((event) =>
      event.type === 'message' ? event.messages.join() : event.type,
    );
    expect(events.filter((each) => each !== 'runstate')).toEqual([
      ...['first', 'closed'],
      ...['second', 'closed'],
    ]);
  });

  it('is emitted before the output of a machine for a single session', async () => {
    const [stream, far] = discardingPair();
    const { parent, emitted } = startParent({ forward: true, once: true, address: { stream } });
    write(far, ['one', 'two']);
    far.end();
    await waitFor(parent, ({ status }) => status === 'done');
    expect(emitted.at(-2)).toMatchObject({ type: 'closed' });
    expect(emitted.filter(({ type }) => type === 'message')).toEqual([
      { type: 'message', messages: ['one', 'two'] },
    ]);
  });
});

it('is off by default', async () => {
  const received: string[] = [];
  const { far, ended } = await start(
    { onMessage: (message) => void received.push(message) },
    { forward: false },
  );
  write(far, ['one']);
  far.end();
  expect(await ended()).toEqual([]);
  const byDefault = startParent({ address: { stream: discardingPair()[0] } });
  expect(received).toEqual(['one']);
  expect(byDefault.emitted).toEqual([]);
});

it('is dropped when the parent leaves before it was emitted', async () => {
  const { parent, far, emitted } = await start({
    onMessage: () => {
      parent.send({ type: 'LEAVE' });
    },
  });
  write(far, numbers(3));
  await waitFor(parent, (snapshot) => snapshot.matches('outside'));
  await turn();
  expect(emitted.map(({ type }) => type)).toEqual(['runstate']);
});
