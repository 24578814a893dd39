/** Every way to fail, in every state of the chart, as a parent is told of it. */

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
const GARBAGE = new CodecError('This is no message');
const THROWN = new HandlerError('onMessage', new Error('of the user'));

/** One way to fail, and how the parent is told of it. */
interface Way {
  readonly how: string;
  readonly bring: (machine: Harness) => Promise<unknown> | undefined;
  readonly told: Told;
}
/** What the outcome looks like; a class stands for an error of it. */
interface Told {
  readonly cause: Looks | undefined;
  readonly suppressed?: readonly Looks[];
}
/** Its class, and whatever else is asked of it. */
type Looks = readonly [new (...args: never) => WirechartError, object];

const rejects = (method: LinkMethod, reason: unknown, told: Told): Way => ({
  how: `${method} rejects with ${String(reason)}`,
  bring: (machine) => machine.fail(method, reason),
  told,
});
const passes = (deadline: keyof typeof DEADLINES, told: Told): Way => ({
  how: `the ${deadline} deadline passes`,
  bring: (machine) => {
    machine.clock.increment(DEADLINES[deadline]);
    return undefined;
  },
  told,
});
const fails = (told: Told): Way => ({
  how: 'FAIL',
  bring: (machine) => {
    machine.send({ type: 'FAIL', error: THROWN });
    return undefined;
  },
  told,
});
const ends = (told: Told): Way => ({
  how: 'the peer ends',
  bring: (machine) => machine.fulfil('read'),
  told,
});
const aborted = (type: 'DISCONNECT' | 'ABORT', phase: string): Way => ({
  how: type,
  bring: (machine) => machine.go(type),
  told: { cause: [ConnectError, { code: 'ERR_CONNECT_ABORTED', phase, retryable: false }] },
});

/** Every way out of an attempt, in a state that waits for one method under one deadline, or for nothing. */
const attempt = (
  phase: 'connection' | 'session',
  method?: LinkMethod,
  deadline: 'connect' | 'accept' | 'handshake' = 'connect',
): Way[] => {
  const because = (cause: unknown, retryable: boolean): Told => ({
    cause: [ConnectError, { code: 'ERR_CONNECT', phase, retryable, cause }],
  });
  const late = { name: 'TimeoutError', phase: deadline, ms: DEADLINES[deadline] };
  return [
    ...(method === undefined
      ? []
      : [
          rejects(method, RESET, because(RESET, true)),
          rejects(method, GARBAGE, because(GARBAGE, false)),
          passes(deadline, because(expect.objectContaining(late), true)),
        ]),
    fails(because(THROWN, false)),
    aborted('DISCONNECT', phase),
    aborted('ABORT', phase),
  ];
};

const reset: Looks = [ClosedError, { cause: RESET, expected: false }];
const garbage: Looks = [CodecError, { message: GARBAGE.message }];
const thrown: Looks = [HandlerError, { message: THROWN.message }];
const eof: Looks = [ClosedError, { message: 'The peer ended the stream', expected: false }];
const late = (phase: 'flush' | 'close'): Looks => [TimeoutError, { phase, ms: DEADLINES[phase] }];
const abort: Looks = [ConnectError, { code: 'ERR_CONNECT_ABORTED' }];

/** What a method of a session may reject with; `first` is the cause that there is already. */
const session = (method: LinkMethod, first?: Looks): Way[] =>
  [
    { reason: RESET, looks: reset },
    { reason: GARBAGE, looks: garbage },
    { reason: THROWN, looks: thrown },
  ].map(({ reason, looks }) => rejects(method, reason, after(first, looks)));

const after = (first: Looks | undefined, looks: Looks): Told =>
  first === undefined ? { cause: looks } : { cause: first, suppressed: [looks] };

