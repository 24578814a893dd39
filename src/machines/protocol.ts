/**
 * The lifecycle of one connection as a statechart. Every arrow is in this file, and nothing else is.
 *
 * How to read it
 * --------------
 * 1. Control plane only: a handful of events per session. Messages never pass through the chart; they
 *    go through the loops, which are the invoked actors `reader` and `writer`. A state says which
 *    actors run, leaving it stops them, and when one ends or fails the chart decides what that means.
 *    In QEMU's words the facade is the *upper half* and the actors are the *bottom half*.
 * 2. Every attempt ends in RUNNING or in IDLE, and every session ends in IDLE. Every failure leads
 *    through DISCONNECTING back to IDLE; how the session ended is kept as a value, `outcome`.
 * 3. The first cause wins; later errors are kept with it. An arrow that ends a session therefore has a
 *    `record…` action, unless the end was requested. A `note…` action keeps a fact that is no failure.
 * 4. Graceful and failed ends are different states, not a flag: `draining` and `flushing` are entered
 *    only while writing still works, `closing` ends our side and waits for the peer's end, `destroying`
 *    waits for nothing but the operating system. A state with nothing to do (no handshake, no message
 *    being handled, nothing to flush) is skipped.
 * 5. A requested end stays graceful: what the protocol's own callbacks do wrong after DISCONNECT is
 *    noted, and everything that was accepted is flushed all the same. The end of the protocol's own
 *    logic, the actor `session`, is a request like DISCONNECT; its error is a failure like FAIL.
 * 6. No wait without a deadline. Each state that waits for the outside world has one, except where the
 *    machine waits for its own caller (IDLE, `bound`, RUNNING). In RUNNING, CHECK_IDLE and
 *    CHECK_FIRST_MESSAGE bound how long the peer may be silent, if that was asked for. A protocol that
 *    can ask its peer has a child `heartbeat` there, with a chart of its own, which sends FAIL.
 * 7. The chart knows no clock, socket or message: time is the actor system's clock, the rest is the
 *    `link` in the context, a port whose methods the actors run.
 *
 * What the table does not show
 * ----------------------------
 * - `actor.stop()`, and a parent that leaves the invoking state, take no arrow. The `owner` at the root
 *   releases the link then, in every state.
 * - Messages that a parent asked for (`forward`) arrive as MESSAGES, in batches, and are only emitted.
 * - An actor that succeeds after it was stopped: XState ignores its report, and the link destroys what
 *   it opened.
 * - An event that a state does not name is ignored. SEND is refused aloud: `sendFailed` is emitted. The facade answers its caller with a StateError.
 *
 * `protocol-setup.ts` defines each guard, action and delay that is named here.
 */

import { acceptsFromInspector } from '../core/remote-control.ts';
import { deadline } from './deadline.ts';
import { withDerivedTag } from './derived-tag.ts';
import type { Link } from './link.ts';
import { entered, expecting, opens, runs } from './protocol-references.ts';
import type { ChartOptions, FailWith } from './protocol-types.ts';
import {
  chartSetup,
  hasFailed,
  initialContext,
  toBound,
  toCause,
  toMessages,
  toOutcome,
} from './protocol-setup.ts';

/** The arrow of an attempt that failed. */
const FAILED_ATTEMPT = {
  target: '#protocol.DISCONNECTING.destroying',
  actions: 'recordConnectFailure',
} as const;

/** There is a stream. */
const OPENED = [
  { guard: 'hasHandshake', target: '#protocol.CONNECTING.establishing' },
  { target: '#protocol.RUNNING' },
] as const;

/** The deadline of a state of an attempt. */
const attemptDeadline = (name: 'connect' | 'accept' | 'handshake') =>
  deadline(name, '#protocol.DISCONNECTING.destroying', 'recordConnectTimeout');

/** Everything sent is handed to the kernel; there is nothing to wait for if it is already. */
const FLUSH = [
  { guard: 'isFlushed', target: '#protocol.DISCONNECTING.closing' },
  { target: '#protocol.DISCONNECTING.flushing' },
] as const;

