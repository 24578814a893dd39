/** The types of `supervise()`. */

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
import { createQmpMachine, QmpClient, type QmpCommand } from '../../src/qmp/index.ts';

/** Only compiled, never run. */
declare const numbers: Codec<string, number>;
declare const plain: ClientClass<AsyncProtocol<string>, string, string>;

describe('supervise()', () => {
  it('with a client class returns a supervisor of such a client', () => {
    const create = () =>
      supervise(QmpClient, '/run/x', {
        onUp: (qmp, signal) => {
          expectTypeOf(qmp).toEqualTypeOf<QmpClient>();
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        },
      });
    expectTypeOf(create).returns.toEqualTypeOf<Supervisor<QmpClient>>();
    expectTypeOf<ReturnType<typeof create>['up']>().returns.toEqualTypeOf<Promise<QmpClient>>();
  });

  it('with a definition returns a supervisor of a protocol with its messages', () => {
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
    const different = () => supervise({ codec: numbers }, '/run/x');
    expectTypeOf(different).returns.toEqualTypeOf<Supervisor<AsyncProtocol<string, number>>>();
    const factory = () => supervise(() => ({ codec: numbers }), '/run/x');
    expectTypeOf(factory).returns.toEqualTypeOf<Supervisor<AsyncProtocol<string, number>>>();
  });

  it('accepts a function of the attempt and the cause as the address', () => {
    const create = () =>
      supervise(QmpClient, async (attempt, cause) => {
        expectTypeOf(attempt).toEqualTypeOf<number>();
        expectTypeOf(cause?.code).not.toBeAny();
        return Promise.resolve({ port: attempt });
      });
    expectTypeOf(create).returns.toEqualTypeOf<Supervisor<QmpClient>>();
  });

  it('rejects other arguments and unknown options', () => {
    const wrong = () => {
      // @ts-expect-error -- a class that cannot be attached
      supervise(Date, '/run/x');
      // @ts-expect-error -- a client, not its class
      supervise(new QmpClient(), '/run/x');
      // @ts-expect-error -- a machine is neither a class nor a definition
      supervise(createProtocolMachine({ codec: lines() }), '/run/x');
      // @ts-expect-error -- a definition without a codec
      supervise({ onMessage: () => undefined }, '/run/x');
      // @ts-expect-error -- a function that does not return a definition
      supervise(() => 'hello', '/run/x');
      // @ts-expect-error -- attach() takes the actor of another machine than createMachine() makes
      supervise({ ...plain, createMachine: createQmpMachine }, '/run/x');
      // @ts-expect-error -- the address is missing
      supervise(QmpClient);
      // @ts-expect-error -- a function that does not return an address
      supervise(QmpClient, () => 7);
      // @ts-expect-error -- not a number
      supervise(QmpClient, '/run/x', { attempts: 'many' });
      // @ts-expect-error -- a supervisor is not for a single session
      supervise(QmpClient, '/run/x', { once: true });
      // @ts-expect-error -- a client of another class
      supervise(QmpClient, '/run/x', { onUp: (client: AsyncProtocol<string>) => client });
    };
    expectTypeOf(wrong).returns.toBeVoid();
  });
});

it('QmpClient is a client class, and the machine of a definition has its message types', () => {
  expectTypeOf(QmpClient).toExtend<ClientClass<QmpClient, JsonObject, QmpCommand>>();
  const machine = () => createSupervisorMachine(QmpClient);
  expectTypeOf(machine).returns.toEqualTypeOf<SupervisorMachine<JsonObject, QmpCommand>>();
  const other = (definition: ProtocolDefinition<string, number>) =>
    createSupervisorMachine(definition);
  expectTypeOf(other).returns.toEqualTypeOf<SupervisorMachine<string, number>>();
});
