/** Calls that wait for their reply: by key, in order, and every way in which they are given up. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { AsyncProtocol, ClosedError, lines, streamPair } from '../../src/index.ts';
import { type CallOptions, Calls, type CallsOptions } from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

/** A line protocol whose replies are `KEY TEXT`, or `- TEXT` in the order of the calls. */
async function connect(options: CallsOptions<number, string> = {}, clock?: SimulatedClock) {
  const [stream, peer] = streamPair();
  const unknown: string[] = [];
  const protocol = new AsyncProtocol<string>(
    {
      codec: lines(),
      onMessage: (line) => {
        const [key = '', text = ''] = line.split(' ');
        const isFailure = text.startsWith('!');
        const keyOf = key === '-' ? undefined : Number(key);
        const isKnown = isFailure ? calls.fail(new Error(text), keyOf) : calls.settle(text, keyOf);
        if (!isKnown) unknown.push(line);
      },
    },
    { clock },
  );
  const calls = new Calls<number, string>(protocol, options);
  await protocol.connect({ stream });
  peer.resume().on('end', () => peer.end());
  const call = (key?: number, more: Omit<CallOptions<number>, 'key'> = {}) =>
    calls.call(() => protocol.send(`call ${String(key)}`), { key, ...more });
  const reply = async (text: string): Promise<void> => {
    peer.write(`${text}\n`);
    await turn();
    await turn();
  };
  return { protocol, peer, calls, call, reply, unknown };
}

describe('calls by key', () => {
  it('resolve with the reply that has their key, in whatever order replies come', async () => {
    const { protocol, peer, calls, call } = await connect();
    const replies = Promise.all([call(1), call(2), call(3)]);
    expect(calls.size).toBe(3);
    peer.write('3 c\n1 a\n2 b\n');
    expect(await replies).toEqual(['a', 'b', 'c']);
    expect(calls.size).toBe(0);
    await protocol.disconnect();
  });

  it('reject with the error of a failed request', async () => {
    const { protocol, peer, call } = await connect();
    const failed = rejection(call(1));
    peer.write('1 !no\n');
    expect(await failed).toMatchObject({ message: '!no' });
    await protocol.disconnect();
  });

  it('must not share a key', async () => {
    const { protocol, call } = await connect();
    const first = rejection(call(1));
    expect(await rejection(call(1))).toMatchObject({ code: 'ERR_ARGUMENT' });
    await protocol.disconnect({ force: true });
    expect(await first).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('say of a reply whether any call waits for it', async () => {
    const { protocol, reply, unknown } = await connect();
    await reply('7 unknown');
    expect(unknown).toEqual(['7 unknown']);
    await protocol.disconnect();
  });
});

describe('calls in order', () => {
  it('resolve with the replies in the order in which they were made', async () => {
    const { protocol, peer, call } = await connect();
    const replies = Promise.all([call(), call(), call()]);
    peer.write('- a\n- b\n- c\n');
    expect(await replies).toEqual(['a', 'b', 'c']);
    await protocol.disconnect();
  });

  it('that are given up keep their place, so that later replies are not mixed up', async () => {
    const { protocol, peer, calls, call } = await connect();
    const controller = new AbortController();
    const first = rejection(call(undefined, { signal: controller.signal }));
    const second = call();
    controller.abort(new Error('enough'));
    expect(await first).toMatchObject({ message: 'enough' });
    expect(calls.size).toBe(1);
    peer.write('- late\n- mine\n');
    expect(await second).toBe('mine');
    expect(calls.late).toBe(1);
    await protocol.disconnect();
  });

  it('that could not be sent have no place', async () => {
    const { protocol, peer, calls, call } = await connect();
    const refused = calls.call(() => Promise.reject(new Error('cannot be encoded')));
    const next = call();
    expect(await rejection(refused)).toMatchObject({ message: 'cannot be encoded' });
    peer.write('- mine\n');
    expect(await next).toBe('mine');
    await protocol.disconnect();
  });
});

describe('a call that is given up', () => {
  it('rejects at its deadline, on the clock of the engine, and sends the cancel message', async () => {
    const clock = new SimulatedClock();
    const cancelled: unknown[] = [];
    const { protocol, calls, call, reply, unknown } = await connect(
      { cancel: (key, reason) => cancelled.push([key, reason]) },
      clock,
    );
    const failed = rejection(call(1, { timeout: 500, name: 'initialize' }));
    clock.increment(500);
    const error = await failed;
    expect(error).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'execute',
      ms: 500,
      message: 'No reply to initialize within 500 ms',
    });
    expect(cancelled).toEqual([[1, error]]);
    await reply('1 late');
    expect([calls.late, unknown]).toEqual([1, []]);
    await protocol.disconnect({ force: true });
  });

  it('has the deadline of the options when it has none of its own', async () => {
    const clock = new SimulatedClock();
    const { protocol, call } = await connect({ timeout: 100 }, clock);
    const failed = rejection(call(1));
    clock.increment(100);
    expect(await failed).toMatchObject({ code: 'ERR_TIMEOUT', ms: 100 });
    await protocol.disconnect({ force: true });
  });

  it('rejects with the reason of its signal, as it is, even if the cancel message cannot be sent', async () => {
    const { protocol, call } = await connect({
      cancel: () => {
        throw new Error('not now');
      },
    });
    const controller = new AbortController();
    const failed = rejection(call(1, { signal: controller.signal }));
    const reason = { why: 'no longer wanted' };
    controller.abort(reason);
    expect(await failed).toBe(reason);
    await protocol.disconnect();
  });

  it('sends nothing when its signal was aborted before', async () => {
    const { protocol, calls } = await connect();
    let sent = 0;
    const send = () => {
      sent += 1;
      return Promise.resolve();
    };
    const signal = AbortSignal.abort(new Error('too late'));
    expect(await rejection(calls.call(send, { key: 1, signal }))).toMatchObject({
      message: 'too late',
    });
    expect([sent, calls.size]).toEqual([0, 0]);
    await protocol.disconnect();
  });
});

