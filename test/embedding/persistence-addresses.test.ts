/** What is stored of the address of an actor's input, and what a restored actor does about it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Snapshot, toPromise, waitFor } from 'xstate';
import {
  type Address,
  ArgumentError,
  AsyncProtocol,
  ConnectError,
  createProtocolMachine,
  lines,
  type MachineOptions,
  type ProtocolInput,
  sealAddress,
  streamPair,
} from '../../src/index.ts';
import { pathOf } from '../machines/support.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { rejection } from '../support/signal.ts';
import { hideAndShow } from '../supervisor/lives.ts';
import { CHILD, type Place, PLACES, ROOT, startIn } from './placed.ts';

expectIdleAfterEach();

const createMachine = (options: MachineOptions = {}) =>
  createProtocolMachine<string>({ codec: lines() }, options);

const throughJson = (snapshot: object) => JSON.parse(JSON.stringify(snapshot)) as Snapshot<unknown>;

/** Starts an actor with the address, stores it at once, and stops it. */
function stored(
  address: ProtocolInput['address'],
  place = CHILD,
  options: MachineOptions = {},
): Snapshot<unknown> {
  const { root, persist } = startIn(place, createMachine(options), { address });
  const snapshot = throughJson(persist());
  root.stop();
  return snapshot;
}

describe('an address without secrets is stored, and dialled again:', () => {
  it.each<[string, Address]>([
    ['a path', '/nonexistent/socket'],
    ['a path with its prefix', 'unix:/nonexistent/socket'],
    ['a host and a port', 'tcp:127.0.0.1:1'],
    ['a host and a port, with TLS as Node has it', 'tls:127.0.0.1:1'],
    ['an object with a path', { path: '/nonexistent/socket' }],
    ['an object with a port', { port: 1 }],
    ['an object with a host', { host: '127.0.0.1', port: 1 }],
    ['an object with an option', { port: 1, keepAlive: false }],
    ['one that was sealed', sealAddress<Address>({ port: 1, keepAlive: 5_000 })],
    ['one that cannot be used', { path: '' }],
  ])('%s', (_, address) => {
    const { ref } = startIn(CHILD, createMachine(), { snapshot: stored(address) });
    const { value, context } = ref.getSnapshot();
    expect(pathOf(value)).toBe('CONNECTING.dialing');
    expect(context.address).toEqual(address);
  });
});

const SECRET = 'correct-horse-battery-staple';
const TLS = { key: SECRET, passphrase: SECRET, ca: [SECRET], pfx: Buffer.from(SECRET) };

describe.each(PLACES)('%s, whose address cannot be stored,', (_, place) => {
  const addresses: [string, () => ProtocolInput['address']][] = [
    ['with TLS options', () => ({ port: 1, tls: TLS })],
    ['with TLS options without a secret', () => ({ port: 1, tls: {} })],
    [
      'with TLS options, sealed',
      () => sealAddress<Address>({ host: '127.0.0.1', port: 1, tls: TLS }),
    ],
    ['with a stream', () => ({ stream: streamPair()[0] })],
    ['a function', () => () => '/nonexistent/socket'],
  ];

  it.each(addresses)('is IDLE and says why: %s', (__, createAddress) => {
    const { ref } = startIn(place, createMachine(), { snapshot: stored(createAddress(), place) });
    const snapshot = ref.getSnapshot();
    expect(snapshot.value).toBe('IDLE');
    expect([...snapshot.tags].sort()).toEqual(['failed', 'idle']);
    const { cause } = snapshot.context.outcome ?? {};
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause?.cause).toBeInstanceOf(ArgumentError);
    expect(cause?.message).toMatch(/not restored|cannot be stored/);
    expect(cause?.message).not.toContain(SECRET);
    expect(AsyncProtocol.attach(ref).outcome).toBe(snapshot.context.outcome);
  });

  it.each(addresses)('connects to an address that it is sent: %s', async (__, createAddress) => {
    const path = `${await tempDir()}/socket`;
    const { connected } = await rawPeer((socket) => socket.resume(), { path });
    const { ref } = startIn(place, createMachine(), { snapshot: stored(createAddress(), place) });
    ref.send({ type: 'CONNECT', address: path });
    await connected;
    const { tags } = await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    expect([...tags]).toEqual(['up']);
  });

  it.each(addresses)('is stored and restored again: %s', (__, createAddress) => {
    const first = startIn(place, createMachine(), { snapshot: stored(createAddress(), place) });
    const snapshot = throughJson(first.persist());
    first.root.stop();
    const { ref } = startIn(place, createMachine(), { snapshot });
    expect(ref.getSnapshot().context.outcome?.cause?.cause).toBeInstanceOf(ArgumentError);
  });
});

