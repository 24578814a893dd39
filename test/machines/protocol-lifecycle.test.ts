import { describe, expect, it } from 'vitest';
import { ClosedError, CodecError, ConnectError } from '../../src/core/errors.ts';
import { BOUND, IdleLink } from './fake-link.ts';
import { asRoot, at, Harness, STABLE_STATES, ROUTES, turn } from './support.ts';

const SESSION_RUNSTATES = ['IDLE', 'CONNECTING', 'RUNNING', 'DISCONNECTING', 'IDLE'];
const CLEAN_OUTCOME = { suppressed: [], undelivered: 0 };
const codecError = (): CodecError => new CodecError('No message');

describe('a session without failures', () => {
  it('dials, establishes, runs, flushes, closes and returns to IDLE', async () => {
    const machine = await at('IDLE');
    await machine.go('CONNECT', 'dial', 'establish', 'DISCONNECT', 'flush', 'close');
    expect(machine.runstates).toEqual(SESSION_RUNSTATES);
    expect(machine.outcomes).toEqual([CLEAN_OUTCOME]);
    expect(machine.context.outcome).toEqual(CLEAN_OUTCOME);
    expect(machine.link.settledWith).toEqual([undefined]);
    expect(machine.clock.timers).toBe(0);
  });

  it('listens, emits the bound address, accepts, and runs', async () => {
    const machine = await at('CONNECTING.listening.bound');
    expect(machine.emitted.at(-1)).toEqual({ type: 'listening', address: BOUND });
    expect(machine.context.bound).toEqual(BOUND);
    await machine.go('ACCEPT', 'accept', 'establish');
    expect(machine.state).toBe('RUNNING.open');
    expect(machine.runstates).toEqual(['IDLE', 'CONNECTING', 'RUNNING']);
  });

  it('runs one reader and one writer at a time, and discards what is read in the flush', async () => {
    const { link } = await at('DISCONNECTING.flushing.twoway');
    expect(link.live.map(({ method }) => method).sort()).toEqual(['discard', 'flush', 'write']);
    expect(link.aborted.sort()).toEqual(['read', 'write']);
    expect(link.maxLive.get('read')).toBe(1);
    expect(link.maxLive.get('write')).toBe(1);
  });

  it('has a number, which counts the attempts', async () => {
    const machine = await at('IDLE');
    await machine.go('CONNECT', 'ABORT', 'destroy', 'LISTEN', 'DISCONNECT', 'destroy', 'CONNECT');
    const sessions = machine.emitted.flatMap((emitted) =>
      emitted.type === 'closed' ? [emitted.session] : [],
    );
    expect(sessions).toEqual([1, 2]);
    expect(machine.context.session).toBe(3);
  });

  it('keeps nothing of a failure before it', async () => {
    const machine = await at('CONNECTING.dialing');
    await machine.fail('dial', new Error('refused'));
    await machine.fail('destroy', new Error('still open'));
    expect(machine.outcome.suppressed).toHaveLength(1);
    await machine.go('CONNECT');
    expect(machine.context).toMatchObject({ cause: undefined, suppressed: [], session: 2 });
    await machine.go('dial', 'establish', 'DISCONNECT', 'flush', 'close');
    expect(machine.outcome).toEqual(CLEAN_OUTCOME);
  });
});

describe('a session with nothing to flush, of a protocol without a handshake', () => {
  const createIdle = (): Harness => new Harness({}, asRoot, new IdleLink());

  it('is RUNNING as soon as there is a stream, and closes at once on DISCONNECT', async () => {
    const machine = createIdle();
    await machine.go('CONNECT', 'dial', 'DISCONNECT');
    expect(machine.state).toBe('DISCONNECTING.closing');
    await machine.go('close');
    expect(machine.runstates).toEqual(SESSION_RUNSTATES);
    expect(machine.outcome).toEqual(CLEAN_OUTCOME);
  });

  it('is RUNNING as soon as a peer is accepted', async () => {
    const machine = createIdle();
    await machine.go('LISTEN', 'listen', 'ACCEPT', 'accept');
    expect(machine.state).toBe('RUNNING.open');
  });

  it('still fails when the peer ends the stream, and ends its own side', async () => {
    const machine = createIdle();
    await machine.go('CONNECT', 'dial', 'read');
    expect(machine.state).toBe('DISCONNECTING.closing');
    await machine.go('close');
    expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
  });
});