describe('the end of the session', () => {
  it('rejects every pending call with the cause, which disconnect() does not repeat', async () => {
    const { protocol, peer, calls, call } = await connect();
    const failed = Promise.all([rejection(call(1)), rejection(call())]);
    peer.write(Uint8Array.of(0xff, 0x0a));
    for (const error of await failed) {
      expect(error).toMatchObject({
        code: 'ERR_CLOSED',
        message: 'The session ended before the reply',
        cause: protocol.outcome?.cause,
      });
    }
    expect(calls.size).toBe(0);
    await protocol.disconnect();
  });

  it('on request has no cause', async () => {
    const { protocol, call } = await connect();
    const failed = rejection(call(1));
    await protocol.disconnect();
    const error = await failed;
    expect(error).toMatchObject({ code: 'ERR_CLOSED', expected: true });
    expect(error).not.toHaveProperty('cause');
  });

  it('rejects a call without a session with the error of send()', async () => {
    const { protocol, call } = await connect();
    await protocol.disconnect();
    expect(await rejection(call(1))).toMatchObject({ code: 'ERR_STATE' });
  });
});

describe('what a call resolves with', () => {
  const parse = (text: string, name: string) => {
    if (text === 'bad') throw new RangeError(`${name} got ${text}`);
    return text.length;
  };

  it('is what parse() makes of the reply, whose type it has', async () => {
    const { protocol, peer, calls } = await connect();
    const length = calls.call(() => protocol.send('LEN'), { key: 1, parse });
    expectTypeOf(length).toEqualTypeOf<Promise<number>>();
    peer.write('1 four\n');
    expect(await length).toBe(4);
    await protocol.disconnect();
  });

  it('is an error that parse() throws, and the session goes on', async () => {
    const { protocol, peer, calls, call } = await connect();
    const refused = rejection(calls.call(() => protocol.send('LEN'), { name: 'LEN', parse }));
    const next = call();
    peer.write('- bad\n- good\n');
    expect(await refused).toEqual(new RangeError('LEN got bad'));
    expect(await next).toBe('good');
    expect([calls.made, calls.failed, calls.late]).toEqual([2, 1, 0]);
    await protocol.disconnect();
  });

  it('is the reply that onEnd() returns for a call that the peer answers by ending the stream', async () => {
    const { protocol, peer, calls, call } = await connect({
      onEnd: ({ name }, { cause }) => (name === 'QUIT' && cause === undefined ? 'bye' : undefined),
    });
    const quit = call(1, { name: 'QUIT' });
    const other = rejection(call(2, { name: 'GET' }));
    protocol.expectEnd();
    peer.end();
    expect(await quit).toBe('bye');
    expect(await other).toMatchObject({
      code: 'ERR_CLOSED',
      message: 'The session ended before the reply to GET',
    });
    expect([calls.made, calls.failed]).toEqual([2, 1]);
  });
});

