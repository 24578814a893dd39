import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  ClosedError,
  CodecError,
  ConnectError,
  HandlerError,
  type WirechartError,
} from '../../src/index.ts';
import { DEADLINES } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { Machine, withoutJitter, systemError } from './support.ts';

expectIdleAfterEach();

const STABLE_MS = 10_000;
const createMachine = (options: ConstructorParameters<typeof Machine>[0] = {}) =>
  new Machine({ backoff: withoutJitter, ...options });

/** The number of attempts that were made. */
const attemptsOf = ({ link }: Machine): number =>
  link.calls.filter(({ method }) => method === 'dial').length;

/** Refuses every attempt until there are no more. */
async function refuseAll(machine: Machine): Promise<void> {
  while (machine.state !== 'GIVEN_UP') {
    await machine.refuse();
    if (machine.state === 'WAITING') await machine.passWait();
  }
}

describe('an attempt that fails', () => {
  it.each<[string, (machine: Machine) => Promise<void>, string]>([
    ['because it is refused', (machine) => machine.refuse(), 'connect ECONNREFUSED'],
    [
      'because the socket is absent',
      (machine) => machine.refuse(systemError('ENOENT')),
      'connect ENOENT',
    ],
    [
      'at its deadline',
      async (machine) => {
        await machine.advance(DEADLINES.connect);
        await machine.fulfil('destroy');
      },
      'The connect deadline of 100 ms passed',
    ],
    [
      'by an end in the handshake',
      async (machine) => {
        await machine.fulfil('dial');
        await machine.fail('establish', new ClosedError('The peer ended the stream'));
        await machine.fulfil('destroy');
      },
      'The peer ended the stream',
    ],
    [
      'at the deadline of the handshake',
      async (machine) => {
        await machine.fulfil('dial');
        await machine.advance(DEADLINES.handshake);
        await machine.fulfil('destroy');
      },
      'The handshake deadline of 300 ms passed',
    ],
  ])('%s is made again', async (_, fail, message) => {
    const machine = createMachine();
    await machine.advance(0);
    await fail(machine);
    expect(machine.state).toBe('WAITING');
    expect(machine.context.cause?.message).toContain(message);
    await machine.passWait();
    await machine.accept();
    expect(machine.state).toBe('UP');
    expect(machine.emittedOf('connecting').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(machine.emittedOf('up')).toEqual([{ type: 'up', session: 2, ups: 1 }]);
  });

  it('emits when it is made again, and why', async () => {
    const machine = createMachine();
    await machine.refuse();
    const [waiting] = machine.emittedOf('waiting');
    expect(waiting).toEqual({
      type: 'waiting',
      ms: 100,
      attempt: 2,
      cause: expect.any(ConnectError) as ConnectError,
    });
    expect(waiting?.cause).toBe(machine.context.outage?.cause);
  });
});

describe('a session that fails', () => {
  it('is replaced by another', async () => {
    const machine = createMachine();
    await machine.accept();
    await machine.loseSession();
    expect(machine.state).toBe('WAITING');
    await machine.passWait();
    await machine.accept();
    expect(machine.state).toBe('UP');
    expect(machine.emitted.map(({ type }) => type)).toEqual([
      'connecting',
      'up',
      'failing',
      'waiting',
      'connecting',
      'outage',
      'up',
    ]);
    expect(machine.context).toMatchObject({ ups: 2, session: 1, up: 2 });
  });

  it.each([
    ['just before it is stable', STABLE_MS - 1, [100, 200, 400, 800]],
    ['when it has been stable', STABLE_MS, [100, 200, 400, 100]],
  ])('lengthens the waits, unless it was stable; %s, after %i ms', async (_, ms, waits) => {
    const machine = createMachine();
    for (let count = 0; count < 3; count += 1) {
      await machine.accept();
      await machine.loseSession();
      await machine.passWait();
    }
    await machine.accept();
    await machine.advance(ms);
    await machine.loseSession();
    expect(machine.waits).toEqual(waits);
  });

  it('does not count as stable while onUp is pending', async () => {
    const machine = createMachine({ stable: 50, onUp: () => new Promise(() => undefined) });
    await machine.refuse();
    await machine.passWait();
    await machine.accept();
    await machine.advance(1_000);
    await machine.loseSession();
    expect(machine.waits).toEqual([100, 200]);
    expect(machine.emittedOf('up')).toEqual([]);
  });

  it('never counts as stable when `stable` is Infinity', async () => {
    const machine = createMachine({ stable: Infinity });
    await machine.refuse();
    await machine.passWait();
    await machine.accept();
    await machine.advance(2 ** 31);
    await machine.loseSession();
    expect(machine.waits).toEqual([100, 200]);
  });
});

describe('a limit of attempts', () => {
  it.each([1, 2, 5])('of %i allows that many in succession', async (attempts) => {
    const machine = createMachine({ attempts });
    await refuseAll(machine);
    expect(attemptsOf(machine)).toBe(attempts);
    expect(machine.context).toMatchObject({ attempts, session: attempts });
    expect(machine.emittedOf('gaveUp')).toEqual([{ type: 'gaveUp', cause: machine.context.cause }]);
  });

  it.each([1, 2, 5])('of %i allows that many again after a stable session', async (attempts) => {
    const machine = createMachine({ attempts });
    await machine.accept();
    await machine.advance(STABLE_MS);
    await machine.loseSession();
    expect(machine.state).toBe('WAITING');
    await machine.passWait();
    await refuseAll(machine);
    expect(attemptsOf(machine)).toBe(1 + attempts);
  });

  it('counts a session that was not stable', async () => {
    const machine = createMachine({ attempts: 2 });
    await machine.accept();
    await machine.loseSession();
    await machine.passWait();
    await machine.accept();
    await machine.advance(STABLE_MS - 1);
    await machine.loseSession();
    expect(machine.state).toBe('GIVEN_UP');
  });

  it('counts attempts by RETRY, and is reset by START', async () => {
    const machine = createMachine({ attempts: 2 });
    await machine.refuse();
    machine.actor.send({ type: 'RETRY' });
    await machine.refuse();
    expect(machine.state).toBe('GIVEN_UP');
    machine.actor.send({ type: 'START' });
    await refuseAll(machine);
    expect(attemptsOf(machine)).toBe(4);
    expect(machine.emittedOf('connecting').map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
  });
});

const inHandshake = async (machine: Machine, error: unknown): Promise<void> => {
  await machine.fulfil('dial');
  await machine.fail('establish', error);
  await machine.fulfil('destroy');
};

const inSession = async (machine: Machine, error: unknown): Promise<void> => {
  await machine.accept();
  await machine.loseSession(error);
};

describe('without the option `retry`,', () => {
  it.each([
    ['an invalid address', new ArgumentError('no'), 'refuse'],
    ['an expired certificate', systemError('CERT_HAS_EXPIRED'), 'refuse'],
    ['a handshake that throws', new HandlerError('handshake', 'no'), 'inHandshake'],
    ['an invalid greeting', new CodecError('no'), 'inHandshake'],
    ['a callback that throws', new HandlerError('onMessage', 'no'), 'inSession'],
  ] as const)('%s makes it give up', async (_, error, when) => {
    const machine = createMachine();
    if (when === 'refuse') await machine.refuse(error);
    else await (when === 'inHandshake' ? inHandshake : inSession)(machine, error);
    expect(machine.state).toBe('GIVEN_UP');
    expect(machine.waits).toEqual([]);
    const { cause } = machine.context;
    expect(cause instanceof ConnectError ? cause.cause : cause).toBe(error);
  });

  it.each([new CodecError('no message'), new ClosedError('The peer ended the stream')])(
    '%s of a session is retried',
    async (error) => {
      const machine = createMachine();
      await inSession(machine, error);
      expect(machine.state).toBe('WAITING');
      expect(machine.context.cause).toBe(error);
    },
  );
});

describe('the option `retry`', () => {
  it('is called once for each failure, with the cause', async () => {
    const causes: WirechartError[] = [];
    const machine = createMachine({
      attempts: 3,
      retry: (cause) => {
        causes.push(cause);
        return true;
      },
    });
    await machine.refuse(new ArgumentError('no'));
    await machine.passWait();
    await inSession(machine, new HandlerError('onMessage', 'no'));
    await machine.passWait();
    await machine.refuse();
    expect(machine.state).toBe('GIVEN_UP');
    // It is not called when the limit of attempts is reached.
    expect(causes).toEqual(machine.emittedOf('waiting').map(({ cause }) => cause));
    expect(causes).toHaveLength(2);
  });

  it('makes the supervisor give up when it returns false or throws', async () => {
    const never = createMachine({ retry: () => false });
    await never.refuse();
    expect(never.state).toBe('GIVEN_UP');
    const throwing = createMachine({
      retry: () => {
        throw new Error('broken');
      },
    });
    await throwing.refuse();
    expect(throwing.state).toBe('GIVEN_UP');
    expect(throwing.context.cause).toBeInstanceOf(ConnectError);
  });
});
