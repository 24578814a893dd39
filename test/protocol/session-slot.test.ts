/** Actor logic of XState that runs while a session is RUNNING. */

import { describe, expect, it } from 'vitest';
import { type EventObject, fromCallback, fromPromise, setup, SimulatedClock } from 'xstate';
import { AsyncProtocol, lines, RefusedError, streamPair } from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { expectIdleAfterEach, track } from '../support/cleanup.ts';
import { createPeer, login, recordActors } from './login.ts';
import {
  create,
  createSilentPeer,
  type Input,
  passSeconds,
  type Running,
  ticking,
  watched,
} from './ticking.ts';

expectIdleAfterEach();

describe('a machine as the session', () => {
  it('runs while the connection is up, and its end is that of the session, without a cause', async () => {
    const clock = new SimulatedClock();
    const peer = createSilentPeer();
    const protocol = create(ticking, {}, { clock });
    await protocol.connect({ stream: peer.stream });
    passSeconds(clock);
    expect(await protocol.closed).toEqual({ suppressed: [], undelivered: 0 });
    expect(peer.received).toEqual(['tick', 'tick', 'tick']);
  });

  it('is seen by an inspector, with its states, below the chart of the connection', async () => {
    const clock = new SimulatedClock();
    const peer = createSilentPeer();
    const { seen, inspect } = recordActors();
    const protocol = create(ticking, {}, { clock, inspect });
    await protocol.connect({ stream: peer.stream });
    passSeconds(clock);
    await protocol.closed;
    expect(new Set(seen.filter((entry) => entry.startsWith('/session/ticking ')))).toEqual(
      new Set(['/session/ticking waiting', '/session/ticking over']),
    );
  });

  it('may be done when it starts', async () => {
    const peer = createSilentPeer();
    const immediate = setup({ types: { input: {} as Input } }).createMachine({
      initial: 'done',
      states: { done: { type: 'final' } },
    });
    const protocol = create(immediate);
    await protocol.connect({ stream: peer.stream });
    expect(await protocol.closed).toEqual({ suppressed: [], undelivered: 0 });
  });

  it('fails the session with its error, as fail() does', async () => {
    const error = new RefusedError('too many');
    const failing = fromPromise<undefined, Input>(() => Promise.reject(error));
    const peer = createSilentPeer();
    const protocol = create(failing);
    await protocol.connect({ stream: peer.stream });
    expect((await protocol.closed).cause).toBe(error);
    await expect(protocol.disconnect()).rejects.toBe(error);
  });

  it('has an error of its own code wrapped in a HandlerError', async () => {
    const failing = setup({ types: { input: {} as Input } }).createMachine({
      context: () => {
        throw new TypeError('a bug');
      },
    });
    const peer = createSilentPeer();
    const protocol = create(failing);
    await protocol.connect({ stream: peer.stream });
    expect((await protocol.closed).cause).toMatchObject({
      code: 'ERR_HANDLER',
      message: 'The callback session threw: a bug',
    });
    await expect(protocol.disconnect()).rejects.toMatchObject({ code: 'ERR_HANDLER' });
  });

  it('runs anew for each session', async () => {
    const protocol = create(
      fromPromise<unknown, Input>(({ input: { session } }) => session.send('once')),
    );
    for (const peer of [createSilentPeer(), createSilentPeer()]) {
      await protocol.connect({ stream: peer.stream });
      await protocol.closed;
      expect(peer.received).toEqual(['once']);
    }
  });

  it('does not run when the attempt fails', async () => {
    const { logic, entered } = watched();
    const peer = createPeer('hello', () => 'wrong password');
    const protocol = create(logic, { handshake: login as never });
    await expect(protocol.connect({ stream: peer.stream })).rejects.toMatchObject({
      code: 'ERR_CONNECT',
    });
    expect(await Promise.race([entered, Promise.resolve('never')])).toBe('never');
  });
});