describe('the error of a call', () => {
  class CallError extends Error {}
  const explain = (error: Error, { name }: { readonly name: string | undefined }) =>
    new CallError(`${String(name)} failed`, { cause: error });

  it('is the one that explain() returns: at the deadline, at the end, and without a session', async () => {
    const clock = new SimulatedClock();
    const { protocol, call } = await connect({ explain }, clock);
    const late = rejection(call(1, { name: 'GET', timeout: 10 }));
    clock.increment(10);
    expect(await late).toMatchObject({ message: 'GET failed', cause: { code: 'ERR_TIMEOUT' } });
    const ended = rejection(call(2, { name: 'SET' }));
    await protocol.disconnect({ force: true });
    expect(await ended).toMatchObject({ message: 'SET failed', cause: { code: 'ERR_CLOSED' } });
    const refused = await rejection(call(3, { name: 'DEL' }));
    expect(refused).toBeInstanceOf(CallError);
    expect(refused).toMatchObject({ message: 'DEL failed', cause: { code: 'ERR_STATE' } });
  });

  it('is what the callbacks of the author throw, and nothing else happens', async () => {
    const broken = (): never => {
      throw new RangeError('the callback is broken');
    };
    const clock = new SimulatedClock();
    const { protocol, peer, calls, call } = await connect(
      { explain: broken, onEnd: broken },
      clock,
    );
    const late = rejection(call(1, { timeout: 10 }));
    clock.increment(10);
    expect(await late).toBeInstanceOf(RangeError);
    const ended = rejection(call(2));
    peer.destroy();
    expect(await ended).toBeInstanceOf(RangeError);
    expect(await protocol.closed).toHaveProperty('cause');
    expect(await rejection(call(3, { name: 'GET' }))).toBeInstanceOf(RangeError);
    expect([calls.size, calls.failed]).toEqual([0, 3]);
  });

  it('names the call and the reason why there is no session', async () => {
    const { protocol, peer, call } = await connect();
    peer.destroy();
    const { cause } = await protocol.closed;
    expect(await rejection(call(1, { name: 'GET' }))).toMatchObject({
      code: 'ERR_STATE',
      message:
        'GET was not sent: AsyncProtocol is disconnected and idle. ' +
        `The last session failed: ${String(cause?.message)}.`,
    });
  });

  it('is that of another connection that send() used, which has ended', async () => {
    const { protocol, calls } = await connect();
    const send = () => Promise.reject(new ClosedError('The other connection was closed'));
    expect(await rejection(calls.call(send, { key: 1 }))).toMatchObject({
      message: 'The other connection was closed',
    });
    expect(calls.size).toBe(0);
    await protocol.disconnect();
  });
});

it('leaves no unhandled rejection when a call is not awaited', async () => {
  const { protocol, call } = await connect();
  void call(1);
  void call(1);
  void call(undefined, { signal: AbortSignal.abort() });
  await protocol.disconnect({ force: true });
  await turn();
});

it('refuses options that it does not know', () => {
  const protocol = new AsyncProtocol({ codec: lines() });
  expect(() => new Calls(protocol, { timeot: 1 } as object)).toThrow("'timeout'");
});
