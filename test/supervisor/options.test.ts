import { describe, expect, it } from 'vitest';
import type { AnyActorRef, InspectionEvent } from 'xstate';
import {
  ArgumentError,
  createSupervisorMachine,
  lines,
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
import { type Client, Kept, kindOver, steady } from './support.ts';

expectIdleAfterEach();

/** A value that the compiler would not let pass. */
const wrong = (value: unknown): never => value as never;

describe('an option that cannot be used', () => {
  it.each<[string, SuperviseOptions<Client>]>([
    ['backoff.initial', { backoff: { initial: 0 } }],
    ['backoff.factor', { backoff: { factor: -1 } }],
    ['backoff.max', { backoff: { max: NaN } }],
    ['backoff.initial', { backoff: { initial: wrong('100') } }],
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
    let asked = 0;
    const address = (): string => {
      asked += 1;
      return '/run/x';
    };
    for (const make of [
      () => supervise({ codec: lines() }, address, options),
      () => createSupervisorMachine({ codec: lines() }, address, options),
    ]) {
      expect(make).toThrow(ArgumentError);
      expect(make).toThrow(`${name} must be `);
    }
    expect(asked).toBe(0);
  });

  it('and what can be, however odd, is none', async () => {
    const odd = {
      backoff: { initial: 0.5, factor: 0.1, max: 1e12 },
      attempts: 1,
      stable: Infinity,
    };
    const vm = supervise(
      kindOver(() => new FakeLink()),
      '/run/x',
      odd,
    );
    await vm.stop();
    expect(vm.state).toBe('STOPPED');
  });
});

describe('clock', () => {
  it('measures the waits, the deadlines, and the client of each command', async () => {
    const kept = new Kept({ backoff: steady });
    await kept.refuse();
    expect(kept.clock.delays).toContain(100);
    const monitor = new ManualMonitor();
    const established = monitor.establish();
    const vm = supervise(QmpClient, { stream: monitor.stream }, { clock: kept.clock });
    const qmp = await vm.up();
    await established;
    const late = rejection(qmp.execute('query-status', undefined, { timeout: 77 }));
    expect(kept.clock.delays).toContain(77);
    kept.clock.increment(77);
    expect(await late).toMatchObject({ code: 'ERR_TIMEOUT' });
    await vm.stop({ force: true });
  });
});

describe('inspect', () => {
  it('sees the whole tree: the supervisor, its connection, and what that runs', async () => {
    const parents = new Map<string, string>();
    const events: string[] = [];
    const inspect = (event: InspectionEvent): void => {
      if (event.type === '@xstate.actor') {
        const { id, _parent } = event.actorRef as AnyActorRef;
        parents.set(id, _parent?.id ?? '');
      }
      if (event.type === '@xstate.event') events.push(event.event.type);
    };
    const kept = new Kept({ name: 'vm1', inspect, backoff: steady });
    await kept.accept();
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
    await kept.die();
    kept.vm.retry();
    expect(events).toEqual(
      expect.arrayContaining(['CONNECT', 'xstate.snapshot.connection', 'RETRY']),
    );
  });

  it('that throws breaks nothing', async () => {
    const { logger, records } = recordingLogger();
    const kept = new Kept({
      logger,
      inspect: () => {
        throw new Error('broken');
      },
    });
    await kept.accept();
    expect(kept.vm.state).toBe('UP');
    expect(records).toContain('warn The callback inspect threw: broken');
  });

  it('is attached where it need not be called', async () => {
    const attached: unknown[] = [];
    const inspect = {
      next: () => expect.unreachable('it is attached instead'),
      attach: (actor: AnyActorRef) => attached.push(actor.id),
    };
    const kept = new Kept({ name: 'vm1', inspect });
    await kept.accept();
    expect(attached).toEqual(['vm1']);
  });

  it('may stop the supervisor in the moment in which it connects', async () => {
    const kept: Kept = new Kept({
      inspect: (event) => {
        const isConnect = event.type === '@xstate.event' && event.event.type === 'CONNECT';
        if (isConnect) void kept.vm.stop();
      },
    });
    await turn();
    expect(kept.vm.state).toBe('STOPPING');
    await kept.fulfil('destroy');
    expect(kept.vm.state).toBe('STOPPED');
  });
});

describe('name', () => {
  const definition: ProtocolDefinition<string> = { codec: lines() };

  it.each([
    ['a protocol', () => supervise(definition, '/run/x', { name: 'vm1' }), 'AsyncProtocol'],
    ['a client', () => supervise(QmpClient, '/run/x', { name: 'vm1' }), 'QmpClient'],
  ])('is that of %s', async (_, make, type) => {
    const vm = make();
    expect(String(vm.client)).toBe(`<${type} name='vm1' runstate=IDLE>`);
    expect(vm.client.name).toBe('vm1');
    await vm.stop();
  });
});

describe('logger', () => {
  it('is told of the states, of the runstates, of failures and of messages', async () => {
    const { logger, records } = recordingLogger();
    const [near, far] = streamPair();
    const vm = supervise(
      { codec: lines() },
      { stream: near },
      { logger, backoff: { random: () => 0 } },
    );
    const client = await vm.up();
    await client.send('hello');
    far.destroy();
    while (vm.state !== 'GIVEN_UP') await turn();
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
      expect.stringMatching(/^info WAITING for 0 ms until attempt 2: \S/),
      'debug CONNECTING',
      'debug CONNECTING (session 2)',
      'debug DISCONNECTING (session 2)',
      expect.stringMatching(/^warn Failed to establish connection: /),
      'debug IDLE (session 2)',
      expect.stringMatching(/^warn GIVEN_UP: Failed to establish connection: /),
    ]);
  });

  it('that throws breaks nothing', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    const kept = new Kept({ backoff: steady, logger });
    await kept.refuse();
    await kept.pass(100);
    await kept.accept();
    expect(kept.vm.state).toBe('UP');
  });
});