describe('the actor of a session', () => {
  it.each([
    ['disconnect()', (protocol: AsyncProtocol<string>) => void protocol.disconnect()],
    [
      'a forced end',
      (protocol: AsyncProtocol<string>) => void protocol.disconnect({ force: true }),
    ],
    [
      'fail()',
      (protocol: AsyncProtocol<string>) => {
        protocol.fail(new RefusedError('enough'));
      },
    ],
  ])('is stopped by %s', async (_, end) => {
    const { logic, entered, stopped } = watched();
    const peer = createSilentPeer();
    const protocol = create(logic);
    await protocol.connect({ stream: peer.stream });
    await entered;
    end(protocol);
    await stopped;
    await protocol.closed;
    await protocol.disconnect().catch(() => undefined);
  });

  it('is stopped when the peer ends the stream', async () => {
    const [ours, theirs] = streamPair();
    const { logic, entered, stopped } = watched();
    const protocol = create(logic);
    await protocol.connect({ stream: ours });
    await entered;
    theirs.end();
    await stopped;
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    await protocol.disconnect().catch(() => undefined);
  });

  it('is stopped before the farewell, which its end leads to as well', async () => {
    const log: string[] = [];
    const clock = new SimulatedClock();
    const peer = createSilentPeer();
    const farewell = async ({ send }: Running): Promise<void> => {
      log.push('farewell');
      await send('bye');
    };
    const logic = fromCallback<EventObject, Input>(() => () => {
      log.push('stopped');
    });
    const protocol = create(logic, { farewell });
    await protocol.connect({ stream: peer.stream });
    await protocol.disconnect();
    expect(log).toEqual(['stopped', 'farewell']);

    const other = createSilentPeer();
    const ending = create(ticking, { farewell }, { clock });
    await ending.connect({ stream: other.stream });
    passSeconds(clock);
    await ending.closed;
    expect(other.received).toEqual(['tick', 'tick', 'tick', 'bye']);
  });

  it('has the session that the handlers get, whose signal is aborted at the end', async () => {
    const [ours, theirs] = streamPair();
    const { logic, entered } = watched();
    const handled = defer<unknown>();
    const protocol = create(logic, {
      onMessage: (_, session) => {
        handled.resolve(session);
      },
    });
    await protocol.connect({ stream: ours });
    theirs.write('hello\n');
    const session = await entered;
    expect(await handled.promise).toBe(session);
    expect(session.signal.aborted).toBe(false);
    await protocol.disconnect({ force: true });
    expect(session.signal.aborted).toBe(true);
    await expect(session.send('late')).rejects.toMatchObject({ code: 'ERR_STATE' });
    theirs.destroy();
  });

  it('waits for the handler of the last message when it has ended', async () => {
    const [ours, theirs] = streamPair();
    const [handling, finish, over] = [defer<undefined>(), defer<undefined>(), defer<undefined>()];
    const received: string[] = [];
    theirs.on('data', (data) => received.push(String(data)));
    theirs.on('end', () => theirs.end());
    const protocol = create(
      fromPromise<undefined, Input>(() => over.promise),
      {
        onMessage: async (message, { send }) => {
          handling.resolve(undefined);
          await finish.promise;
          await send(`re: ${message}`);
        },
      },
    );
    await protocol.connect({ stream: ours });
    theirs.write('hello\n');
    await handling.promise;
    over.resolve(undefined);
    expect(await protocol.runstateChanged()).toBe('DISCONNECTING');
    finish.resolve(undefined);
    expect(await protocol.closed).toEqual({ suppressed: [], undelivered: 0 });
    expect(received.join('')).toBe('re: hello\n');
  });

  it('ends a session that the peer has left half open', async () => {
    const [ours, theirs] = streamPair();
    const [ended, over] = [defer<undefined>(), defer<undefined>()];
    theirs.resume();
    const protocol = create(
      fromPromise<undefined, Input>(() => over.promise),
      {
        onEnd: () => {
          ended.resolve(undefined);
        },
      },
      { allowHalfOpen: true },
    );
    await protocol.connect({ stream: ours });
    theirs.end();
    await ended.promise;
    expect(protocol.runstate).toBe('RUNNING');
    over.resolve(undefined);
    expect(await protocol.closed).toEqual({ suppressed: [], undelivered: 0 });
  });

  it('is ended by what a callback sends: DONE, or FAIL with an error', async () => {
    const error = new RefusedError('not now');
    const say = (event: EventObject) =>
      fromCallback<EventObject, Input>(({ sendBack }) => {
        sendBack({ type: 'NOTHING' });
        sendBack(event);
      });
    const peer = createSilentPeer();
    const done = create(say({ type: 'DONE' }));
    await done.connect({ stream: peer.stream });
    expect(await done.closed).toEqual({ suppressed: [], undelivered: 0 });
    const other = createSilentPeer();
    const failed = create(say({ type: 'FAIL', error } as EventObject));
    await failed.connect({ stream: other.stream });
    expect((await failed.closed).cause).toBe(error);
    await failed.disconnect().catch(() => undefined);
  });

  it('is not there without such logic', async () => {
    const peer = createSilentPeer();
    const { seen, inspect } = recordActors();
    const protocol = track(new AsyncProtocol<string>({ codec: lines() }, { inspect }));
    await protocol.connect({ stream: peer.stream });
    await protocol.disconnect();
    expect(seen.some((entry) => entry.startsWith('/writer '))).toBe(true);
    expect(seen.filter((entry) => entry.startsWith('/session'))).toEqual([]);
  });
});
