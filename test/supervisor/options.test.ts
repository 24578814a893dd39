import { describe, expect, it } from 'vitest';
import type { AnyActorRef, InspectionEvent } from 'xstate';
import {
  type Address,
  ArgumentError,
  createSupervisorMachine,
  lines,
  type LogRecord,
  type ProtocolDefinition,
  streamPair,
  supervise,
  type SuperviseOptions,
} from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { FakeLink } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { ManualMonitor } from '../support/qmp.ts';
import { rejection, turn } from '../support/signal.ts';
import { type Client, SupervisorHarness, clientClassOver, withoutJitter } from './support.ts';

expectIdleAfterEach();

/** A value of a wrong type, which the compiler would reject. */
const wrong = (value: unknown): never => value as never;

describe('an invalid option', () => {
  it.each<[string, SuperviseOptions<Client>]>([
    ['backoff.initial', { backoff: { initial: 0 } }],
    ['backoff.factor', { backoff: { factor: -1 } }],
    ['backoff.max', { backoff: { max: NaN } }],
    ['backoff.initial', { backoff: { initial: wrong('100') } }],
    ['supervise.restart', { restart: wrong('never') }],
    ['backoff.random', { backoff: { random: wrong(0.5) } }],
    ['supervise.attempts', { attempts: 0 }],
    ['supervise.attempts', { attempts: 1.5 }],
    ['supervise.stable', { stable: -1 }],
    ['supervise.retry', { retry: wrong(true) }],
    ['supervise.onUp', { onUp: wrong('subscribe') }],
    ['timeouts.address', { timeouts: { address: 0 } }],
    ['timeouts.up', { timeouts: { up: NaN } }],
    ['timeouts.connect', { timeouts: { connect: -1 } }],
    ['limits.maxMessageBytes', { limits: { maxMessageBytes: 0 } }],
  ])('%s is an ArgumentError before anything starts', (name, options) => {
    let calls = 0;
    const address = (): string => {
      calls += 1;
      return '/run/x';
    };
    for (const create of [
      () => supervise({ codec: lines() }, address, options),
      () => createSupervisorMachine({ codec: lines() }, options),
    ]) {
      expect(create).toThrow(ArgumentError);
      expect(create).toThrow(`${name} must be `);
    }
    expect(calls).toBe(0);
  });

  it('is not one that is valid, although unusual', async () => {
    const unusual = {
      backoff: { initial: 0.5, factor: 0.1, max: 1e12 },
      attempts: 1,
      stable: Infinity,
    };
    const supervisor = supervise(
      clientClassOver(() => new FakeLink()),
      '/run/x',
      unusual,
    );
    await supervisor.stop();
    expect(supervisor.state).toBe('STOPPED');
  });
});

describe('clock', () => {
  it("measures the waits, the deadlines, and the client's command timeouts", async () => {
    const harness = new SupervisorHarness({ backoff: withoutJitter });
    await harness.refuse();
    expect(harness.clock.delays).toContain(100);
    const monitor = new ManualMonitor();
    const established = monitor.establish();
    const supervisor = supervise(QmpClient, { stream: monitor.stream }, { clock: harness.clock });
    const qmp = await supervisor.up();
    await established;
    const late = rejection(qmp.execute('query-status', undefined, { timeout: 77 }));
    expect(harness.clock.delays).toContain(77);
    harness.clock.increment(77);
    expect(await late).toMatchObject({ code: 'ERR_TIMEOUT' });
    await supervisor.stop({ force: true });
  });
});

