/** Supervisors that are restored without their address, because it could not be stored. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import {
  type AddressSource,
  ArgumentError,
  ConnectError,
  createSupervisorMachine,
  lines,
  streamPair,
} from '../../src/index.ts';
import { turn } from '../support/signal.ts';
import { Lives, PLACES, type Revival, REVIVALS } from './lives.ts';

const SECRET = 'very secret';
const TLS = {
  host: 'peer.example',
  port: 1,
  tls: { passphrase: SECRET, rejectUnauthorized: true },
};

/** Addresses that cannot be stored, and how the errors show them. */
const ADDRESSES: Readonly<Record<string, [make: () => AddressSource, shown: string]>> = {
  'a function': [() => () => TLS, 'a function'],
  'an address with TLS options': [
    () => TLS,
    '{"host":"peer.example","port":1,"tls":{"passphrase":"[redacted]","rejectUnauthorized":true}}',
  ],
  'a stream': [() => ({ stream: streamPair()[0] }), '{"stream":"[PairEnd]"}'],
};

const STORED = REVIVALS.filter((way) => way !== '<Activity>');

const cases = Object.entries(ADDRESSES).flatMap(([name, [make, shown]]) =>
  Object.entries(PLACES).flatMap(([at, place]) =>
    STORED.map((way): [string, string, Revival, () => Lives, string] => [
      name,
      at,
      way,
      () => new Lives(place, { address: make() }),
      shown,
    ]),
  ),
);

describe('a supervisor whose address was', () => {
  it.each(cases)('%s has given up, as %s after %s', async (_, __, way, begin, shown) => {
    const lives = begin();
    await lives.fulfil('dial', 'establish');
    expect(lives.state).toBe('UP');
    lives.revive(way);
    expect(lives.state).toBe('GIVEN_UP');
    expect([...lives.supervisor.getSnapshot().tags]).toEqual(['idle', 'failed']);
    const { cause } = lives.context;
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause?.cause).toBeInstanceOf(ArgumentError);
    expect(cause?.message).toContain(`The address of the supervisor, ${shown}, was not stored`);
    expect(cause?.message).toContain('Start a new actor with an input { address }');
    lives.supervisor.send({ type: 'START' });
    await turn();
    expect(lives.state).toBe('GIVEN_UP');
    expect(lives.context.cause?.message).toBe(cause?.message);
    expect(lives.link.calls).toEqual([]);
  });

  it.each(cases)('%s stays STOPPED, as %s after %s', async (_, __, way, begin, shown) => {
    const lives = begin();
    lives.supervisor.send({ type: 'STOP' });
    lives.revive(way);
    expect(lives.state).toBe('STOPPED');
    lives.supervisor.send({ type: 'START' });
    await turn();
    expect(lives.state).toBe('GIVEN_UP');
    expect(lives.context.cause?.message).toContain(shown);
    expect(lives.link.calls).toEqual([]);
  });

  it.each(cases)('%s says the same when it is stored again, as %s after %s', (...args) => {
    const [, , way, begin, shown] = args;
    const lives = begin();
    const { stored } = lives;
    expect(JSON.parse(JSON.stringify(stored))).toStrictEqual(stored);
    expect(JSON.stringify(stored)).not.toContain(SECRET);
    const lost: unknown = shown.startsWith('{') ? JSON.parse(shown) : shown;
    expect(stored).toMatchObject({ context: { lost } });
    lives.revive(way);
    lives.revive(way);
    expect(lives.context.cause?.message).toContain(shown);
  });

  it('an address with TLS options dials with them again when it is only started again', async () => {
    const lives = new Lives(PLACES['a child'], { address: TLS });
    await turn();
    lives.revive('<Activity>');
    await lives.fulfil('dial', 'establish');
    expect(lives.state).toBe('UP');
  });

  it('a function asks it again when it is only started again', async () => {
    let asked = 0;
    const lives = new Lives(PLACES['a child'], {
      address: () => {
        asked += 1;
        return '/run/x';
      },
    });
    await turn();
    lives.revive('<Activity>');
    await lives.fulfil('dial', 'establish');
    expect([lives.state, asked]).toEqual(['UP', 2]);
  });

  it('a stream has given up when it is started again: a stream serves one attempt', async () => {
    const lives = new Lives(PLACES['a child'], { address: { stream: streamPair()[0] } });
    await lives.fulfil('dial', 'establish');
    lives.revive('<Activity>');
    await turn();
    expect(lives.state).toBe('GIVEN_UP');
    expect(lives.context.cause?.message).toContain('Pass a function that makes a new stream');
    expect(lives.link.calls).toEqual([]);
  });
});

describe('a supervisor that was given', () => {
  const machine = createSupervisorMachine({ codec: lines() });
  const input = { address: '/run/x' };

  it.each([
    ['the snapshot of another machine', { status: 'active', context: { session: 1 } }],
    ['a snapshot without a context', { status: 'active' }],
    ['something else', { status: 'unheard of' }],
  ])('%s fails when it starts, and says what to pass', (_, snapshot) => {
    const actor = createActor(machine, { input, snapshot: snapshot as never });
    const errors: unknown[] = [];
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start();
    expect(actor.getSnapshot().status).toBe('error');
    const [error] = errors;
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toHaveProperty('message', expect.stringContaining('getPersistedSnapshot()'));
  });

  it.each(STORED)('no address gives up again after %s', async (way) => {
    const lives = new Lives(PLACES['the root actor'], { address: NO_ADDRESS });
    await turn();
    expect(lives.state).toBe('GIVEN_UP');
    lives.revive(way);
    expect(lives.state).toBe('GIVEN_UP');
    lives.supervisor.send({ type: 'START' });
    await turn();
    expect(lives.context.cause?.message).toContain('The supervisor has no address');
  });
});

/** As a program in plain JavaScript may pass it. */
const NO_ADDRESS: never = null as never;
