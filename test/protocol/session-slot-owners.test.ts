/** Where the logic of a session comes from: a definition, a client class, a server; and what is refused. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { createActor, createMachine, fromPromise, SimulatedClock } from 'xstate';
import {
  ArgumentError,
  AsyncProtocol,
  defineClient,
  lines,
  type ProtocolDefinition,
  ProtocolServer,
  type Session,
} from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { createSilentPeer, type Input, passSeconds, type Running, ticking } from './ticking.ts';

expectIdleAfterEach();

describe('the logic of a session', () => {
  it.each([
    ['a function', () => ticking, 'wrap it: session: fromPromise('],
    ['an actor', createActor(createMachine({})), 'give it the machine of this actor'],
    ['an object', { invoke: 'ticking' }, 'must be actor logic of XState 5'],
    ['a text', 'ticking', 'not "ticking"'],
  ])('is not %s', (_, session, text) => {
    // Not typed: a program in JavaScript.
    const definition = { codec: lines(), session } as never;
    expect(() => new AsyncProtocol<string>(definition)).toThrow(ArgumentError);
    expect(() => new AsyncProtocol<string>(definition)).toThrow(text);
  });

  it('is returned by the method of a client class', async () => {
    class Ticker extends defineClient<string>(() => lines()) {
      readonly interval = 1000;
      protected override session(session: Running): typeof ticking {
        expect([this.interval, session.negotiated]).toEqual([1000, undefined]);
        return ticking;
      }
    }
    const clock = new SimulatedClock();
    const peer = createSilentPeer();
    const ticker = track(new Ticker({ clock }));
    await ticker.connect({ stream: peer.stream });
    passSeconds(clock);
    expect(await ticker.closed).toEqual({ suppressed: [], undelivered: 0 });
    expect(peer.received).toEqual(['tick', 'tick', 'tick']);
  });

  it('of a client class is refused when it is something else, or when the method throws', async () => {
    class Careless extends defineClient<string>(() => lines()) {
      protected override session(): never {
        return 'ticking' as never;
      }
    }
    class Throwing extends defineClient<string>(() => lines()) {
      protected override session(): never {
        throw new TypeError('a bug');
      }
    }
    for (const [Client, message] of [
      [Careless, 'session() must return actor logic of XState 5, not "ticking" (a string)'],
      [Throwing, 'The callback session threw: a bug'],
    ] as const) {
      const peer = createSilentPeer();
      const client = track(new Client());
      await client.connect({ stream: peer.stream });
      expect((await client.closed).cause?.message).toBe(message);
      await client.disconnect().catch(() => undefined);
    }
  });

  it('runs for each peer of a server', async () => {
    const greeting = fromPromise<unknown, Input>(({ input: { session } }) =>
      session.send('welcome'),
    );
    const server = new ProtocolServer<string>({ codec: lines(), session: greeting });
    cleanUp(() => server.close({ force: true }));
    const address = await server.listen({ port: 0 });
    for (const received of [[], []] as string[][]) {
      const client = track(
        new AsyncProtocol<string>({
          codec: lines(),
          onMessage: (line) => {
            received.push(line);
          },
        }),
      );
      await client.connect(address);
      await client.closed;
      expect(received).toEqual(['welcome']);
      await client.disconnect().catch(() => undefined);
    }
  });

  it('is typed with the session that it is given', () => {
    type Definition = ProtocolDefinition<string, string, { user: string }>;
    type Logic = NonNullable<Definition['session']>;
    const right = fromPromise<string, { session: Session<string, string, { user: string }> }>(
      ({ input: { session } }) => Promise.resolve(session.negotiated.user),
    );
    const wrong = fromPromise<number, { session: Session<number> }>(({ input: { session } }) =>
      session.receive(),
    );
    expectTypeOf(right).toExtend<Logic>();
    expectTypeOf(wrong).not.toExtend<Logic>();
  });
});
