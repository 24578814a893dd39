/** Every failure in every state of the chart, and the outcome that the parent gets. */

import { describe, expect, it } from 'vitest';
import { createActor, setup } from 'xstate';
import {
  ClosedError,
  CodecError,
  ConnectError,
  HandlerError,
  type SessionOutcome,
  TimeoutError,
  type WirechartError,
} from '../../src/index.ts';
import { createChart } from '../../src/machines/protocol.ts';
import type { CountingClock, LinkMethod, FakeLink } from '../machines/fake-link.ts';
import { DEADLINES } from '../machines/fake-link.ts';
import {
  asChild,
  Harness,
  type ActorHandle,
  STABLE_STATES,
  type StableState,
  ROUTES,
  turn,
} from '../machines/support.ts';

const RESET = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const GARBAGE = new CodecError('Not a message');
const THROWN = new HandlerError('onMessage', new Error('from the callback'));

/** A failure, and the outcome that it must have. */
interface FailureCase {
  readonly name: string;
  readonly trigger: (machine: Harness) => Promise<unknown> | undefined;
  readonly expected: ExpectedOutcome;
}
/** The errors of an outcome. */
interface ExpectedOutcome {
  readonly cause: ExpectedError | undefined;
  readonly suppressed?: readonly ExpectedError[];
}
/** The class of an error, and some of its properties. */
type ExpectedError = readonly [new (...args: never) => WirechartError, object];

const rejects = (method: LinkMethod, reason: unknown, expected: ExpectedOutcome): FailureCase => ({
  name: `${method} rejects with ${String(reason)}`,
  trigger: (machine) => machine.fail(method, reason),
  expected,
});
const passes = (deadline: keyof typeof DEADLINES, expected: ExpectedOutcome): FailureCase => ({
  name: `the ${deadline} deadline passes`,
  trigger: (machine) => {
    machine.clock.increment(DEADLINES[deadline]);
    return undefined;
  },
  expected,
});
const fails = (expected: ExpectedOutcome): FailureCase => ({
  name: 'FAIL',
  trigger: (machine) => {
    machine.send({ type: 'FAIL', error: THROWN });
    return undefined;
  },
  expected,
});
const ends = (expected: ExpectedOutcome, method: LinkMethod = 'read'): FailureCase => ({
  name: 'the peer ends',
  trigger: (machine) => machine.fulfil(method),
  expected,
});
const aborted = (type: 'DISCONNECT' | 'ABORT', phase: string): FailureCase => ({
  name: type,
  trigger: (machine) => machine.go(type),
  expected: { cause: [ConnectError, { code: 'ERR_CONNECT_ABORTED', phase, retryable: false }] },
});

/**
 * The failures of an attempt, in a state that waits for one method with one deadline, or for none.
 */
const attempt = (
  phase: 'connection' | 'session',
  method?: LinkMethod,
  deadline: 'connect' | 'accept' | 'handshake' = 'connect',
): FailureCase[] => {
  const connectError = (cause: unknown, retryable: boolean): ExpectedOutcome => ({
    cause: [ConnectError, { code: 'ERR_CONNECT', phase, retryable, cause }],
  });
  const timeout = { name: 'TimeoutError', phase: deadline, ms: DEADLINES[deadline] };
  return [
    ...(method === undefined
      ? []
      : [
          rejects(method, RESET, connectError(RESET, true)),
          rejects(method, GARBAGE, connectError(GARBAGE, false)),
          passes(deadline, connectError(expect.objectContaining(timeout), true)),
        ]),
    fails(connectError(THROWN, false)),
    aborted('DISCONNECT', phase),
    aborted('ABORT', phase),
  ];
};

const reset: ExpectedError = [ClosedError, { cause: RESET, expected: false }];
const garbage: ExpectedError = [CodecError, { message: GARBAGE.message }];
const thrown: ExpectedError = [HandlerError, { message: THROWN.message }];
const eof: ExpectedError = [ClosedError, { message: 'The peer ended the stream', expected: false }];
const timeout = (phase: 'drain' | 'flush' | 'close'): ExpectedError => [
  TimeoutError,
  { phase, ms: DEADLINES[phase] },
];
const abort: ExpectedError = [ConnectError, { code: 'ERR_CONNECT_ABORTED' }];

/** The failures of a link method in a session; `first` is the cause that was recorded before. */
const session = (method: LinkMethod, first?: ExpectedError): FailureCase[] =>
  [
    { reason: RESET, expected: reset },
    { reason: GARBAGE, expected: garbage },
    { reason: THROWN, expected: thrown },
  ].map(({ reason, expected }) => rejects(method, reason, after(first, expected)));

const after = (first: ExpectedError | undefined, next: ExpectedError): ExpectedOutcome =>
  first === undefined ? { cause: next } : { cause: first, suppressed: [next] };

