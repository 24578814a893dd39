/** A stream serves one attempt: a supervisor that has no other address gives up at once. */

import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ArgumentError, ClosedError, streamPair } from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection, turn } from '../support/signal.ts';
import { SupervisorHarness, withoutJitter } from './support.ts';

expectIdleAfterEach();

/** An address that is a stream, which the fake link does not use. */
function ownedStream(): { readonly stream: Duplex } {
  const [stream, far] = streamPair();
  cleanUp(() => {
    stream.destroy();
    far.destroy();
  });
  return { stream };
}

describe('an address', () => {
  it('that is a stream serves one session only: then the supervisor gives up at once', async () => {
    const harness = new SupervisorHarness({}, ownedStream());
    const up = rejection(harness.supervisor.up());
    await harness.fulfil('dial');
    await harness.fail('establish', new ClosedError('not today'));
    await harness.fulfil('destroy');
    expect(harness.states).toEqual(['GIVEN_UP']);
    const error = await up;
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({
      message:
        'The stream of the address has served its one session, which ended: ' +
        'Failed to establish session: not today. ' +
        'Pass a function that makes a new stream for each attempt, such as () => spawnPeer(…).address',
      cause: { message: 'Failed to establish session: not today' },
    });
    expect(harness.supervisor.failures).toMatchObject([
      { count: 1, cause: error, first: { code: 'ERR_CONNECT' }, endedIn: 'GIVEN_UP' },
    ]);
  });

  it('that is a spent stream is not dialled again by start(), nor by another supervisor', async () => {
    const address = ownedStream();
    const harness = new SupervisorHarness({}, address);
    await harness.refuse();
    harness.supervisor.start();
    await turn();
    const other = new SupervisorHarness({}, address);
    await turn();
    for (const { supervisor } of [harness, other]) {
      expect(supervisor.state).toBe('GIVEN_UP');
      expect(supervisor.failures.at(-1)?.cause).toMatchObject({
        code: 'ERR_CONNECT',
        cause: {
          message:
            'The stream of the address has served an attempt already. ' +
            'Pass a function that makes a new stream for each attempt',
        },
      });
    }
    expect(other.link.calls).toEqual([]);
  });

  it('that is a stream does not hide a failure that is final by itself', async () => {
    const harness = new SupervisorHarness({}, ownedStream());
    const error = new ArgumentError('not that one');
    await harness.refuse(error);
    expect(harness.supervisor.state).toBe('GIVEN_UP');
    expect(harness.supervisor.failures.at(-1)?.cause).toHaveProperty('cause', error);
  });

  it('that is a stream is stopped after a session that ended cleanly', async () => {
    const harness = new SupervisorHarness({}, ownedStream());
    await harness.accept();
    harness.client.expectEnd();
    await harness.fulfil('read', 'flush', 'close');
    expect(harness.states).toEqual(['UP', 'STOPPING', 'STOPPED']);
  });
});

describe('a stream that an address function returns', () => {
  it.each([
    ['the same stream', (stream: Duplex) => stream],
    ['a pair of its halves', (stream: Duplex) => ({ readable: stream, writable: stream })],
  ])('twice, as %s, makes the supervisor give up', async (_, wrap) => {
    const { stream } = ownedStream();
    const harness = new SupervisorHarness({ backoff: withoutJitter }, () => ({
      stream: wrap(stream),
    }));
    await harness.refuse();
    expect(harness.supervisor.state).toBe('WAITING');
    await harness.advance(100);
    expect(harness.supervisor.state).toBe('GIVEN_UP');
    expect(harness.supervisor.failures.at(-1)?.cause.message).toContain(
      'The address function returned a stream that has served an attempt already',
    );
  });
});