/** The protocol's goodbye, if it has one; no message is being handled. */
const SAY_GOODBYE = [
  { guard: 'hasFarewell', target: '#protocol.DISCONNECTING.draining.farewell' },
  ...FLUSH,
] as const;

/** The same arrows after a failure that does no harm. */
const noting = <Arrow extends object>(arrows: readonly Arrow[]) =>
  arrows.map((arrow) => ({ ...arrow, actions: 'noteFailure' as const }));

/** The peer has ended its side, and every message from it has been handled. */
const END_OF_STREAM = [
  { guard: 'staysHalfOpen', target: '#protocol.RUNNING.halfOpen' },
  { guard: 'isFlushed', target: '#protocol.DISCONNECTING.closing', actions: 'recordEnd' },
  { target: '#protocol.DISCONNECTING.flushing.oneway', actions: 'recordEnd' },
] as const;

/** The writer runs wherever messages may still be sent, and its failure ends the session everywhere. */
const WRITER = {
  ...runs('writer'),
  onError: { target: '#protocol.DISCONNECTING.closing', actions: 'recordFailure' },
} as const;

/** A requested end: everything that was accepted is handled, said and flushed. */
const END_SESSION = [
  { guard: 'isHandling', target: '#protocol.DISCONNECTING.draining' },
  ...SAY_GOODBYE,
] as const;

/** The protocol's own logic, if there is some. */
const SESSION = {
  ...runs('session'),
  onDone: END_SESSION,
  onError: { target: '#protocol.DISCONNECTING.closing', actions: 'recordFailure' },
} as const;
const NO_SESSION: readonly (typeof SESSION)[] = [];

/** Messages are accepted. */
const SEND = { actions: 'sendMessage' } as const;

/** The peer has been silent for longer than `timeouts.<deadline>`. */
const silence = (guard: 'isIdle' | 'hasSentNoMessage', deadline: 'idle' | 'firstMessage') => ({
  guard,
  target: '#protocol.DISCONNECTING.closing' as const,
  actions: { type: 'recordTimeout' as const, params: { deadline } },
});

/** The last states of a machine that is made for one session. */
const END = {
  ENDED: {
    description: 'The one session is over, and the actor is done.',
    type: 'final',
    tags: 'idle',
    entry: entered('IDLE'),
  },
  FAILED: {
    description: 'The one session has failed. Left at once: the actor ends in error.',
    tags: 'idle',
    entry: [entered('IDLE'), 'stopOwner'],
    // The error has no arrow: XState ends an actor with an error that its machine does not handle.
    invoke: { id: 'failure', src: 'failure', input: toCause },
  },
} as const;
/** All kinds of machine have one type, so that one facade serves all. */
const NO_END = {} as typeof END;

/** Where the end of a session, or of an attempt, leads to. */
const endOf = (once: boolean, failWith: FailWith) => {
  if (!once) return [{ target: '#protocol.IDLE' }] as const;
  if (failWith === 'output') return [{ target: '#protocol.ENDED' }] as const;
  return [
    { guard: 'hasCause', target: '#protocol.FAILED' },
    { target: '#protocol.ENDED' },
  ] as const;
};

/** The same for an actor that was restored, and has no address to go on to. */
const LOST = { guard: 'isLost', target: '#protocol.ENDED' } as const;
const lostIn = (once: boolean, failWith: FailWith) => {
  if (!once) return [] as const;
  return [failWith === 'output' ? LOST : ({ ...LOST, target: '#protocol.FAILED' } as const)];
};

/** The session is over. */
const CLOSED = ['noteHandlerFailure', 'recordOutcome', 'settleLink', 'emitClosed'] as const;