const FAILURES: Readonly<Record<Exclude<StableState, 'IDLE'>, readonly FailureCase[]>> = {
  'CONNECTING.dialing': attempt('connection', 'dial'),
  'CONNECTING.listening.binding': attempt('connection', 'listen'),
  'CONNECTING.listening.bound': attempt('connection'),
  'CONNECTING.accepting': attempt('connection', 'accept', 'accept'),
  'CONNECTING.establishing': attempt('session', 'establish', 'handshake'),
  'RUNNING.open': [
    ...session('read'),
    ...session('write'),
    ends({ cause: eof }),
    fails({ cause: thrown }),
  ],
  'RUNNING.ending': [
    // An expected end is not a failure; everything else is.
    rejects('read', RESET, { cause: undefined, suppressed: [reset] }),
    rejects('write', RESET, { cause: undefined, suppressed: [reset] }),
    rejects('read', GARBAGE, { cause: garbage }),
    rejects('write', GARBAGE, { cause: garbage }),
    ends({ cause: undefined }),
    fails({ cause: thrown }),
  ],
  'RUNNING.halfOpen': [...session('write'), fails({ cause: thrown })],
  // What the protocol's own callbacks do wrong in an end that was asked for is no failure.
  'DISCONNECTING.draining.handling': [
    ...session('write'),
    rejects('drain', THROWN, { cause: undefined, suppressed: [thrown] }),
    passes('drain', { cause: undefined, suppressed: [timeout('drain')] }),
    fails({ cause: thrown }),
  ],
  'DISCONNECTING.draining.farewell': [
    ...session('write'),
    rejects('farewell', THROWN, { cause: undefined, suppressed: [thrown] }),
    passes('drain', { cause: undefined, suppressed: [timeout('drain')] }),
    fails({ cause: thrown }),
  ],
  'DISCONNECTING.flushing.twoway': [
    ...session('discard'),
    ...session('write'),
    ...session('flush'),
    passes('flush', { cause: timeout('flush') }),
    ends({ cause: undefined, suppressed: [[ClosedError, { expected: true }]] }, 'discard'),
    fails({ cause: thrown }),
  ],
  'DISCONNECTING.flushing.oneway': [
    ...session('write', eof),
    ...session('flush', eof),
    passes('flush', after(eof, timeout('flush'))),
    fails(after(eof, thrown)),
  ],
  'DISCONNECTING.closing': [
    ...session('close'),
    passes('close', { cause: undefined, suppressed: [timeout('close')] }),
    fails({ cause: thrown }),
  ],
  'DISCONNECTING.destroying': [
    ...session('destroy', abort),
    passes('close', after(abort, timeout('close'))),
    fails(after(abort, thrown)),
  ],
};

/** The chart for a single session. */
const singleUseChart = createChart((link: FakeLink) => link, { once: true });

/** A parent that records the outputs of its `onDone`. */
function singleUseParent() {
  const outputs: SessionOutcome[] = [];
  const asSingleUse = (link: FakeLink, clock: CountingClock): ActorHandle => {
    const machine = setup({
      types: { children: {} as { child: 'child' } },
      actors: { child: singleUseChart },
    }).createMachine({
      initial: 'inside',
      states: {
        inside: {
          invoke: {
            id: 'child',
            src: 'child',
            input: link,
            onDone: {
              target: 'outside',
              actions: ({ event }) => {
                outputs.push(event.output);
              },
            },
          },
        },
        outside: {},
      },
    });
    const parent = createActor(machine, { clock }).start();
    const actor = parent.getSnapshot().children.child;
    if (actor === undefined) throw new Error('The parent has not invoked the machine');
    return { actor, start: () => undefined, stop: () => parent.stop() };
  };
  return { outputs, asSingleUse };
}

/** Resolves every call that the disconnection waits for. */
async function finishDisconnecting(machine: Harness): Promise<void> {
  const methods: readonly LinkMethod[] = ['drain', 'farewell', 'flush', 'close', 'destroy'];
  for (const method of methods) {
    if (machine.link.live.some((call) => call.method === method)) await machine.fulfil(method);
  }
}

function expectOutcome(
  outcome: SessionOutcome | undefined,
  { cause, suppressed = [] }: ExpectedOutcome,
): void {
  const pairs = [
    [outcome?.cause, cause] as const,
    ...suppressed.map((each, at) => [outcome?.suppressed[at], each] as const),
  ];
  for (const [error, expected] of pairs) {
    if (expected === undefined) expect(error).toBeUndefined();
    else {
      expect(error).toBeInstanceOf(expected[0]);
      expect(error).toMatchObject(expected[1]);
    }
  }
  expect(outcome?.suppressed).toHaveLength(suppressed.length);
  expect(outcome?.undelivered).toBe(3);
}

const cases = STABLE_STATES.flatMap((state) =>
  state === 'IDLE' ? [] : FAILURES[state].map((failure) => [state, failure.name, failure] as const),
);

describe('a single-use machine has the failure in its output', () => {
  it.each(cases)('in %s: %s', async (state, _, { trigger, expected }) => {
    const { outputs, asSingleUse } = singleUseParent();
    const machine = await new Harness({}, asSingleUse).go(...ROUTES[state]);
    expect(machine.state).toBe(state);
    machine.link.undelivered = 3;
    await trigger(machine);
    await turn();
    await finishDisconnecting(machine);
    expect(outputs).toHaveLength(1);
    expectOutcome(outputs[0], expected);
    expect(outputs[0]).toBe(machine.outcome);
    expect(machine.actorErrors).toEqual([]);
    expect(machine.runstates.at(-1)).toBe('IDLE');
    expect(machine.link.released).toBe(1);
  });
});

describe('a reusable machine has the failure in its event `closed`', () => {
  it.each(cases)('in %s: %s', async (state, _, { trigger, expected }) => {
    const machine = await new Harness({}, asChild).go(...ROUTES[state]);
    machine.link.undelivered = 3;
    await trigger(machine);
    await turn();
    await finishDisconnecting(machine);
    expect(machine.state).toBe('IDLE');
    expect(machine.outcomes).toHaveLength(1);
    expectOutcome(machine.outcome, expected);
    expect(machine.actorErrors).toEqual([]);
    expect(machine.link.released).toBe(0);
  });
});

it('nothing fails in IDLE', async () => {
  const machine = new Harness({}, asChild);
  machine.send({ type: 'FAIL', error: THROWN });
  await machine.go('DISCONNECT', 'ABORT');
  expect(machine.state).toBe('IDLE');
  expect(machine.outcomes).toEqual([]);
});
