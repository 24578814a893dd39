/** The types that a parent chart relies on. Mostly checked by the compiler; little of it runs. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { createActor, setup, type ActorRefFrom, type InputFrom, type OutputFrom } from 'xstate';
import {
  AsyncProtocol,
  type BoundAddress,
  type Codec,
  createProtocolMachine,
  type InputAddress,
  jsonLines,
  type JsonObject,
  lengthPrefixed,
  lines,
  type ProtocolActorRef,
  type ProtocolEmitted,
  type ProtocolEvent,
  type ProtocolInput,
  type ProtocolMachine,
  type Runstate,
  type SessionOutcome,
  type WirechartError,
} from '../../src/index.ts';
import {
  createQmpMachine,
  type QmpActorRef,
  QmpClient,
  type QmpCommand,
  type QmpMachine,
} from '../../src/qmp/index.ts';

const connection = createProtocolMachine({ codec: lines() });
const qmp = createQmpMachine({ once: true, forward: true });
const ADDRESS = '/nonexistent/socket';

/** A chart of both machines, whose inline functions get their types from the machines alone. */
const parentMachine = setup({
  types: {
    children: {} as { connection: 'connection'; qmp: 'qmp' },
    context: {} as { up: boolean },
  },
  actors: { connection, qmp },
}).createMachine({
  context: { up: false },
  invoke: [
    {
      id: 'connection',
      src: 'connection',
      input: { address: ADDRESS },
      onDone: {
        actions: ({ event }) => {
          expectTypeOf(event.output).toEqualTypeOf<SessionOutcome>();
          expectTypeOf(event.output.cause).toEqualTypeOf<WirechartError | undefined>();
        },
      },
      onSnapshot: {
        actions: ({ event: { snapshot } }) => {
          expectTypeOf(snapshot.context.session).toEqualTypeOf<number>();
          expectTypeOf(snapshot.context.outcome).toEqualTypeOf<SessionOutcome | undefined>();
          snapshot.hasTag('up');
          snapshot.hasTag('busy');
          snapshot.matches({ CONNECTING: { listening: 'bound' } });
          // @ts-expect-error -- no such tag
          snapshot.hasTag('down');
          // @ts-expect-error -- no such state
          snapshot.matches('NOWHERE');
          // @ts-expect-error -- no such state within
          snapshot.matches({ RUNNING: 'backwards' });
        },
      },
    },
    {
      id: 'qmp',
      src: 'qmp',
      onDone: {
        actions: ({ event }) => {
          expectTypeOf(event.output).toEqualTypeOf<SessionOutcome>();
        },
      },
    },
  ],
});

describe('the types of a machine', () => {
  it('have a name, and the message types of its codec', () => {
    expectTypeOf(connection).toEqualTypeOf<ProtocolMachine<string>>();
    expectTypeOf(qmp).toEqualTypeOf<QmpMachine>();
    expectTypeOf<QmpMachine>().toEqualTypeOf<ProtocolMachine<JsonObject, QmpCommand>>();
    const bytes = createProtocolMachine({ codec: lengthPrefixed() });
    expectTypeOf(bytes).toEqualTypeOf<ProtocolMachine<Uint8Array>>();
    const json = createProtocolMachine({ codec: jsonLines<{ id: number }, 'ping'>() });
    expectTypeOf(json).toEqualTypeOf<ProtocolMachine<{ id: number }, 'ping'>>();
    expect(json.id).toBe('protocol');
  });

  it('come from the definition that a function returns', () => {
    const codec: Codec<number, 'on' | 'off'> = { encode: String, createDecoder: () => never() };
    const machine = createProtocolMachine(() => ({
      codec,
      onMessage: (count) => {
        expectTypeOf(count).toEqualTypeOf<number>();
      },
    }));
    expectTypeOf(machine).toEqualTypeOf<ProtocolMachine<number, 'on' | 'off'>>();
    expect(machine.id).toBe('protocol');
  });

  it('cover its input, output, events and emitted events', () => {
    expectTypeOf<InputFrom<typeof connection>>().toEqualTypeOf<ProtocolInput | undefined>();
    expectTypeOf<OutputFrom<typeof connection>>().toEqualTypeOf<SessionOutcome>();
    expectTypeOf<ActorRefFrom<typeof connection>>().toEqualTypeOf<ProtocolActorRef<string>>();
    expectTypeOf<ActorRefFrom<typeof qmp>>().toEqualTypeOf<QmpActorRef>();
    expectTypeOf<ProtocolInput['address']>().toEqualTypeOf<InputAddress | undefined>();
    const actor = createActor(connection);
    expectTypeOf<typeof actor.send>().parameter(0).toEqualTypeOf<ProtocolEvent<string>>();
    actor.send({ type: 'CONNECT', address: ADDRESS });
    // @ts-expect-error -- the address is missing
    actor.send({ type: 'CONNECT' });
    // @ts-expect-error -- no such event
    actor.send({ type: 'RECONNECT' });
  });

  it('reject unknown options', () => {
    createProtocolMachine(
      { codec: lines() },
      { once: true, forward: true, timeouts: { close: 1 } },
    );
    // @ts-expect-error -- no such option
    const unknown = () => createProtocolMachine({ codec: lines() }, { twice: true });
    expect(unknown).toThrow("createProtocolMachine() has no option 'twice'");
    // @ts-expect-error -- the machine has the clock of its parent
    const timed = () => createProtocolMachine({ codec: lines() }, { clock: globalThis });
    expect(timed).toThrow("has no option 'clock'");
    // @ts-expect-error -- the codec is missing
    const incomplete = () => createProtocolMachine({});
    expect(incomplete).toThrow('needs a codec');
  });
});

