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
import { Machine, steady, systemError } from './support.ts';

expectIdleAfterEach();

const STABLE = 10_000;
const machine = (options: ConstructorParameters<typeof Machine>[0] = {}) =>
  new Machine({ backoff: steady, ...options });

/** The attempts that were made. */
const dials = ({ link }: Machine): number =>
  link.calls.filter(({ method }) => method === 'dial').length;

/** Has every attempt refused, until there are no more. */
async function refuseAll(one: Machine): Promise<void> {
  while (one.state !== 'GIVEN_UP') {
    await one.refuse();
    if (one.state === 'WAITING') await one.wait();
  }
}

describe('an attempt that fails', () => {
  it.each<[string, (one: Machine) => Promise<void>, string]>([
    ['refused', (one) => one.refuse(), 'connect ECONNREFUSED'],
    ['absent', (one) => one.refuse(systemError('ENOENT')), 'connect ENOENT'],
    [
      'late',
      async (one) => {
        await one.pass(DEADLINES.connect);
        await one.fulfil('destroy');
      },
      'The connect deadline of 100 ms passed',
    ],
    [
      'dead in the handshake',
      async (one) => {
        await one.fulfil('dial');
        await one.fail('establish', new ClosedError('The peer ended the stream'));
        await one.fulfil('destroy');
      },
      'The peer ended the stream',
    ],
    [
      'silent in the handshake',
      async (one) => {
        await one.fulfil('dial');
        await one.pass(DEADLINES.handshake);
        await one.fulfil('destroy');
      },
      'The handshake deadline of 300 ms passed',
    ],
  ])('%s, is made again', async (_, fails, why) => {
    const one = machine();
    await one.pass(0);
    await fails(one);
    expect(one.state).toBe('WAITING');
    expect(one.context.cause?.message).toContain(why);
    await one.wait();
    await one.accept();
    expect(one.state).toBe('UP');
    expect(one.all('connecting').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(one.all('up')).toEqual([{ type: 'up', session: 2, ups: 1 }]);
  });

  it('says when it is made again, and why', async () => {
    const one = machine();
    await one.refuse();
    const [waiting] = one.all('waiting');
    expect(waiting).toEqual({
      type: 'waiting',
      ms: 100,
      attempt: 2,
      cause: expect.any(ConnectError) as ConnectError,
    });
    expect(waiting?.cause).toBe(one.context.failures[0]?.cause);
  });
});

describe('a session that fails', () => {
  it('is made anew', async () => {
    const one = machine();
    await one.accept();
    await one.die();
    expect(one.state).toBe('WAITING');
    await one.wait();
    await one.accept();
    expect(one.state).toBe('UP');
    expect(one.emitted.map(({ type }) => type)).toEqual([
      'connecting',
      'up',
      'failing',
      'waiting',
      'connecting',
      'up',
    ]);
    expect(one.context).toMatchObject({ ups: 2, session: 1, up: 2 });
  });

  it.each([
    ['as late as it may', STABLE - 1, [100, 200, 400, 800]],
    ['when it has lasted', STABLE, [100, 200, 400, 100]],
  ])('at once makes waits longer; %s, it is one of %i ms', async (_, ms, waits) => {
    const one = machine();
    for (let flap = 0; flap < 3; flap += 1) {
      await one.accept();
      await one.die();
      await one.wait();
    }
    await one.accept();
    await one.pass(ms);
    await one.die();
    expect(one.waits).toEqual(waits);
  });

  it('is no success while onUp is at work, however long that lasts', async () => {
    const one = machine({ stable: 50, onUp: () => new Promise(() => undefined) });
    await one.refuse();
    await one.wait();
    await one.accept();
    await one.pass(1_000);
    await one.die();
    expect(one.waits).toEqual([100, 200]);
    expect(one.all('up')).toEqual([]);
  });

  it('counts as a success never, where `stable` is Infinity', async () => {
    const one = machine({ stable: Infinity });
    await one.refuse();
    await one.wait();
    await one.accept();
    await one.pass(2 ** 31);
    await one.die();
    expect(one.waits).toEqual([100, 200]);
  });
});

describe('a limit of attempts', () => {
  it.each([1, 2, 5])('of %i is that many in a row', async (attempts) => {
    const one = machine({ attempts });
    await refuseAll(one);
    expect(dials(one)).toBe(attempts);
    expect(one.context).toMatchObject({ attempts, session: attempts });
    expect(one.all('gaveUp')).toEqual([{ type: 'gaveUp', cause: one.context.cause }]);
  });

  it.each([1, 2, 5])(
    'of %i is that many again after a session that has lasted',
    async (attempts) => {
      const one = machine({ attempts });
      await one.accept();
      await one.pass(STABLE);
      await one.die();
      expect(one.state).toBe('WAITING');
      await one.wait();
      await refuseAll(one);
      expect(dials(one)).toBe(1 + attempts);
    },
  );

  it('counts a session that did not last', async () => {
    const one = machine({ attempts: 2 });
    await one.accept();
    await one.die();
    await one.wait();
    await one.accept();
    await one.pass(STABLE - 1);
    await one.die();
    expect(one.state).toBe('GIVEN_UP');
  });

  it('counts attempts that were made at once by request, and begins anew at START', async () => {
    const one = machine({ attempts: 2 });
    await one.refuse();
    one.actor.send({ type: 'RETRY' });
    await one.refuse();
    expect(one.state).toBe('GIVEN_UP');
    one.actor.send({ type: 'START' });
    await refuseAll(one);
    expect(dials(one)).toBe(4);
    expect(one.all('connecting').map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
  });
});

const inHandshake = async (one: Machine, error: unknown): Promise<void> => {
  await one.fulfil('dial');
  await one.fail('establish', error);
  await one.fulfil('destroy');
};

const inSession = async (one: Machine, error: unknown): Promise<void> => {
  await one.accept();
  await one.die(error);
};

describe('without a `retry` of the user', () => {
  it.each([
    ['an address that cannot be used', new ArgumentError('no'), 'refuse'],
    ['a certificate that is refused', systemError('CERT_HAS_EXPIRED'), 'refuse'],
    ['a handshake that throws', new HandlerError('handshake', 'no'), 'inHandshake'],
    ['a greeting that is none', new CodecError('no'), 'inHandshake'],
    ['a callback that throws', new HandlerError('onMessage', 'no'), 'inSession'],
  ] as const)('%s is the end', async (_, error, when) => {
    const one = machine();
    if (when === 'refuse') await one.refuse(error);
    else await (when === 'inHandshake' ? inHandshake : inSession)(one, error);
    expect(one.state).toBe('GIVEN_UP');
    expect(one.waits).toEqual([]);
    const { cause } = one.context;
    expect(cause instanceof ConnectError ? cause.cause : cause).toBe(error);
  });

  it.each([new CodecError('no message'), new ClosedError('The peer ended the stream')])(
    '%s of a session is not',
    async (error) => {
      const one = machine();
      await inSession(one, error);
      expect(one.state).toBe('WAITING');
      expect(one.context.cause).toBe(error);
    },
  );
});

describe('a `retry` of the user', () => {
  it('is asked once for each end, with its cause', async () => {
    const asked: WirechartError[] = [];
    const one = machine({
      attempts: 3,
      retry: (cause) => {
        asked.push(cause);
        return true;
      },
    });
    await one.refuse(new ArgumentError('no'));
    await one.wait();
    await inSession(one, new HandlerError('onMessage', 'no'));
    await one.wait();
    await one.refuse();
    expect(one.state).toBe('GIVEN_UP');
    const causes = one.context.failures.map(({ cause }) => cause);
    expect(causes).toHaveLength(3);
    // The limit needs no opinion.
    expect(asked).toEqual(causes.slice(0, 2));
  });

  it('ends it with false, and by throwing', async () => {
    const never = machine({ retry: () => false });
    await never.refuse();
    expect(never.state).toBe('GIVEN_UP');
    const broken = machine({
      retry: () => {
        throw new Error('broken');
      },
    });
    await broken.refuse();
    expect(broken.state).toBe('GIVEN_UP');
    expect(broken.context.cause).toBeInstanceOf(ConnectError);
  });
});