const WAYS: Readonly<Record<Exclude<StableState, 'IDLE'>, readonly Way[]>> = {
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
    // What was announced is no failure, and all else is.
    rejects('read', RESET, { cause: undefined, suppressed: [reset] }),
    rejects('write', RESET, { cause: undefined, suppressed: [reset] }),
    rejects('read', GARBAGE, { cause: garbage }),
    rejects('write', GARBAGE, { cause: garbage }),
    ends({ cause: undefined }),
    fails({ cause: thrown }),
  ],
  'DISCONNECTING.flushing.twoway': [
    ...session('read'),
    ...session('write'),
    ...session('flush'),
    passes('flush', { cause: late('flush') }),
    ends({ cause: undefined, suppressed: [[ClosedError, { expected: true }]] }),
    fails({ cause: thrown }),
  ],
  'DISCONNECTING.flushing.oneway': [
    ...session('write', eof),
    ...session('flush', eof),
    passes('flush', after(eof, late('flush'))),
    fails(after(eof, thrown)),
  ],
  'DISCONNECTING.closing': [
    ...session('close'),
    passes('close', { cause: undefined, suppressed: [late('close')] }),
    fails({ cause: thrown }),
  ],
  'DISCONNECTING.destroying': [
    ...session('destroy', abort),
    passes('close', after(abort, late('close'))),
    fails(after(abort, thrown)),
  ],
};

/** The chart of one session. */
const once = createChart((link: FakeLink) => link, { once: true });

/** A parent that is told by `onDone`, and keeps it. */
function parentForOnce() {
  const outputs: SessionOutcome[] = [];
  const asOnce = (link: FakeLink, clock: CountingClock): ActorHandle => {
    const machine = setup({
      types: { children: {} as { child: 'child' } },
      actors: { child: once },
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
  return { outputs, asOnce };
}

/** Lets every wait on the way home come true. */
async function comeHome(machine: Harness): Promise<void> {
  const methods: readonly LinkMethod[] = ['flush', 'close', 'destroy'];
  for (const method of methods) {
    if (machine.link.live.some((call) => call.method === method)) await machine.fulfil(method);
  }
}

function expectTold(outcome: SessionOutcome | undefined, { cause, suppressed = [] }: Told): void {
  const pairs = [
    [outcome?.cause, cause] as const,
    ...suppressed.map((looks, at) => [outcome?.suppressed[at], looks] as const),
  ];
  for (const [error, looks] of pairs) {
    if (looks === undefined) expect(error).toBeUndefined();
    else {
      expect(error).toBeInstanceOf(looks[0]);
      expect(error).toMatchObject(looks[1]);
    }
  }
  expect(outcome?.suppressed).toHaveLength(suppressed.length);
  expect(outcome?.undelivered).toBe(3);
}

const cases = STABLE_STATES.flatMap((state) =>
  state === 'IDLE' ? [] : WAYS[state].map((way) => [state, way.how, way] as const),
);

describe('a parent of one session is told in its output', () => {
  it.each(cases)('in %s: %s', async (state, _, { bring, told }) => {
    const { outputs, asOnce } = parentForOnce();
    const machine = await new Harness({}, asOnce).go(...ROUTES[state]);
    expect(machine.state).toBe(state);
    machine.link.undelivered = 3;
    await bring(machine);
    await turn();
    await comeHome(machine);
    expect(outputs).toHaveLength(1);
    expectTold(outputs[0], told);
    expect(outputs[0]).toBe(machine.outcome);
    expect(machine.actorErrors).toEqual([]);
    expect(machine.runstates.at(-1)).toBe('IDLE');
    expect(machine.link.released).toBe(1);
  });
});

describe('a parent of many sessions is told by `closed`', () => {
  it.each(cases)('in %s: %s', async (state, _, { bring, told }) => {
    const machine = await new Harness({}, asChild).go(...ROUTES[state]);
    machine.link.undelivered = 3;
    await bring(machine);
    await turn();
    await comeHome(machine);
    expect(machine.state).toBe('IDLE');
    expect(machine.outcomes).toHaveLength(1);
    expectTold(machine.outcome, told);
    expect(machine.actorErrors).toEqual([]);
    expect(machine.link.released).toBe(0);
  });
});

it('in IDLE nothing fails: there is nothing that could', async () => {
  const machine = new Harness({}, asChild);
  machine.send({ type: 'FAIL', error: THROWN });
  await machine.go('DISCONNECT', 'ABORT');
  expect(machine.state).toBe('IDLE');
  expect(machine.outcomes).toEqual([]);
});
