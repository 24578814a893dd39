/** Messages as events of the machine, for those who ask for them. */

import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { waitFor } from 'xstate';
import type { ProtocolDefinition } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, turn } from '../support/signal.ts';
import { type HouseOptions, politePair, startHouse } from './support.ts';

expectIdleAfterEach();

/** A line at work that forwards what it receives, its far end, and all that it emitted. */
async function start(definition: Partial<ProtocolDefinition<string>>, options: HouseOptions = {}) {
  const [stream, far] = politePair();
  const made = startHouse({ forward: true, definition, ...options, address: { stream } });
  const { line, emitted } = made;
  await waitFor(line, (snapshot) => snapshot.hasTag('up'));
  const batches = () =>
    emitted.flatMap((event) => (event.type === 'message' ? [event.messages] : []));
  /** All is over; gives the batches, of which none came later. */
  const ended = async () => {
    await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
    const last = emitted.findLastIndex(({ type }) => type === 'message');
    expect(emitted.findIndex(({ type }) => type === 'closed')).toBeGreaterThan(last);
    const count = emitted.length;
    await turn();
    expect(emitted).toHaveLength(count);
    return batches();
  };
  return { ...made, stream, far, batches, ended };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));
const write = (far: Duplex, messages: readonly string[]) =>
  far.write(messages.map((message) => `${message}\n`).join(''));

/** What the protocol may do with a message besides. */
const HANDLERS: readonly (readonly [string, Partial<ProtocolDefinition<string>>])[] = [
  ['no onMessage', {}],
  ['an onMessage', { onMessage: () => undefined }],
  ['an onMessage that takes its time', { onMessage: () => turn() }],
];

describe.each(HANDLERS)('with %s', (name, definition) => {
  it('all arrive, in order, before `closed`, and none after', async () => {
    const { far, ended } = await start(definition);
    const sent = numbers(50);
    write(far, sent);
    far.end();
    expect((await ended()).flat()).toEqual(sent);
  });

  it('also what came before the stream broke', async () => {
    const { far, ended } = await start(definition);
    const sent = numbers(3);
    write(far, sent);
    far.on('error', () => undefined).destroy(new Error('broken'));
    const heard = (await ended()).flat();
    // Who takes their time is told of the end in the middle of a message: the rest is dropped.
    const isSlow = name.includes('time');
    expect(heard).toEqual(isSlow ? sent.slice(0, heard.length) : sent);
    expect(heard).not.toEqual([]);
  });

  it('also what comes while it disconnects, as far as it was read', async () => {
    const { line, tell, far, ended } = await start(definition);
    await line.getSnapshot().context.link.send('farewell');
    tell({ type: 'DISCONNECT' });
    expect(line.getSnapshot().matches({ DISCONNECTING: 'flushing' })).toBe(true);
    write(far, ['late']);
    const heard = (await ended()).flat();
    expect(['', 'late']).toContain(heard.join());
  });

  it('several at a time, and never more than 256', async () => {
    const { far, ended } = await start(definition);
    const sent = numbers(1_000);
    write(far, sent);
    far.end();
    const batches = await ended();
    expect(batches.flat()).toEqual(sent);
    const sizes = batches.map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
    if (name.includes('time')) expect(sizes.every((size) => size === 1)).toBe(true);
    else expect(sizes.slice(0, 3)).toEqual([256, 256, 256]);
  });
});

describe('what is forwarded', () => {
  it('is what `inbound` made of it', async () => {
    const { far, ended } = await start({ inbound: (message) => message.toUpperCase() });
    write(far, ['one', 'two']);
    far.end();
    expect((await ended()).flat()).toEqual(['ONE', 'TWO']);
  });

  it('is none of the handshake', async () => {
    const [stream, far] = politePair();
    const { line, emitted } = startHouse({
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
    await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
    expect(emitted.filter(({ type }) => type === 'message')).toEqual([
      { type: 'message', messages: ['message'] },
    ]);
  });

  it('comes at the end of the turn, though there is one message only', async () => {
    const { line, far, tell } = await start({});
    const heard = gate();
    line.on('message', heard.open);
    write(far, ['one']);
    await heard.opened;
    expect(line.getSnapshot().hasTag('up')).toBe(true);
    tell({ type: 'DISCONNECT' });
    await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
  });

  it('is each message up to the one that onMessage fails at', async () => {
    const { far, ended, line } = await start({
      onMessage: (message) => {
        if (message === '2') throw new Error('enough');
      },
    });
    write(far, numbers(5));
    expect((await ended()).flat()).toEqual(['0', '1', '2']);
    expect(line.getSnapshot().context.outcome?.cause).toMatchObject({ code: 'ERR_HANDLER' });
  });

  it('is each message before the one that is none', async () => {
    const { far, ended, line } = await start({}, { limits: { maxMessageBytes: 4 } });
    write(far, ['one', 'two', 'much too long', 'three']);
    expect((await ended()).flat()).toEqual(['one', 'two']);
    expect(line.getSnapshot().context.outcome?.cause).toMatchObject({ code: 'ERR_LIMIT' });
  });

  it('is of each session anew', async () => {
    const { line, far, tell, emitted } = await start({});
    write(far, ['first']);
    far.end();
    await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
    const [stream, other] = politePair();
    tell({ type: 'CONNECT', address: { stream } });
    write(other, ['second']);
    other.end();
    await waitFor(line, ({ context, value }) => context.session === 2 && value === 'IDLE');
    const story = emitted.map((event) =>
      event.type === 'message' ? event.messages.join() : event.type,
    );
    expect(story.filter((word) => word !== 'runstate')).toEqual([
      ...['first', 'closed'],
      ...['second', 'closed'],
    ]);
  });

  it('comes in one session of a machine for once, before its output', async () => {
    const [stream, far] = politePair();
    const { house, emitted } = startHouse({ forward: true, once: true, address: { stream } });
    write(far, ['one', 'two']);
    far.end();
    await waitFor(house, ({ status }) => status === 'done');
    expect(emitted.at(-2)).toMatchObject({ type: 'closed' });
    expect(emitted.filter(({ type }) => type === 'message')).toEqual([
      { type: 'message', messages: ['one', 'two'] },
    ]);
  });
});

it('is off by default', async () => {
  const heard: string[] = [];
  const { far, ended } = await start(
    { onMessage: (message) => void heard.push(message) },
    { forward: false },
  );
  write(far, ['one']);
  far.end();
  expect(await ended()).toEqual([]);
  const byDefault = startHouse({ address: { stream: politePair()[0] } });
  expect(heard).toEqual(['one']);
  expect(byDefault.emitted).toEqual([]);
});

it('leaves nothing on its way when the parent leaves', async () => {
  const { house, far, emitted } = await start({
    onMessage: () => {
      house.send({ type: 'LEAVE' });
    },
  });
  write(far, numbers(3));
  await waitFor(house, (snapshot) => snapshot.matches('outside'));
  await turn();
  expect(emitted.map(({ type }) => type)).toEqual(['runstate']);
});