describe('the types of a child', () => {
  it('are known by its id in the parent', () => {
    const parent = createActor(parentMachine).start();
    const { children } = parent.getSnapshot();
    expectTypeOf(children.connection).toEqualTypeOf<ProtocolActorRef<string> | undefined>();
    expectTypeOf(children.qmp).toEqualTypeOf<QmpActorRef | undefined>();
    // @ts-expect-error -- no such child
    expect(children.unknown).toBeUndefined();
    if (children.connection) {
      const protocol = AsyncProtocol.attach(children.connection);
      expectTypeOf(protocol).toEqualTypeOf<AsyncProtocol<string>>();
      // @ts-expect-error -- not an actor of QMP
      expect(() => QmpClient.attach(children.connection)).toThrow();
    }
    if (children.qmp) {
      expectTypeOf(QmpClient.attach(children.qmp)).toEqualTypeOf<QmpClient>();
      const raw = AsyncProtocol.attach(children.qmp);
      expectTypeOf(raw).toEqualTypeOf<AsyncProtocol<JsonObject, QmpCommand>>();
    }
    parent.stop();
  });

  it('cover its emitted events', () => {
    const actor = createActor(connection);
    actor.on('message', ({ messages }) => {
      expectTypeOf(messages).toEqualTypeOf<readonly string[]>();
    });
    actor.on('runstate', ({ runstate, session }) => {
      expectTypeOf(runstate).toEqualTypeOf<Runstate>();
      expectTypeOf(session).toEqualTypeOf<number>();
    });
    actor.on('listening', ({ address }) => {
      expectTypeOf(address).toEqualTypeOf<BoundAddress>();
    });
    actor.on('closed', ({ outcome }) => {
      expectTypeOf(outcome).toEqualTypeOf<SessionOutcome>();
    });
    actor.on('*', (emitted) => {
      expectTypeOf(emitted).toEqualTypeOf<ProtocolEmitted<string>>();
    });
    // @ts-expect-error -- no such emitted event
    actor.on('data', () => undefined);
    createActor(qmp).on('message', ({ messages }) => {
      expectTypeOf(messages).toEqualTypeOf<readonly JsonObject[]>();
    });
    expect(actor.getSnapshot().value).toBe('IDLE');
  });

  it('check its input', () => {
    const { createMachine } = setup({ actors: { connection } });
    createMachine({ invoke: { src: 'connection' } });
    createMachine({ invoke: { src: 'connection', input: {} } });
    createMachine({ invoke: { src: 'connection', input: () => ({ address: { port: 1 } }) } });
    // @ts-expect-error -- a number is not an address
    createMachine({ invoke: { src: 'connection', input: { address: 7 } } });
    // @ts-expect-error -- misspelt
    createMachine({ invoke: { src: 'connection', input: { adress: ADDRESS } } });
    // @ts-expect-error -- the address is a member of the input
    createMachine({ invoke: { src: 'connection', input: ADDRESS } });
    // @ts-expect-error -- a port is needed
    createMachine({ invoke: { src: 'connection', input: () => ({ address: { host: 'here' } }) } });
    createActor(connection, { input: { address: ADDRESS } });
    // @ts-expect-error -- a number is not an address
    const wrong = createActor(connection, { input: { address: 7 } });
    // Without the compiler, the first attempt fails at run time.
    expect(wrong.getSnapshot().value).toEqual({ CONNECTING: 'dialing' });
  });
});

function never(): never {
  throw new Error('The decoder must not be created');
}
