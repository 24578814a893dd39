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
import { Kept, kindOver, Machine, steady } from './support.ts';
import { FakeLink } from '../machines/fake-link.ts';

expectIdleAfterEach();

/** A link that notes where it is sent. */
class NotingLink extends FakeLink {
  readonly addresses: unknown[] = [];
  override dial(address: unknown, signal: AbortSignal): Promise<void> {
    this.addresses.push(address);
    return super.dial(address, signal);
  }
}

/** A machine whose address is a function, and where it is sent. */
const at = (address: AddressFunction, more: ConstructorParameters<typeof Machine>[0] = {}) =>
  new Machine({ backoff: steady, ...more }, address);

describe('an address', () => {
  it('is where every attempt goes to', async () => {
    const link = new NotingLink();
    const one = new Machine({ backoff: steady }, { path: '/run/there' }, link);
    await one.refuse();
    await one.wait();
    await one.refuse();
    expect(link.addresses).toEqual([{ path: '/run/there' }, { path: '/run/there' }]);
  });

  it('that is a stream is good for one session', async () => {
    const [near, far] = streamPair();
    const vm = supervise({ codec: jsonLines() }, { stream: near }, { backoff: { initial: 1 } });
    await vm.up();
    far.destroy();
    while (vm.state !== 'GIVEN_UP') await turn();
    const [, last] = vm.failures;
    expect(last?.cause).toBeInstanceOf(ConnectError);
    expect(last?.cause).toHaveProperty('cause', expect.any(ArgumentError));
  });
});

describe('an address function', () => {
  it('is asked before each attempt, with its number in a row and the last reason', async () => {
    const asked: unknown[] = [];
    const link = new NotingLink();
    const hosts: readonly Address[] = ['/run/a', { port: 2 }];
    const address: AddressFunction = (attempt, cause) => {
      asked.push([attempt, cause?.message]);
      return hosts[(attempt - 1) % 2] ?? '';
    };
    const one = new Machine({ backoff: steady, stable: 1_000 }, address, link);
    await one.refuse();
    await one.wait();
    await one.refuse();
    await one.wait();
    await one.accept();
    await one.pass(1_000);
    await one.die();
    await one.wait();
    const refused = 'Failed to establish connection: connect ECONNREFUSED';
    expect(asked).toEqual([
      [1, undefined],
      [2, refused],
      [3, refused],
      // A new row, since a session has lasted.
      [1, 'The stream failed'],
    ]);
    await turn();
    expect(link.addresses).toEqual(['/run/a', { port: 2 }, '/run/a', '/run/a']);
  });

  it('may take its time', async () => {
    const found = gate();
    const one = at(() => found.opened.then(() => '/run/x'));
    await one.pass(9_999);
    expect(one.state).toBe('CONNECTING.locating');
    found.open();
    await one.accept();
    expect(one.state).toBe('UP');
    expect(one.clock.timers).toBe(1); // `stable` only
  });

  const broken = (): never => {
    throw new Error('no such machine');
  };
  it.each<[string, () => Promise<string>]>([
    ['throws', broken],
    ['rejects', () => turn().then(broken)],
  ])('that %s is asked again', async (_, fails) => {
    let asked = 0;
    const one = at(() => {
      asked += 1;
      return asked > 1 ? '/run/x' : fails();
    });
    await turn();
    await turn();
    expect(one.state).toBe('WAITING');
    const { cause } = one.context;
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause).toMatchObject({
      phase: 'connection',
      cause: expect.any(HandlerError) as HandlerError,
      message: expect.stringContaining('The callback address threw: no such machine') as string,
    });
    // There has been no attempt of the connection.
    expect(one.context.failures).toEqual([{ session: 0, cause }]);
    await one.wait();
    await one.accept();
    expect(one.all('up')).toEqual([{ type: 'up', session: 1, ups: 1 }]);
  });

  it('may say with an error of the library that it makes no sense', async () => {
    const error = new ArgumentError('There is no such machine');
    const one = at(() => Promise.reject(error));
    await turn();
    expect(one.state).toBe('GIVEN_UP');
    expect(one.context.cause).toHaveProperty('cause', error);
  });

  it('that never answers is given up at its deadline, and counts as an attempt', async () => {
    const one = at(() => new Promise<string>(() => undefined), { attempts: 2 });
    await one.pass(9_999);
    expect(one.state).toBe('CONNECTING.locating');
    await one.pass(1);
    expect(one.state).toBe('WAITING');
    expect(one.context.cause).toMatchObject({ phase: 'connection', retryable: true });
    expect(one.context.cause?.cause).toBeInstanceOf(TimeoutError);
    expect(one.context.cause?.message).toContain('The callback address took longer than 10000 ms');
    await one.wait();
    await one.pass(10_000);
    expect(one.state).toBe('GIVEN_UP');
  });

  it('has the deadline that it is given, or none', async () => {
    const never = (): Promise<string> => new Promise(() => undefined);
    const hasty = at(never, { timeouts: { address: 5 } });
    await hasty.pass(5);
    expect(hasty.state).toBe('WAITING');
    const patient = at(never, { timeouts: { address: Infinity } });
    await patient.pass(2 ** 31);
    expect(patient.state).toBe('CONNECTING.locating');
  });
});

