/** The stream is cut at each byte of QMP's handshake: what the client says of it, byte by byte. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { thorough } from '../support/thorough.ts';
import { type Lair, useChaosPeer } from './chaos-peer.ts';
import type { Script, Step } from './steps.ts';
import { BROKEN, chainOf, NEVER, wire as says, WIRES } from './vocabulary.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

// Both are whole without the end of their line.
const GREETING = says.greeting.trimEnd();
const REPLY = says.reply.trimEnd();
const RETRYABLE = 'ConnectError ERR_CONNECT session retryable';
const CUT = ['CodecError ERR_CODEC', 'ClosedError ERR_CLOSED'];
const ENDED = ['ClosedError ERR_CLOSED'];
const RESET = ['ClosedError ERR_CLOSED', BROKEN];

/** Each way to cut a text, from nothing of it to all of it. */
const cuts = (text: string): readonly string[] =>
  Array.from({ length: text.length + 1 }, (_, size) => text.slice(0, size));

/** How one attempt ended: its error, or that of the session to which it led. */
interface End {
  readonly error: readonly unknown[];
  readonly cause: readonly unknown[];
  readonly states: readonly string[];
}

/** An attempt that failed. */
const failed = (...error: readonly unknown[]): End => ({
  error,
  cause: error,
  states: FAILED_RUNSTATES,
});

/** The end of the attempt of this number, counted from 1, when the peer has said so many bytes. */
async function endOf(lair: Lair, number: number, said: number): Promise<End> {
  const client = createClient({ timeouts: NEVER });
  const recording = recordRunstates(client);
  const connected = client.connect(lair.address).then(
    () => undefined,
    (error: unknown) => error,
  );
  // See `goOn()`.
  let told = await lair.tell();
  while (told.connections < number || told.written < said) told = await lair.tell();
  await lair.go();
  const error = await connected;
  const { cause } = await client.closed;
  return {
    error: chainOf(error),
    cause: chainOf(cause),
    states: await recording.until('IDLE'),
  };
}

/** Plays each script once, and compares its end with what is expected of its number. */
async function expectEnds(
  on: (typeof WIRES)[number],
  scripts: readonly Script[],
  expected: (number: number) => End,
): Promise<void> {
  const lair = await peer.play(on, ...scripts);
  for (const [number, script] of scripts.entries()) {
    const said = script.map((step) => (typeof step === 'object' && 'say' in step ? step.say : ''));
    const end = await endOf(lair, number + 1, said.join('').replace('$id', '').length);
    expect({ number, ...end }).toEqual({ number, ...expected(number) });
  }
}

const greetings = (how: Step): readonly Script[] =>
  cuts(GREETING).map((text) => [{ say: text }, 'wait', how]);
const replies = (how: Step): readonly Script[] =>
  cuts(REPLY).map((text) => [{ say: says.greeting }, 'take', { say: text }, 'wait', how]);

describe.each(thorough(WIRES.slice(0, 1), WIRES))('over %s, a peer that ends', (on) => {
  it('after each byte of its greeting has cut it, or has ended', async () => {
    await expectEnds(on, greetings('end'), (size) =>
      failed(RETRYABLE, ...(size > 0 && size < GREETING.length ? CUT : ENDED)),
    );
  });

  it('after each byte of its reply has cut it, or has ended: in the end, a session', async () => {
    await expectEnds(on, replies('end'), (size) => {
      if (size === REPLY.length) return { error: [], cause: ENDED, states: SESSION_RUNSTATES };
      return failed(RETRYABLE, ...(size > 0 ? CUT : ENDED));
    });
  });
});

describe('over tcp, a peer that resets', () => {
  it('after each byte of its greeting has reset', async () => {
    await expectEnds('tcp', greetings('reset'), () => failed(RETRYABLE, ...RESET));
  });

  it('after each byte of its reply has reset: in the end, a session', async () => {
    await expectEnds('tcp', replies('reset'), (size) =>
      size === REPLY.length
        ? { error: [], cause: RESET, states: SESSION_RUNSTATES }
        : failed(RETRYABLE, ...RESET),
    );
  });
});