describe('an actor whose address could not be stored', () => {
  it('says so in each of its lives', () => {
    const address = () => ({ port: 1 });
    const { root, ref } = startIn(ROOT, createMachine(), { snapshot: stored(address, ROOT) });
    const first = ref.getSnapshot();
    hideAndShow(root);
    for (const { value, tags, context } of [first, ref.getSnapshot()]) {
      expect([value, ...tags]).toEqual(['IDLE', 'idle', 'failed']);
      expect(context.outcome?.cause?.message).toContain(
        'it was a function, which cannot be stored',
      );
    }
  });
});

describe('a machine for one session, whose address cannot be stored,', () => {
  const ADDRESS: Address = { port: 1, tls: TLS };
  const restoredIn = (place: Place, options: MachineOptions) =>
    startIn(place, createMachine(options), { snapshot: stored(ADDRESS, place, options) });

  it('ends with an outcome that says why', async () => {
    const { ref } = restoredIn(ROOT, { once: true });
    const { cause } = await toPromise(ref);
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause?.cause).toBeInstanceOf(ArgumentError);
    expect(ref.getSnapshot()).toMatchObject({ status: 'done', value: 'ENDED' });
  });

  it('tells its parent, in onDone', () => {
    const { root } = restoredIn(CHILD, { once: true });
    const outcome = { cause: { cause: { name: 'ArgumentError' } } };
    expect(root.getSnapshot()).toMatchObject({ value: 'done', context: { outcome } });
  });

  it('ends with an error if it is to fail as actors do', async () => {
    const { ref } = restoredIn(ROOT, { once: true, failWith: 'error' });
    expect(await rejection(toPromise(ref))).toMatchObject({ cause: { name: 'ArgumentError' } });
    expect(ref.getSnapshot().status).toBe('error');
  });

  it('tells its parent then, in onError', async () => {
    const { root } = restoredIn(CHILD, { once: true, failWith: 'error' });
    await waitFor(root, ({ value }) => value === 'failed');
    expect(root.getSnapshot()).toMatchObject({
      context: { error: { cause: { name: 'ArgumentError' } } },
    });
  });
});

describe('no secret is stored', () => {
  const secret = fc.string({ minLength: 8, maxLength: 20 }).map((text) => `secret ${text}`);
  const name = fc.constantFrom('key', 'cert', 'ca', 'pfx', 'passphrase', 'ticketKeys', 'unknown');
  const value = secret.chain((text) =>
    fc.constantFrom<unknown>(text, [text], { pem: text }, Buffer.from(text), () => text),
  );
  const tls = fc.dictionary(name, value, { minKeys: 1 });

  it('by an actor with TLS options, in its input or in an event', () => {
    fc.assert(
      fc.property(tls, fc.boolean(), fc.boolean(), (options, isInput, isSealed) => {
        const plain: Address = { host: '127.0.0.1', port: 1, tls: options };
        const address = isSealed ? sealAddress(plain) : plain;
        const machine = createMachine();
        const system = startIn(CHILD, machine, { address: isInput ? address : undefined });
        if (!isInput) system.ref.send({ type: 'CONNECT', address });
        // The parent keeps the address in its own context, which is its affair.
        const { children } = throughJson(system.persist()) as { children?: unknown };
        system.root.stop();
        const text = JSON.stringify(children);
        expect(text).toContain('127.0.0.1');
        expect(text).not.toContain('secret');
      }),
      { numRuns: 50 },
    );
  });
});