describe('an attempt', () => {
  const CONNECTING = STABLE_STATES.filter((state) => state.startsWith('CONNECTING'));

  it.each(CONNECTING)('in %s is given up by DISCONNECT', async (state) => {
    const machine = await at(state);
    await machine.go('DISCONNECT', 'destroy');
    expect(machine.runstates).toEqual(['IDLE', 'CONNECTING', 'DISCONNECTING', 'IDLE']);
    expect(machine.outcome).toMatchObject({
      cause: { code: 'ERR_CONNECT_ABORTED', retryable: false },
      suppressed: [],
    });
    expect(machine.link.live).toEqual([]);
  });

  it.each(CONNECTING)(
    'in %s is given up by ABORT, and its outcome has the reason',
    async (state) => {
      const machine = await at(state);
      const reason = new Error('changed my mind');
      machine.send({ type: 'ABORT', reason });
      await machine.go('destroy');
      expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CONNECT_ABORTED', cause: reason });
    },
  );

  it.each([
    ['dial', 'CONNECTING.dialing', 'connection'],
    ['listen', 'CONNECTING.listening.binding', 'connection'],
    ['accept', 'CONNECTING.accepting', 'connection'],
    ['establish', 'CONNECTING.establishing', 'session'],
  ] as const)(
    'whose %s() fails has a ConnectError with the phase',
    async (method, state, phase) => {
      const machine = await at(state);
      const cause = new Error('refused');
      await machine.fail(method, cause);
      await machine.go('destroy');
      expect(machine.outcome.cause).toBeInstanceOf(ConnectError);
      expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CONNECT', phase, cause });
    },
  );
});

describe("the peer's end of the stream", () => {
  it('is a failure unless it is expected, but the outgoing messages are still flushed', async () => {
    const machine = await at('RUNNING.open');
    await machine.go('read');
    expect(machine.state).toBe('DISCONNECTING.flushing.oneway');
    await machine.go('flush', 'close');
    expect(machine.outcome.cause).toBeInstanceOf(ClosedError);
    expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
  });

  it('is a clean end after EXPECT_END', async () => {
    const machine = await at('RUNNING.ending');
    await machine.go('read');
    expect(machine.state).toBe('DISCONNECTING.flushing.oneway');
    await machine.go('flush', 'close');
    expect(machine.outcome).toEqual(CLEAN_OUTCOME);
  });

  it.each(['read', 'write'] as const)(
    'may be a reset that %s() reports after EXPECT_END',
    async (method) => {
      const machine = await at('RUNNING.ending');
      const reset = new ClosedError('reset');
      await machine.fail(method, reset);
      expect(machine.state).toBe('DISCONNECTING.closing');
      await machine.go('close');
      expect(machine.outcome).toEqual({ ...CLEAN_OUTCOME, suppressed: [reset] });
    },
  );

  it.each(['read', 'write'] as const)(
    'does not excuse another failure of %s() after EXPECT_END',
    async (method) => {
      const machine = await at('RUNNING.ending');
      const cause = codecError();
      await machine.fail(method, cause);
      expect(machine.state).toBe('DISCONNECTING.closing');
      await machine.go('close');
      expect(machine.outcome).toEqual({ ...CLEAN_OUTCOME, cause });
    },
  );

  it('is a failure again after EXPECT_MORE', async () => {
    const machine = await at('RUNNING.ending');
    await machine.go('EXPECT_MORE', 'read', 'flush', 'close');
    expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CLOSED', expected: false });
  });

  it('during the flush is noted as expected, and does not stop the flush', async () => {
    const machine = await at('DISCONNECTING.flushing.twoway');
    await machine.go('discard');
    expect(machine.state).toBe('DISCONNECTING.flushing.oneway');
    expect(machine.link.call('flush').isLive).toBe(true);
    await machine.go('flush', 'close');
    expect(machine.outcome.cause).toBeUndefined();
    expect(machine.outcome.suppressed).toMatchObject([{ code: 'ERR_CLOSED', expected: true }]);
  });
});

