import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  type AddressFunction,
  ArgumentError,
  ConnectError,
  HandlerError,
  jsonLines,
  streamPair,
  supervise,
  TimeoutError,
} from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, turn } from '../support/signal.ts';
import { SupervisorHarness, clientClassOver, Machine, withoutJitter } from './support.ts';
import { FakeLink } from '../machines/fake-link.ts';

expectIdleAfterEach();

/** A link that records the addresses that it dials. */
class RecordingLink extends FakeLink {
  readonly addresses: unknown[] = [];
  override dial(address: unknown, signal: AbortSignal): Promise<void> {
    this.addresses.push(address);
    return super.dial(address, signal);
  }
}

/** A machine whose address is a function. */
const withAddress = (
  address: AddressFunction,
  more: ConstructorParameters<typeof Machine>[0] = {},
) => new Machine({ backoff: withoutJitter, ...more }, address);

describe('an address', () => {
  it('is dialled in every attempt', async () => {
    const link = new RecordingLink();
    const machine = new Machine({ backoff: withoutJitter }, { path: '/run/there' }, link);
    await machine.refuse();
    await machine.passWait();
    await machine.refuse();
    expect(link.addresses).toEqual([{ path: '/run/there' }, { path: '/run/there' }]);
  });

  it('that is missing makes it give up', async () => {
    const machine = new Machine({}, null as never);
    await turn();
    expect(machine.state).toBe('GIVEN_UP');
    expect(machine.context.cause?.message).toContain(
      "pass one to supervise(), or as the actor's input { address }",
    );
  });
});

describe('an address function', () => {
  it('is called before each attempt, with the number of the attempt and the last cause', async () => {
    const calls: unknown[] = [];
    const link = new RecordingLink();
    const addresses: readonly Address[] = ['/run/a', { port: 2 }];
    const address: AddressFunction = (attempt, cause) => {
      calls.push([attempt, cause?.message]);
      return addresses[(attempt - 1) % 2] ?? '';
    };
    const machine = new Machine({ backoff: withoutJitter, stable: 1_000 }, address, link);
    await machine.refuse();
    await machine.passWait();
    await machine.refuse();
    await machine.passWait();
    await machine.accept();
    await machine.advance(1_000);
    await machine.loseSession();
    await machine.passWait();
    const refused = 'Failed to establish connection: connect ECONNREFUSED';
    expect(calls).toEqual([
      [1, undefined],
      [2, refused],
      [3, refused],
      // Counted from 1 again, because a session was stable.
      [1, 'The stream failed: connect ECONNRESET'],
    ]);
    await turn();
    expect(link.addresses).toEqual(['/run/a', { port: 2 }, '/run/a', '/run/a']);
  });

  it('may resolve later', async () => {
    const found = gate();
    const machine = withAddress(() => found.opened.then(() => '/run/x'));
    await machine.advance(9_999);
    expect(machine.state).toBe('CONNECTING.locating');
    found.open();
    await machine.accept();
    expect(machine.state).toBe('UP');
    expect(machine.clock.timers).toBe(1); // `stable` only
  });

  const throwError = (): never => {
    throw new Error('no such machine');
  };
  it.each<[string, () => Promise<string>]>([
    ['throws', throwError],
    ['rejects', () => turn().then(throwError)],
  ])('that %s is called again', async (_, fail) => {
    let calls = 0;
    const machine = withAddress(() => {
      calls += 1;
      return calls > 1 ? '/run/x' : fail();
    });
    await turn();
    await turn();
    expect(machine.state).toBe('WAITING');
    const { cause } = machine.context;
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause).toMatchObject({
      phase: 'connection',
      cause: expect.any(HandlerError) as HandlerError,
      message: expect.stringContaining('The callback address threw: no such machine') as string,
    });
    // The connection itself has made no attempt.
    expect(machine.context.outage).toMatchObject({ session: 0, cause, first: cause, count: 1 });
    await machine.passWait();
    await machine.accept();
    expect(machine.emittedOf('up')).toEqual([{ type: 'up', session: 1, ups: 1 }]);
  });

  it('may end the attempts by an error of the library that is not retryable', async () => {
    const error = new ArgumentError('There is no such machine');
    const machine = withAddress(() => Promise.reject(error));
    await turn();
    expect(machine.state).toBe('GIVEN_UP');
    expect(machine.context.cause).toHaveProperty('cause', error);
  });

  it('that never settles fails at its deadline, which counts as an attempt', async () => {
    const machine = withAddress(() => new Promise<string>(() => undefined), { attempts: 2 });
    await machine.advance(9_999);
    expect(machine.state).toBe('CONNECTING.locating');
    await machine.advance(1);
    expect(machine.state).toBe('WAITING');
    expect(machine.context.cause).toMatchObject({ phase: 'connection', retryable: true });
    expect(machine.context.cause?.cause).toBeInstanceOf(TimeoutError);
    expect(machine.context.cause?.message).toContain(
      'The callback address took longer than 10000 ms',
    );
    await machine.passWait();
    await machine.advance(10_000);
    expect(machine.state).toBe('GIVEN_UP');
  });

  it('has the deadline of the options, or none', async () => {
    const never = (): Promise<string> => new Promise(() => undefined);
    const limited = withAddress(never, { timeouts: { address: 5 } });
    await limited.advance(5);
    expect(limited.state).toBe('WAITING');
    const unlimited = withAddress(never, { timeouts: { address: Infinity } });
    await unlimited.advance(2 ** 31);
    expect(unlimited.state).toBe('CONNECTING.locating');
  });
});