describe('a stream that an address function gives', () => {
  /** A stream that is found when the gate opens. */
  const late = (): { stream: Duplex; open: () => void; address: AddressFunction } => {
    const [stream, far] = streamPair();
    cleanUp(() => {
      stream.destroy();
      far.destroy();
    });
    const found = gate();
    return { stream, open: found.open, address: () => found.opened.then(() => ({ stream })) };
  };

  it('is closed when it comes too late', async () => {
    const { stream, open, address } = late();
    const one = at(address);
    await one.pass(10_000);
    open();
    await turn();
    expect(stream.destroyed).toBe(true);
  });

  it('is closed when nobody wants it any more', async () => {
    const { stream, open, address } = late();
    const kept = new Kept({}, address);
    await kept.vm.stop();
    expect(stream.destroyed).toBe(false);
    open();
    await turn();
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    ['just before it is heard', 1],
    ['just before what was heard has arrived', 2],
  ])('is closed when it is not wanted any more, %s', async (_, later) => {
    const { stream, open, address } = late();
    const stopIn = (ticks: number): void => {
      queueMicrotask(() => {
        if (ticks === 1) void kept.vm.stop();
        else stopIn(ticks - 1);
      });
    };
    const kept = new Kept({}, async (attempt, cause) => {
      const found = await address(attempt, cause);
      stopIn(later);
      return found;
    });
    open();
    await turn();
    expect(kept.vm.state).toBe('STOPPED');
    expect(kept.link.calls).toEqual([]);
    expect(stream.destroyed).toBe(true);
  });

  it('is closed when somebody else was faster', async () => {
    const { stream, open, address } = late();
    const kept = new Kept({}, address);
    const connected = kept.client.connect('/run/elsewhere');
    open();
    await kept.accept();
    await connected;
    expect(kept.vm.state).toBe('UP');
    expect(stream.destroyed).toBe(true);
  });

  it('is used when it is wanted', async () => {
    const { stream, open, address } = late();
    const vm = supervise({ codec: jsonLines() }, address);
    open();
    const client = await vm.up();
    expect(client.runstate).toBe('RUNNING');
    expect(stream.destroyed).toBe(false);
    await vm.stop({ force: true });
    expect(stream.destroyed).toBe(true);
  });
});

it('a client is made once, for the whole life', () => {
  let attached = 0;
  const kind = kindOver(() => new FakeLink());
  const vm = supervise(
    {
      ...kind,
      attach: (ref, options) => {
        attached += 1;
        return kind.attach(ref, options);
      },
    },
    '/run/x',
    { onUp: () => undefined },
  );
  expect(attached).toBe(1);
  return vm.stop();
});