describe('in DISCONNECTING', () => {
  it('the first failure is the cause, and the next is suppressed', async () => {
    const machine = await at('DISCONNECTING.flushing.twoway');
    const [first, second] = [codecError(), codecError()];
    await machine.fail('flush', first);
    expect(machine.state).toBe('DISCONNECTING.closing');
    await machine.fail('close', second);
    expect(machine.state).toBe('DISCONNECTING.destroying');
    await machine.go('destroy');
    expect(machine.outcome).toEqual({ cause: first, suppressed: [second], undelivered: 0 });
    expect(machine.link.settledWith).toEqual([first]);
  });

  it('a failure that two actors report is recorded once', async () => {
    const machine = await at('RUNNING.open');
    const cause = codecError();
    await machine.fail('read', cause);
    await machine.fail('close', cause);
    await machine.go('destroy');
    expect(machine.outcome).toEqual({ ...CLEAN_OUTCOME, cause });
  });

  it('an error of another library is wrapped in a ClosedError', async () => {
    const machine = await at('RUNNING.open');
    const foreign = new Error('EIO');
    await machine.fail('write', foreign);
    await machine.go('close');
    expect(machine.outcome.cause).toMatchObject({ code: 'ERR_CLOSED', cause: foreign });
  });

  it('the machine returns to IDLE although destroy() fails', async () => {
    const machine = await at('RUNNING.open');
    machine.send({ type: 'DISCONNECT', force: true });
    await machine.fail('destroy', new Error('EIO'));
    expect(machine.state).toBe('IDLE');
    expect(machine.outcome.cause).toBeUndefined();
    expect(machine.outcome.suppressed).toMatchObject([{ cause: { message: 'EIO' } }]);
  });

  it.each(STABLE_STATES.filter((state) => /^(RUNNING|DISCONNECTING\.(flush|clos))/.test(state)))(
    'DISCONNECT with force destroys at once, from %s',
    async (state) => {
      const machine = await at(state);
      machine.link.undelivered = 3;
      machine.send({ type: 'DISCONNECT', force: true });
      expect(machine.state).toBe('DISCONNECTING.destroying');
      expect(machine.link.live.map(({ method }) => method)).toEqual(['destroy']);
      await machine.go('destroy');
      expect(machine.runstates).toEqual(SESSION_RUNSTATES);
      expect(machine.outcome.undelivered).toBe(3);
    },
  );

  it('DISCONNECT with force changes nothing in DISCONNECTING.destroying', async () => {
    const machine = await at('DISCONNECTING.destroying');
    const before = machine.actor.getSnapshot();
    machine.send({ type: 'DISCONNECT', force: true });
    expect(machine.link.calls.filter(({ method }) => method === 'destroy')).toHaveLength(1);
    expect(machine.actor.getSnapshot().context).toBe(before.context);
  });
});

describe('FAIL', () => {
  it.each(['RUNNING.open', 'RUNNING.ending'] as const)(
    'ends %s, and its error is the cause',
    async (state) => {
      const machine = await at(state);
      const error = codecError();
      machine.send({ type: 'FAIL', error });
      expect(machine.state).toBe('DISCONNECTING.closing');
      await machine.go('close');
      expect(machine.outcome).toEqual({ ...CLEAN_OUTCOME, cause: error });
    },
  );

  it.each(STABLE_STATES.filter((state) => state.startsWith('DISCONNECTING')))(
    'in %s is recorded, and changes nothing else',
    async (state) => {
      const machine = await at(state);
      const { cause: first } = machine.context;
      const live = machine.link.live;
      const error = codecError();
      machine.send({ type: 'FAIL', error });
      expect(machine.state).toBe(state);
      expect(machine.link.live).toEqual(live);
      expect(machine.context.cause).toBe(first ?? error);
      expect(machine.context.suppressed).toEqual(first === undefined ? [] : [error]);
    },
  );
});

it('emits `closed` before it is IDLE, and a listener may connect again in IDLE', async () => {
  const machine = new Harness();
  machine.actor.on('runstate', ({ runstate, session }) => {
    if (runstate === 'IDLE' && session === 1) machine.send({ type: 'CONNECT', address: '/run/x' });
  });
  await machine.go(...ROUTES['CONNECTING.dialing'], 'ABORT', 'destroy');
  await turn();
  expect(machine.state).toBe('CONNECTING.dialing');
  expect(machine.emitted.map(({ type }) => type).slice(-4)).toEqual([
    'runstate',
    'closed',
    'runstate',
    'runstate',
  ]);
  expect(machine.context.session).toBe(2);
});
