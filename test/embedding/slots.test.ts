/** Actor logic that `provide()` gives a machine in place of its protocol's handshake, session or farewell. */

import { describe, expect, it } from 'vitest';
import {
  createActor,
  createMachine,
  type EventObject,
  fromCallback,
  fromPromise,
  setup,
  SimulatedClock,
  waitFor,
} from 'xstate';
import {
  ArgumentError,
  AsyncProtocol,
  createProtocolMachine,
  lines,
  type Session,
  streamPair,
} from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { createPeer, login } from '../protocol/login.ts';

expectIdleAfterEach();

interface Input {
  session: Session<string>;
}

const plain = createProtocolMachine({ codec: lines() }, { once: true });
/** Says a word, as logic for any slot. */
const saying = (word: string) =>
  fromPromise<string, Input>(async ({ input: { session } }) => {
    await session.send(word);
    return word;
  });
const addressOf = (peer: ReturnType<typeof createPeer>) => ({ address: { stream: peer.stream } });

describe('a machine with logic in its slots', () => {
  it('runs each of them in its state, although the definition has none', async () => {
    const peer = createPeer('hello', () => undefined);
    const machine = plain.provide({
      actors: { handshake: saying('hi'), session: saying('hmm'), farewell: saying('bye') },
    });
    const actor = createActor(machine, { input: addressOf(peer) });
    const protocol = AsyncProtocol.attach(actor.start());
    const { output } = await waitFor(actor, ({ status }) => status === 'done');
    expect(output).toEqual({ suppressed: [], undelivered: 0 });
    expect(peer.received).toEqual(['hi', 'hmm', 'bye']);
    expect(protocol.negotiated).toBe('hi');
  });

  it('runs them instead of those of the definition', async () => {
    const said = (word: string) => async (session: { send: (word: string) => Promise<void> }) => {
      await session.send(word);
    };
    const machine = createProtocolMachine(
      {
        codec: lines(),
        handshake: said('old hi'),
        session: saying('old hmm'),
        farewell: said('old bye'),
      },
      { once: true },
    );
    const peer = createPeer('hello', () => undefined);
    const provided = machine
      .provide({ actors: { handshake: saying('hi') } })
      .provide({ actors: { session: saying('hmm'), farewell: saying('bye') } });
    const actor = createActor(provided, { input: addressOf(peer) }).start();
    await waitFor(actor, ({ status }) => status === 'done');
    expect(peer.received).toEqual(['hi', 'hmm', 'bye']);

    const other = createPeer('hello', () => undefined);
    const old = createActor(machine, { input: addressOf(other) }).start();
    await waitFor(old, ({ status }) => status === 'done');
    expect(other.received).toEqual(['old hi', 'old hmm', 'old bye']);
  });

  it('shows a machine in a slot with its states', async () => {
    const peer = createPeer('mail 1.0', () => 'welcome');
    const seen = new Set<unknown>();
    const machine = plain.provide({ actors: { handshake: login } });
    const actor = createActor(machine, {
      input: addressOf(peer),
      inspect: (event) => {
        if (event.type !== '@xstate.snapshot') return;
        if (!('id' in event.actorRef) || event.actorRef.id !== 'login') return;
        seen.add('value' in event.snapshot ? event.snapshot.value : undefined);
      },
    }).start();
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    expect([...seen]).toEqual(['greeting', 'authenticating', 'loggedIn']);
    actor.send({ type: 'DISCONNECT' });
    await waitFor(actor, ({ status }) => status === 'done');
  });

  it('obeys the deadline of the handshake, and stops the logic', async () => {
    const clock = new SimulatedClock();
    const [ours, theirs] = streamPair();
    cleanUp(() => theirs.destroy());
    const [entered, stopped] = [defer<undefined>(), defer<undefined>()];
    const handshake = fromCallback<EventObject, Input>(() => {
      entered.resolve(undefined);
      return () => {
        stopped.resolve(undefined);
      };
    });
    const machine = plain.provide({ actors: { handshake } });
    const actor = createActor(machine, { clock, input: { address: { stream: ours } } }).start();
    await entered.promise;
    clock.increment(10_000);
    await stopped.promise;
    const { output } = await waitFor(actor, ({ status }) => status === 'done');
    expect(output?.cause).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ERR_TIMEOUT' } });
  });

  it('fails with the error of the session, wrapped as that of a callback', async () => {
    const session = setup({ types: { input: {} as Input } }).createMachine({
      context: () => {
        throw new TypeError('a bug');
      },
    });
    const peer = createPeer('hello', () => undefined);
    const machine = plain.provide({ actors: { session } });
    const actor = createActor(machine, { input: addressOf(peer) }).start();
    const { output } = await waitFor(actor, ({ status }) => status === 'done');
    expect(output?.cause).toMatchObject({
      code: 'ERR_HANDLER',
      message: 'The callback session threw: a bug',
    });
  });

  it('does not say the goodbye of the definition when it is stopped from outside', async () => {
    const definition = {
      codec: lines(),
      farewell: async ({ send }: Session<string, string, unknown>): Promise<void> => {
        await send('old bye');
      },
    };
    const machine = createProtocolMachine(definition);
    for (const [kind, received] of [
      [machine, ['old bye']],
      [machine.provide({ actors: { farewell: saying('bye') } }), []],
    ] as const) {
      const peer = createPeer('hello', () => undefined);
      const actor = createActor(kind, { input: addressOf(peer) }).start();
      await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
      actor.stop();
      await peer.closed;
      expect(peer.received).toEqual(received);
    }
  });

  it('keeps them when its actor is restored', async () => {
    const machine = plain.provide({ actors: { handshake: saying('hi'), session: saying('hmm') } });
    const snapshot = createActor(machine).getPersistedSnapshot();
    const peer = createPeer('hello', () => undefined);
    const actor = createActor(machine, { snapshot }).start();
    actor.send({ type: 'CONNECT', ...addressOf(peer) });
    await waitFor(actor, ({ status }) => status === 'done');
    expect(peer.received).toEqual(['hi', 'hmm']);
  });

  it.each([
    ['a function', () => login, 'not a function'],
    ['an actor', createActor(createMachine({})), 'not an object'],
    ['a text', 'login', 'not "login"'],
  ])('refuses %s', (_, logic, text) => {
    const provide = () => plain.provide({ actors: { session: logic as never } });
    expect(provide).toThrow(ArgumentError);
    expect(provide).toThrow(`The actor session of provide() must be actor logic of XState 5`);
    expect(provide).toThrow(text);
  });

  it('leaves the machine itself as it is', async () => {
    plain.provide({ actors: { handshake: saying('hi'), session: saying('hmm') } });
    const peer = createPeer('hello', () => undefined);
    const actor = createActor(plain, { input: addressOf(peer) }).start();
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    actor.send({ type: 'DISCONNECT' });
    await waitFor(actor, ({ status }) => status === 'done');
    expect(peer.received).toEqual([]);
  });
});