/** The chart: what XState's `createMachine()` takes. */
export const chartConfig = <In, Out, Input>(
  createLink: (input: Input) => Link<In, Out>,
  { addressOf, lostOf, once = false, failWith = 'output', hasSession }: ChartOptions<Input>,
) =>
  ({
    id: 'protocol',
    meta: acceptsFromInspector('DISCONNECT'),
    context: ({ input }: { readonly input: Input }) =>
      initialContext(createLink(input), { address: addressOf?.(input), lost: lostOf?.(input) }),
    output: toOutcome,
    invoke: { ...runs('owner'), onError: { actions: 'noteFailure' } },
    on: {
      MESSAGES: { actions: { type: 'emitMessages', params: toMessages } },
      SEND: { actions: 'refuseMessage' },
      SEND_FAILED: { actions: 'emitSendFailed' },
    },
    initial: 'IDLE',
    states: {
      IDLE: {
        description: 'Nothing is open.',
        tags: 'idle',
        entry: entered('IDLE'),
        always: [
          { guard: 'shouldAutoConnect', target: 'CONNECTING.dialing', actions: 'beginSession' },
          ...lostIn(once, failWith),
        ],
        on: {
          CONNECT: { target: 'CONNECTING.dialing', actions: 'beginSession' },
          LISTEN: { target: 'CONNECTING.listening', actions: 'beginSession' },
        },
      },

      CONNECTING: {
        description: 'On the way to a session.',
        tags: 'busy',
        entry: entered('CONNECTING'),
        on: {
          DISCONNECT: { target: '#protocol.DISCONNECTING.destroying', actions: 'recordAbort' },
          ABORT: { target: '#protocol.DISCONNECTING.destroying', actions: 'recordAbort' },
          FAIL: FAILED_ATTEMPT,
        },
        initial: 'dialing',
        states: {
          dialing: {
            description: 'Opening a stream to the peer.',
            invoke: { ...opens('dialer'), onDone: OPENED, onError: FAILED_ATTEMPT },
            after: attemptDeadline('connect'),
          },
          listening: {
            description: 'Binding, then waiting for accept().',
            initial: 'binding',
            states: {
              binding: {
                invoke: {
                  ...opens('listener'),
                  onDone: {
                    target: 'bound',
                    actions: [
                      { type: 'noteBound', params: toBound },
                      { type: 'emitListening', params: toBound },
                    ],
                  },
                  onError: FAILED_ATTEMPT,
                },
                after: attemptDeadline('connect'),
              },
              bound: { on: { ACCEPT: '#protocol.CONNECTING.accepting' } },
            },
          },
          accepting: {
            description: 'Waiting for the peer to dial us.',
            invoke: { ...runs('acceptor'), onDone: OPENED, onError: FAILED_ATTEMPT },
            after: attemptDeadline('accept'),
          },
          establishing: {
            description: 'The handshake, on an open stream, before the loops start.',
            entry: 'noteStreamIsOpen',
            invoke: { ...runs('handshake'), onDone: '#protocol.RUNNING', onError: FAILED_ATTEMPT },
            after: attemptDeadline('handshake'),
          },
        },
      },

      RUNNING: {
        description: 'Messages flow both ways.',
        tags: 'up',
        entry: [entered('RUNNING'), 'watchIdle', 'awaitFirstMessage', 'startHeartbeat'],
        exit: 'stopWatchingSilence',
        invoke: [
          {
            ...runs('reader'),
            onDone: END_OF_STREAM,
            onError: { target: 'DISCONNECTING.closing', actions: 'recordFailure' },
          },
          WRITER,
          // After the writer, so that the logic can send at once.
          ...(hasSession ? [SESSION] : NO_SESSION),
        ],
        on: {
          DISCONNECT: [{ guard: 'isForced', target: 'DISCONNECTING.destroying' }, ...END_SESSION],
          FAIL: { target: 'DISCONNECTING.closing', actions: 'recordFailure' },
          CHECK_IDLE: [silence('isIdle', 'idle'), { actions: 'watchIdle' }],
          // Of the states that a larger chart adds: those below have arrows of their own.
          EXPECT_END: { actions: [expecting(true), 'noteShutdown'] },
          EXPECT_MORE: { actions: expecting(false) },
          CHECK_FIRST_MESSAGE: silence('hasSentNoMessage', 'firstMessage'),
          SEND,
        },
        initial: 'open',
        states: {
          open: {
            description: "The peer's end of the stream would be a failure.",
            // In a state that a larger chart adds beside these, the end may have been announced.
            always: { guard: 'isEndExpected', target: 'ending' },
            on: { EXPECT_END: { target: 'ending', actions: 'noteShutdown' }, EXPECT_MORE: {} },
          },
          ending: {
            description: 'The peer was asked to leave: its end of the stream is a clean end.',
            entry: expecting(true),
            on: {
              EXPECT_MORE: { target: 'open', actions: expecting(false) },
              EXPECT_END: { actions: 'noteShutdown' },
            },
          },
          halfOpen: {
            description: 'The peer has ended its side, and the session stays open for ours.',
            // Silence is all that can be expected of it.
            on: { CHECK_IDLE: {}, CHECK_FIRST_MESSAGE: {}, EXPECT_END: {}, EXPECT_MORE: {} },
          },
        },
      },

      DISCONNECTING: {
        description: 'On the way back to IDLE.',
        tags: 'busy',
        entry: entered('DISCONNECTING'),
        on: { FAIL: { actions: 'recordFailure' } },
        initial: 'flushing',
        states: {
          draining: {
            description: 'Nothing more is handed to the handler; the protocol may still send.',
            invoke: WRITER,
            after: deadline('drain', 'flushing', 'noteTimeout'),
            on: { DISCONNECT: { guard: 'isForced', target: 'destroying' }, SEND },
            initial: 'handling',
            states: {
              handling: {
                description: 'The handler of the last message finishes.',
                invoke: { ...runs('drain'), onDone: SAY_GOODBYE, onError: noting(SAY_GOODBYE) },
              },
              farewell: {
                description: "The protocol's goodbye.",
                invoke: { ...runs('farewell'), onDone: FLUSH, onError: noting(FLUSH) },
              },
            },
          },
          flushing: {
            description: 'Everything sent is handed to the kernel.',
            invoke: [
              WRITER,
              {
                ...runs('flush'),
                onDone: 'closing',
                onError: { target: 'closing', actions: 'recordFailure' },
              },
            ],
            after: deadline('flush', 'destroying', 'recordTimeout'),
            on: { DISCONNECT: { guard: 'isForced', target: 'destroying' } },
            initial: 'twoway',
            states: {
              twoway: {
                description: 'What the peer still sends is read and discarded.',
                invoke: {
                  ...runs('discarder'),
                  id: 'reader',
                  onDone: { target: 'oneway', actions: 'noteEnd' },
                  onError: { target: '#protocol.DISCONNECTING.closing', actions: 'recordFailure' },
                },
              },
              oneway: { description: 'The peer has ended its side.' },
            },
          },
          closing: {
            description: 'Our side ends; what the peer still sends is discarded until it ends too.',
            invoke: {
              ...runs('closer'),
              onDone: 'closed',
              onError: { target: 'destroying', actions: 'recordFailure' },
            },
            after: deadline('close', 'destroying', 'noteTimeout'),
            on: { DISCONNECT: { guard: 'isForced', target: 'destroying' } },
          },
          destroying: {
            description: 'Whatever is open is destroyed.',
            invoke: {
              ...runs('destroyer'),
              onDone: 'closed',
              onError: { target: 'closed', actions: 'noteFailure' },
            },
            after: deadline('close', 'closed', 'noteTimeout'),
          },
          closed: { type: 'final' },
        },
        onDone: endOf(once, failWith).map((arrow) => ({ ...arrow, actions: CLOSED })),
      },

      ...(once ? END : NO_END),
    },
  }) as const;

/**
 * The chart, as a machine.
 *
 * @param createLink - Makes the link of one actor, from the actor's input.
 */
export const createChart = <In, Out, Input>(
  createLink: (input: Input) => Link<In, Out>,
  options: ChartOptions<Input> = {},
) =>
  withDerivedTag(
    chartSetup<In, Out, Input>().createMachine(chartConfig(createLink, options)),
    'failed',
    hasFailed,
  );
