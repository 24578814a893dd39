/** What the compiler makes of `supervise()`. */

import { describe, expectTypeOf, it } from 'vitest';
import {
  type AsyncProtocol,
  type ClientClass,
  type Codec,
  createProtocolMachine,
  createSupervisorMachine,
  type JsonObject,
  lines,
  type ProtocolDefinition,
  supervise,
  type Supervisor,
  type SupervisorMachine,
} from '../../src/index.ts';
import { QmpClient, type QmpCommand } from '../../src/qmp/index.ts';

/** Nothing of this is run: the compiler alone is asked. */
declare const numbers: Codec<string, number>;
declare const plain: ClientClass<AsyncProtocol<string>, string, string>;

describe('supervise()', () => {
  it('of a class of clients is a supervision of one of them', () => {
    const make = () =>
      supervise(QmpClient, '/run/x', {
        onUp: (qmp, signal) => {
          expectTypeOf(qmp).toEqualTypeOf<QmpClient>();
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        },
      });
    expectTypeOf(make).returns.toEqualTypeOf<Supervisor<QmpClient>>();
    expectTypeOf<ReturnType<typeof make>['up']>().returns.toEqualTypeOf<Promise<QmpClient>>();
  });

  it('of a definition is a supervision of a protocol of its messages', () => {
    const same = () =>
      supervise(
        { codec: lines() },
        { port: 1 },
        {
          onUp: (client) => {
            expectTypeOf(client).toEqualTypeOf<AsyncProtocol<string>>();
          },
        },
      );
    expectTypeOf(same).returns.toEqualTypeOf<Supervisor<AsyncProtocol<string>>>();
    const two = () => supervise({ codec: numbers }, '/run/x');
    expectTypeOf(two).returns.toEqualTypeOf<Supervisor<AsyncProtocol<string, number>>>();
    const made = () => supervise(() => ({ codec: numbers }), '/run/x');
    expectTypeOf(made).returns.toEqualTypeOf<Supervisor<AsyncProtocol<string, number>>>();
  });

  it('takes a function of the attempt and the cause for an address', () => {
    const make = () =>
      supervise(QmpClient, async (attempt, cause) => {
        expectTypeOf(attempt).toEqualTypeOf<number>();
        expectTypeOf(cause?.code).not.toBeAny();
        return Promise.resolve({ port: attempt });
      });
    expectTypeOf(make).returns.toEqualTypeOf<Supervisor<QmpClient>>();
  });

  it('refuses what is neither, and options that are none', () => {
    const wrong = () => {
      // @ts-expect-error -- a class that cannot be attached
      supervise(Date, '/run/x');
      // @ts-expect-error -- a client, not its class
      supervise(new QmpClient(), '/run/x');
      // @ts-expect-error -- a machine is neither
      supervise(createProtocolMachine({ codec: lines() }), '/run/x');
      // @ts-expect-error -- a definition without a codec
      supervise({ onMessage: () => undefined }, '/run/x');
      // @ts-expect-error -- a function that makes none
      supervise(() => 'hello', '/run/x');
      // @ts-expect-error -- attach() takes the actor of another machine than createMachine() makes
      supervise({ ...plain, createMachine: QmpClient.createMachine }, '/run/x');
      // @ts-expect-error -- nowhere to go
      supervise(QmpClient);
      // @ts-expect-error -- no address
      supervise(QmpClient, () => 7);
      // @ts-expect-error -- no number
      supervise(QmpClient, '/run/x', { attempts: 'many' });
      // @ts-expect-error -- it would be over after one session
      supervise(QmpClient, '/run/x', { once: true });
      // @ts-expect-error -- a client of another kind
      supervise(QmpClient, '/run/x', { onUp: (client: AsyncProtocol<string>) => client });
    };
    expectTypeOf(wrong).returns.toBeVoid();
  });
});

it('QmpClient is a kind of client, and a definition speaks of its messages', () => {
  expectTypeOf(QmpClient).toExtend<ClientClass<QmpClient, JsonObject, QmpCommand>>();
  const machine = () => createSupervisorMachine(QmpClient, '/run/x');
  expectTypeOf(machine).returns.toEqualTypeOf<SupervisorMachine<JsonObject, QmpCommand>>();
  const other = (definition: ProtocolDefinition<string, number>) =>
    createSupervisorMachine(definition, '/run/x');
  expectTypeOf(other).returns.toEqualTypeOf<SupervisorMachine<string, number>>();
});