describe('a stream that an address function returns', () => {
  /** An address function that resolves with a stream when the gate is opened. */
  const gatedStream = (): { stream: Duplex; open: () => void; address: AddressFunction } => {
    const [stream, far] = streamPair();
    cleanUp(() => {
      stream.destroy();
      far.destroy();
    });
    const found = gate();
    return { stream, open: found.open, address: () => found.opened.then(() => ({ stream })) };
  };

  it('is closed when it comes after the deadline', async () => {
    const { stream, open, address } = gatedStream();
    const machine = withAddress(address);
    await machine.advance(10_000);
    open();
    await turn();
    expect(stream.destroyed).toBe(true);
  });

  it('is closed when it comes after stop()', async () => {
    const { stream, open, address } = gatedStream();
    const harness = new SupervisorHarness({}, address);
    await harness.supervisor.stop();
    expect(stream.destroyed).toBe(false);
    open();
    await turn();
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    ['one microtask later', 1],
    ['two microtasks later', 2],
  ])('is closed when stop() is called %s', async (_, microtasks) => {
    const { stream, open, address } = gatedStream();
    const stopIn = (count: number): void => {
      queueMicrotask(() => {
        if (count === 1) void harness.supervisor.stop();
        else stopIn(count - 1);
      });
    };
    const harness = new SupervisorHarness({}, async (attempt, cause) => {
      const found = await address(attempt, cause);
      stopIn(microtasks);
      return found;
    });
    open();
    await turn();
    expect(harness.supervisor.state).toBe('STOPPED');
    expect(harness.link.calls).toEqual([]);
    expect(stream.destroyed).toBe(true);
  });

  it('is closed when the client has been connected elsewhere meanwhile', async () => {
    const { stream, open, address } = gatedStream();
    const harness = new SupervisorHarness({}, address);
    const connected = harness.client.connect('/run/elsewhere');
    open();
    await harness.accept();
    await connected;
    expect(harness.supervisor.state).toBe('UP');
    expect(stream.destroyed).toBe(true);
  });

  it('is used for the session', async () => {
    const { stream, open, address } = gatedStream();
    const supervisor = supervise({ codec: jsonLines() }, address);
    open();
    const client = await supervisor.up();
    expect(client.runstate).toBe('RUNNING');
    expect(stream.destroyed).toBe(false);
    await supervisor.stop({ force: true });
    expect(stream.destroyed).toBe(true);
  });
});

it('a client is attached once in the life of a supervisor', () => {
  let attachCalls = 0;
  const clientClass = clientClassOver(() => new FakeLink());
  const supervisor = supervise(
    {
      ...clientClass,
      attach: (ref, options) => {
        attachCalls += 1;
        return clientClass.attach(ref, options);
      },
    },
    '/run/x',
    { onUp: () => undefined },
  );
  expect(attachCalls).toBe(1);
  return supervisor.stop();
});
