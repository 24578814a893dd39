/** The stream is cut at each byte of QMP's handshake: the error and the runstates for each byte. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { thorough } from '../support/thorough.ts';
import { type ChaosListener, sentText, useChaosPeer } from './chaos-peer.ts';
import type { Script, Step } from './steps.ts';
import { BROKEN, chainOf, NEVER, MONITOR, TRANSPORTS } from './support.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

// Both are complete without their line terminator.
const GREETING = MONITOR.greeting.trimEnd();
const REPLY = MONITOR.reply.trimEnd();
const RETRYABLE = 'ConnectError ERR_CONNECT session retryable';
const CUT = ['CodecError ERR_CODEC', 'ClosedError ERR_CLOSED'];
const ENDED = ['ClosedError ERR_CLOSED'];
const RESET = ['ClosedError ERR_CLOSED', BROKEN];

/** All prefixes of a text, from the empty one to the whole text. */
const prefixesOf = (text: string): readonly string[] =>
  Array.from({ length: text.length + 1 }, (_, size) => text.slice(0, size));

/** The prefixes of the reply; not those that end within the mark of the id, which a client would see. */
const REPLIES = prefixesOf(REPLY).filter((text) => !/\$i?$/.test(text));

/** How one attempt, or its session, ended. */
interface AttemptEnd {
  readonly error: readonly unknown[];
  readonly cause: readonly unknown[];
  readonly states: readonly string[];
}

/** The end of a failed attempt. */
const failed = (...error: readonly unknown[]): AttemptEnd => ({
  error,
  cause: error,
  states: FAILED_RUNSTATES,
});

/** Connects, lets the peer cut the stream when it has sent so many bytes, and waits for the end. */
async function endOf(
  listener: ChaosListener,
  connections: number,
  bytes: number,
): Promise<AttemptEnd> {
  const client = createClient({ timeouts: NEVER });
  const recording = recordRunstates(client);
  const connected = client.connect(listener.address).then(
    () => undefined,
    (error: unknown) => error,
  );
  // As `resumeAfterData()` does, on the connection of this attempt.
  let report = await listener.report();
  while (report.connections < connections || report.written < bytes)
    report = await listener.report();
  await listener.resume();
  const error = await connected;
  const { cause } = await client.closed;
  return {
    error: chainOf(error),
    cause: chainOf(cause),
    states: await recording.until('IDLE'),
  };
}

/** Runs each script once, and compares the end of the attempt with the expected one. */
async function expectEnds(
  transport: (typeof TRANSPORTS)[number],
  scripts: readonly Script[],
  expected: (index: number) => AttemptEnd,
): Promise<void> {
  const listener = await peer.listen(transport, ...scripts);
  for (const [index, script] of scripts.entries()) {
    const bytes = sentText(script).replace('$id', '').length;
    const end = await endOf(listener, index + 1, bytes);
    expect({ index, ...end }).toEqual({ index, ...expected(index) });
  }
}

const greetings = (how: Step): readonly Script[] =>
  prefixesOf(GREETING).map((text) => [{ send: text }, 'wait', how]);
const replies = (how: Step): readonly Script[] =>
  REPLIES.map((text) => [{ send: MONITOR.greeting }, 'take', { send: text }, 'wait', how]);

describe.each(thorough(TRANSPORTS.slice(0, 1), TRANSPORTS))(
  'over %s, a peer that ends',
  (transport) => {
    it('after each byte of its greeting fails the attempt', async () => {
      await expectEnds(transport, greetings('end'), (size) =>
        failed(RETRYABLE, ...(size > 0 && size < GREETING.length ? CUT : ENDED)),
      );
    });

    it('after each byte of its reply fails the attempt, or ends the session', async () => {
      await expectEnds(transport, replies('end'), (size) => {
        if (size === REPLIES.length - 1)
          return { error: [], cause: ENDED, states: SESSION_RUNSTATES };
        return failed(RETRYABLE, ...(size > 0 ? CUT : ENDED));
      });
    });
  },
);

describe('over tcp, a peer that resets', () => {
  it('after each byte of its greeting fails the attempt', async () => {
    await expectEnds('tcp', greetings('reset'), () => failed(RETRYABLE, ...RESET));
  });

  it('after each byte of its reply fails the attempt, or the session', async () => {
    await expectEnds('tcp', replies('reset'), (size) =>
      size === REPLIES.length - 1
        ? { error: [], cause: RESET, states: SESSION_RUNSTATES }
        : failed(RETRYABLE, ...RESET),
    );
  });
});