describe('inspect', () => {
  it('gets the whole tree: the supervisor, its connection, and the actors of that', async () => {
    const parents = new Map<string, string>();
    const events: string[] = [];
    const inspect = (event: InspectionEvent): void => {
      if (event.type === '@xstate.actor') {
        const { id, _parent } = event.actorRef as AnyActorRef;
        parents.set(id, _parent?.id ?? '');
      }
      if (event.type === '@xstate.event') events.push(event.event.type);
    };
    const harness = new SupervisorHarness({ name: 'vm1', inspect, backoff: withoutJitter });
    await harness.accept();
    expect(Object.fromEntries(parents)).toEqual({
      vm1: '',
      connection: 'vm1',
      locator: 'vm1',
      owner: 'connection',
      dialer: 'connection',
      handshake: 'connection',
      reader: 'connection',
      writer: 'connection',
    });
    await harness.loseSession();
    harness.supervisor.retry();
    expect(events).toEqual(
      expect.arrayContaining(['CONNECT', 'xstate.snapshot.connection', 'RETRY']),
    );
  });

  it.each([
    ['an address', (address: Address) => address],
    ['a function', (address: Address) => () => address],
  ])('gets no secret of %s', async (_, sourceOf) => {
    const address = sourceOf({ port: 1, tls: { passphrase: 'very secret' } });
    const seen: string[] = [];
    const inspect = (event: InspectionEvent): void => {
      const isReference = (name: string) => name.endsWith('Ref') || name === 'rootId';
      seen.push(JSON.stringify(event, (name, value: unknown) => (isReference(name) ? '' : value)));
    };
    const harness = new SupervisorHarness({ inspect, backoff: withoutJitter }, address);
    await harness.refuse();
    harness.supervisor.retry();
    await harness.accept();
    expect(seen.filter((text) => text.includes('"port":1'))).not.toEqual([]);
    expect(seen.filter((text) => text.includes('very secret'))).toEqual([]);
  });

  it('that throws has no effect but a log record', async () => {
    const { logger, records } = recordingLogger();
    const harness = new SupervisorHarness({
      logger,
      inspect: () => {
        throw new Error('broken');
      },
    });
    await harness.accept();
    expect(harness.supervisor.state).toBe('UP');
    expect(records).toContain('warn The callback inspect threw: broken');
  });

  it('is attached instead of called when it has `attach()`', async () => {
    const attached: unknown[] = [];
    const inspect = {
      next: () => expect.unreachable('it is attached instead'),
      attach: (actor: AnyActorRef) => attached.push(actor.id),
    };
    const harness = new SupervisorHarness({ name: 'vm1', inspect });
    await harness.accept();
    expect(attached).toEqual(['vm1']);
  });

  it('may stop the supervisor while it connects', async () => {
    const harness: SupervisorHarness = new SupervisorHarness({
      inspect: (event) => {
        const isConnect = event.type === '@xstate.event' && event.event.type === 'CONNECT';
        if (isConnect) void harness.supervisor.stop();
      },
    });
    await turn();
    expect(harness.supervisor.state).toBe('STOPPING');
    await harness.fulfil('destroy');
    expect(harness.supervisor.state).toBe('STOPPED');
  });
});

describe('name', () => {
  const definition: ProtocolDefinition<string> = { codec: lines() };

  it.each([
    ['a protocol', () => supervise(definition, '/run/x', { name: 'vm1' }), 'AsyncProtocol'],
    ['a client', () => supervise(QmpClient, '/run/x', { name: 'vm1' }), 'QmpClient'],
  ])('is that of %s', async (_, create, type) => {
    const supervisor = create();
    expect(String(supervisor.client)).toBe(`<${type} name='vm1' runstate=IDLE>`);
    expect(supervisor.client.name).toBe('vm1');
    await supervisor.stop();
  });
});

describe('logger', () => {
  it('gets the states, the runstates, the failures and the messages', async () => {
    const { logger, records } = recordingLogger();
    const [near, far] = streamPair();
    const supervisor = supervise(
      { codec: lines() },
      { stream: near },
      { logger, backoff: { random: () => 0 } },
    );
    const client = await supervisor.up();
    await client.send('hello');
    far.destroy();
    while (supervisor.state !== 'GIVEN_UP') await turn();
    expect(records).toEqual([
      'debug IDLE (session 0)',
      'debug CONNECTING',
      'debug CONNECTING (session 1)',
      'debug RUNNING (session 1)',
      'debug UP',
      'debug --> hello',
      'debug DISCONNECTING (session 1)',
      'debug FAILING',
      expect.stringMatching(/^(info|warn) /),
      'debug IDLE (session 1)',
      expect.stringMatching(/^info Outage of \d+ ms with 1 failure, ended in GIVEN_UP: \S/),
      expect.stringMatching(/^warn GIVEN_UP: The stream of the address has served /),
    ]);
  });

  it('that is a function gets the state and the error as fields', async () => {
    const records: LogRecord[] = [];
    const logger = (record: LogRecord) => records.push(record);
    const options = { name: 'vm1', logger, backoff: withoutJitter, attempts: 2 };
    const harness = new SupervisorHarness(options);
    await harness.accept();
    await harness.loseSession();
    const error = harness.supervisor.failures[0]?.cause;
    await harness.advance(100);
    await harness.refuse();
    const states = records.filter(({ state }) => state !== undefined);
    expect(states.map(({ level, state, ...fields }) => [level, state, fields.error])).toEqual([
      ['debug', 'CONNECTING', undefined],
      ['debug', 'UP', undefined],
      ['debug', 'FAILING', error],
      ['info', 'WAITING', error],
      ['debug', 'CONNECTING', undefined],
      ['info', 'GIVEN_UP', error],
      ['warn', 'GIVEN_UP', harness.supervisor.failures[0]?.cause],
    ]);
    expect(new Set(records.map(({ name }) => name))).toEqual(new Set(['vm1']));
  });

  it('that throws has no effect', async () => {
    const throwError = () => {
      throw new Error('broken');
    };
    const logger = { debug: throwError, info: throwError, warn: throwError, error: throwError };
    const harness = new SupervisorHarness({ backoff: withoutJitter, logger });
    await harness.refuse();
    await harness.advance(100);
    await harness.accept();
    expect(harness.supervisor.state).toBe('UP');
  });
});
