/** A machine that is made from the parts of that of a connection. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { createActor, fromPromise, SimulatedClock, waitFor } from 'xstate';
import {
  AsyncProtocol,
  type Codec,
  inHandshake,
  lines,
  protocolSetup,
  type Session,
  streamPair,
  toSession,
} from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { config, createServer, machine, seen, setup } from './extended.ts';

expectIdleAfterEach();

describe('an extended machine', () => {
  it('goes through the states that were added', async () => {
    seen.length = 0;
    const { address, received } = createServer(() => 'ok');
    const actor = createActor(machine, { input: { address } });
    const states: unknown[] = [];
    actor.subscribe(({ value }) => states.push(value));
    actor.start();
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    expect(received).toEqual(['user', 'password']);
    expect(states).toContainEqual({ CONNECTING: { AUTHENTICATING: 'user' } });
    actor.send({ type: 'PAUSE' });
    expect(actor.getSnapshot().matches({ RUNNING: 'PAUSED' })).toBe(true);
    expect([...actor.getSnapshot().tags].sort()).toEqual(['paused', 'up']);
    actor.send({ type: 'RESUME' });
    actor.send({ type: 'DEGRADE', why: '' });
    expect(actor.getSnapshot().value).toEqual({ RUNNING: 'open' });
    actor.send({ type: 'DEGRADE', why: 'slow' });
    expect(actor.getSnapshot().value).toEqual({ RUNNING: 'DEGRADED' });
    actor.send({ type: 'DISCONNECT' });
    const { output } = await waitFor(actor, (snapshot) => snapshot.status === 'done');
    expect(output).toEqual({ suppressed: [], undelivered: 0 });
    expect(seen).toEqual(['password: ok', 'DEGRADE']);
  });

  it.each([
    ['in it', ['PAUSE', 'EXPECT_END']],
    ['without it', ['EXPECT_END']],
    ['in it, and the state is left', ['PAUSE', 'EXPECT_END', 'RESUME']],
  ])('ends cleanly in a state that was added when the end was announced %s', async (_, steps) => {
    const { address, peer } = createServer(() => 'ok');
    const actor = createActor(machine, { input: { address } }).start();
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    const shutdown = { guest: true, reason: 'guest-shutdown' };
    for (const step of steps) {
      if (step === 'EXPECT_END') actor.send({ type: 'EXPECT_END', shutdown });
      else if (step === 'PAUSE' || step === 'RESUME') actor.send({ type: step });
    }
    peer.end();
    const { output } = await waitFor(actor, (snapshot) => snapshot.status === 'done');
    expect(output).toEqual({ shutdown, suppressed: [], undelivered: 0 });
  });

  it('fails in a state that was added when the announcement was withdrawn', async () => {
    const { address, peer } = createServer(() => 'ok');
    const actor = createActor(machine, { input: { address } }).start();
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    actor.send({ type: 'PAUSE' });
    actor.send({ type: 'EXPECT_END' });
    actor.send({ type: 'EXPECT_MORE' });
    peer.end();
    const { output } = await waitFor(actor, (snapshot) => snapshot.status === 'done');
    expect(output?.cause?.code).toBe('ERR_CLOSED');
  });

  it('fails at once when an actor in a state that was added is not given the session', async () => {
    const { address } = createServer(() => 'ok');
    const login = fromPromise<string, { session: Session<string> }>(() => Promise.resolve('in'));
    const parts = protocolSetup(
      { codec: lines() },
      { once: true, actors: { login: inHandshake(login) } },
    );
    const { CONNECTING } = parts.config.states;
    const { dialing } = CONNECTING.states;
    const onError = {
      target: '#protocol.DISCONNECTING.destroying',
      actions: 'recordConnectFailure',
    } as const;
    const withoutInput = parts.complete(
      parts.setup.createMachine({
        ...parts.config,
        states: {
          ...parts.config.states,
          CONNECTING: {
            ...CONNECTING,
            states: {
              ...CONNECTING.states,
              dialing: { ...dialing, invoke: { ...dialing.invoke, onDone: 'LOGIN' } },
              // @ts-expect-error -- the input is missing
              LOGIN: { invoke: { src: 'login', onDone: '#protocol.RUNNING', onError } },
            },
          },
        },
      }),
    );
    const actor = createActor(withoutInput, { input: { address } }).start();
    const { output } = await waitFor(actor, (snapshot) => snapshot.status === 'done');
    expect(output?.cause?.message).toContain('needs the session of its connection');
  });

  it('fails as an attempt does, by an error or a deadline in a state that was added', async () => {
    const { address } = createServer((line) => (line === 'user' ? 'ok' : 'wrong'));
    const actor = createActor(machine, { input: { address } }).start();
    const { output } = await waitFor(actor, (snapshot) => snapshot.status === 'done');
    expect(output?.cause).toMatchObject({
      code: 'ERR_CONNECT',
      phase: 'session',
      cause: expect.objectContaining({ code: 'ERR_REFUSED', message: 'wrong' }) as Error,
    });

    const clock = new SimulatedClock();
    const [ours, theirs] = streamPair();
    cleanUp(() => theirs.destroy());
    const slow = createActor(machine, { clock, input: { address: { stream: ours } } }).start();
    await waitFor(slow, (snapshot) => snapshot.matches({ CONNECTING: 'AUTHENTICATING' }));
    clock.increment(10_000);
    const end = await waitFor(slow, (snapshot) => snapshot.status === 'done');
    expect(end.output?.cause).toMatchObject({ cause: { code: 'ERR_TIMEOUT', phase: 'handshake' } });
    expect(end.hasTag('failed')).toBe(true);
  });

  it('may change the codec in a state that was added, also for a decoder that gives nothing back', async () => {
    /** Lines, of a decoder without `rest()`. */
    const plainLines = (): Codec<string> => {
      const codec = lines();
      return {
        encode: (line) => codec.encode(line),
        createDecoder: (limits) => {
          const decoder = codec.createDecoder(limits);
          return {
            write: (chunk) => {
              decoder.write(chunk);
            },
            read: () => decoder.read(),
            end: () => {
              decoder.end();
            },
          };
        },
      };
    };
    const changing = inHandshake(
      fromPromise<string, { session: Session<string> }>(async ({ input: { session } }) => {
        const first = await session.receive();
        session.switchCodec(lines({ terminator: ';' }));
        return `${first} ${await session.receive()}`;
      }),
    );
    const parts = protocolSetup({ codec: plainLines() }, { actors: { changing }, forward: true });
    const { states } = parts.config;
    const outputs: string[] = [];
    const changed = parts.complete(
      parts.setup.createMachine({
        ...parts.config,
        states: {
          ...states,
          CONNECTING: {
            ...states.CONNECTING,
            states: {
              ...states.CONNECTING.states,
              dialing: {
                ...states.CONNECTING.states.dialing,
                invoke: { ...states.CONNECTING.states.dialing.invoke, onDone: 'changing' },
              },
              changing: {
                invoke: {
                  src: 'changing',
                  input: toSession,
                  onDone: {
                    target: '#protocol.RUNNING',
                    actions: ({ event }) => outputs.push(event.output),
                  },
                  onError: states.CONNECTING.states.establishing.invoke.onError,
                },
              },
            },
          },
        },
      }),
    );
    const [ours, theirs] = streamPair();
    cleanUp(() => theirs.destroy());
    theirs.write('one\ntwo;three;');
    const actor = createActor(changed, { input: { address: { stream: ours } } });
    const received = new Promise((resolve) => {
      actor.on('message', ({ messages }) => {
        resolve(messages);
      });
    });
    actor.start();
    expect(await received).toEqual(['three']);
    expect(outputs).toEqual(['one two']);
    actor.stop();
  });

  it('has the facades of its kind, which know its states', async () => {
    const { address } = createServer(() => 'ok');
    const actor = createActor(machine).start();
    const protocol = AsyncProtocol.attach(actor);
    expectTypeOf(protocol).toEqualTypeOf<AsyncProtocol<string, string>>();
    await protocol.connect(address);
    actor.send({ type: 'PAUSE' });
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.send('hello');
    await protocol.disconnect();
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  it('is stored and restored as any other', async () => {
    const { address } = createServer(() => 'ok');
    const actor = createActor(machine, { input: { address: '/run/x' } });
    const stored: unknown = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    expect(stored).toMatchObject({ context: { autoConnect: '/run/x' }, children: {} });
    const other = createActor(machine, { input: { address } }).start();
    await waitFor(other, (snapshot) => snapshot.hasTag('up'));
    const up = other.getPersistedSnapshot();
    expect(up).toEqual(JSON.parse(JSON.stringify(up)));
    expect(up).toMatchObject({ status: 'active', value: { RUNNING: 'open' } });
    other.stop();
    const restored = createActor(machine, { snapshot: up }).start();
    expect(restored.getSnapshot().status).toBe('done');
    expect(restored.getSnapshot().output?.cause).toMatchObject({ code: 'ERR_CONNECT' });
  });

  it('has slots, by provide() and by the actors of the setup', async () => {
    const ending = fromPromise<string, { session: Session<string> }>(({ input: { session } }) =>
      Promise.resolve(session.remote).then(() => 'over'),
    );
    const filled = protocolSetup({ codec: lines() }, { actors: { session: ending }, once: true });
    const machines = [
      machine.provide({ actors: { session: ending } }),
      filled.complete(filled.setup.createMachine(filled.config)),
    ];
    for (const one of machines) {
      const { address } = createServer(() => 'ok');
      const actor = createActor(one, { input: { address } }).start();
      const { output } = await waitFor(actor, (snapshot) => snapshot.status === 'done');
      expect(output).toEqual({ suppressed: [], undelivered: 0 });
    }
  });

  it('is made for a client class, too', async () => {
    const qmp = protocolSetup(QmpClient, {
      name: 'vm',
      types: { events: {} as { type: 'FREEZE' }, tags: {} as 'frozen' },
    });
    const states = qmp.config.states;
    const frozen = qmp.complete(
      qmp.setup.createMachine({
        ...qmp.config,
        states: {
          ...states,
          RUNNING: {
            ...states.RUNNING,
            on: { ...states.RUNNING.on, FREEZE: '.FROZEN' },
            states: { ...states.RUNNING.states, FROZEN: { tags: 'frozen' } },
          },
        },
      }),
    );
    await using server = new ScriptedQmpServer();
    const address = await server.listen();
    const actor = createActor(frozen, { input: { address } }).start();
    await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
    actor.send({ type: 'FREEZE' });
    expect(actor.getSnapshot().hasTag('frozen')).toBe(true);
    const client = QmpClient.attach(actor);
    expect(client.name).toBe('vm');
    expect((await client.execute('query-status')).status).toBe('prelaunch');
    await client.disconnect();
    actor.stop();
  });

  it('infers events, tags and states, and only those', () => {
    const actor = createActor(machine);
    const snapshot = actor.getSnapshot();
    snapshot.matches({ CONNECTING: { AUTHENTICATING: 'password' } });
    // @ts-expect-error -- no such state
    snapshot.matches({ RUNNING: 'TIRED' });
    // @ts-expect-error -- no such tag
    snapshot.hasTag('tired');
    // @ts-expect-error -- the reason is missing
    expect(snapshot.can({ type: 'DEGRADE' })).toBe(false);
    // @ts-expect-error -- no such event
    expect(snapshot.can({ type: 'TIRE' })).toBe(false);
    // @ts-expect-error -- no such actor
    setup.createMachine({ ...config, invoke: { src: 'unknown' } });
  });
});
