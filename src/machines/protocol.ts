/**
 * The lifecycle of a connection. Every arrow of it is in this file, and nothing else is.
 *
 * Theory
 * ------
 * 1. Two planes. This chart is the control plane: a handful of events per session. Messages never
 *    pass through it; they go through the loops, which are the invoked actors `reader` and `writer`.
 *    A state says which actors run, leaving the state stops them, and when an actor ends or fails
 *    the chart decides what that means. The facade is the upper half, the actors are the bottom half.
 * 2. Every attempt ends in RUNNING or in IDLE, and every session ends in IDLE, by itself: whatever
 *    goes wrong leads through DISCONNECTING home. How it ended is kept as a value, `outcome`.
 * 3. The first cause wins; later ones are kept with it. An arrow that ends a session therefore
 *    carries a `record…` action, unless the end was asked for. `note…` keeps a fact that is no
 *    failure.
 * 4. Graceful and failed ends are different states, not a flag: `flushing` is entered only while
 *    the way out still works, `closing` ends our side and waits for the peer's, `destroying` asks
 *    nobody. A state that would have nothing to do (no handshake, nothing to flush) is passed by.
 * 5. No wait without a deadline. Each state that waits for the world has an `after`, except where
 *    it waits for our own caller (IDLE, `bound`, RUNNING). `isFinite` lets a deadline be Infinity.
 * 6. Time, sockets and messages are somebody else's: time is the actor system's clock, the rest is
 *    the `link` in the context, a port whose methods the actors run.
 *
 * What is not in the table
 * ------------------------
 * - `actor.stop()`, and a parent that leaves the invoking state: no arrow runs then. The root's
 *   `owner` releases the link, in every state.
 * - Messages, unless somebody has asked for them (`forward`): MESSAGES brings them in batches, to be
 *   emitted, and moves nothing.
 * - Late success of an aborted actor: XState drops its report, and the link destroys what it opened.
 * - An event that a state does not name is ignored; the facade answers its caller with a StateError.
 *
 * Upright names are events and actors of the code; see `vocabulary.ts` for what each name means.
 */

import type { Link } from './link.ts';
import type { Plan, ProtocolContext } from './protocol-types.ts';
import { onLink, outcome, toAddress, protocolSetup } from './protocol-setup.ts';

/**
 * The chart, as a machine.
 *
 * @param createLink - Makes the link of one actor, from the actor's input.
 * @param planOf - What the actor does without being told, from its input; by default nothing.
 */
export const createChart = <In, Out, Input>(
  createLink: (input: Input) => Link<In, Out>,
  planOf: (input: Input) => Plan = () => ({}),
) =>
  protocolSetup<In, Out, Input>().createMachine({
    id: 'protocol',
    context: ({ input }): ProtocolContext<In, Out> => ({
      link: createLink(input),
      plan: planOf(input),
      session: 0,
      address: undefined,
      bound: undefined,
      phase: 'connection',
      announced: false,
      cause: undefined,
      suppressed: [],
      outcome: undefined,
    }),
    output: ({ context }) => context.outcome ?? outcome(context),
    invoke: { id: 'owner', src: 'owner', input: onLink, onError: { actions: 'noteFailure' } },
    on: {
      MESSAGES: {
        actions: { type: 'emitMessages', params: ({ event: { messages } }) => ({ messages }) },
      },
    },
    initial: 'IDLE',
    states: {
      IDLE: {
        description: 'Nothing is open.',
        entry: { type: 'emitRunstate', params: { runstate: 'IDLE' } },
        always: { guard: 'isToConnect', target: 'CONNECTING.dialing', actions: 'beginSession' },
        on: {
          CONNECT: { target: 'CONNECTING.dialing', actions: 'beginSession' },
          LISTEN: { target: 'CONNECTING.listening', actions: 'beginSession' },
        },
      },

      CONNECTING: {
        description: 'On the way to a session.',
        tags: 'busy',
        entry: { type: 'emitRunstate', params: { runstate: 'CONNECTING' } },
        on: {
          DISCONNECT: { target: '#protocol.DISCONNECTING.destroying', actions: 'recordAbort' },
          ABORT: { target: '#protocol.DISCONNECTING.destroying', actions: 'recordAbort' },
          FAIL: { target: '#protocol.DISCONNECTING.destroying', actions: 'recordConnectFailure' },
        },
        initial: 'dialing',
        states: {
          dialing: {
            description: 'Opening a stream to the peer.',
            invoke: {
              id: 'dialer',
              src: 'dialer',
              input: toAddress,
              onDone: [
                { guard: 'hasHandshake', target: 'establishing' },
                { target: '#protocol.RUNNING' },
              ],
              onError: {
                target: '#protocol.DISCONNECTING.destroying',
                actions: 'recordConnectFailure',
              },
            },
            after: {
              connectTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'connect' } },
                target: '#protocol.DISCONNECTING.destroying',
                actions: { type: 'recordConnectTimeout', params: { deadline: 'connect' } },
              },
            },
          },
          listening: {
            description: 'Waiting to be called: for the socket, then for accept().',
            initial: 'binding',
            states: {
              binding: {
                invoke: {
                  id: 'listener',
                  src: 'listener',
                  input: toAddress,
                  onDone: {
                    target: 'bound',
                    actions: [
                      { type: 'noteBound', params: ({ event }) => ({ address: event.output }) },
                      { type: 'emitListening', params: ({ event }) => ({ address: event.output }) },
                    ],
                  },
                  onError: {
                    target: '#protocol.DISCONNECTING.destroying',
                    actions: 'recordConnectFailure',
                  },
                },
                after: {
                  connectTimeout: {
                    guard: { type: 'isFinite', params: { deadline: 'connect' } },
                    target: '#protocol.DISCONNECTING.destroying',
                    actions: { type: 'recordConnectTimeout', params: { deadline: 'connect' } },
                  },
                },
              },
              bound: {
                on: { ACCEPT: '#protocol.CONNECTING.accepting' },
              },
            },
          },
          accepting: {
            description: 'Waiting for the one peer.',
            invoke: {
              id: 'acceptor',
              src: 'acceptor',
              input: onLink,
              onDone: [
                { guard: 'hasHandshake', target: 'establishing' },
                { target: '#protocol.RUNNING' },
              ],
              onError: {
                target: '#protocol.DISCONNECTING.destroying',
                actions: 'recordConnectFailure',
              },
            },
            after: {
              acceptTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'accept' } },
                target: '#protocol.DISCONNECTING.destroying',
                actions: { type: 'recordConnectTimeout', params: { deadline: 'accept' } },
              },
            },
          },
          establishing: {
            description: 'The handshake, on an open stream, before the loops.',
            entry: 'noteStreamIsOpen',
            invoke: {
              id: 'handshake',
              src: 'handshake',
              input: onLink,
              onDone: '#protocol.RUNNING',
              onError: {
                target: '#protocol.DISCONNECTING.destroying',
                actions: 'recordConnectFailure',
              },
            },
            after: {
              handshakeTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'handshake' } },
                target: '#protocol.DISCONNECTING.destroying',
                actions: { type: 'recordConnectTimeout', params: { deadline: 'handshake' } },
              },
            },
          },
        },
      },

      RUNNING: {
        description: 'Messages flow both ways.',
        tags: 'up',
        entry: { type: 'emitRunstate', params: { runstate: 'RUNNING' } },
        invoke: [
          {
            id: 'reader',
            src: 'reader',
            input: onLink,
            onDone: [
              { guard: 'isFlushed', target: 'DISCONNECTING.closing', actions: 'recordEnd' },
              { target: 'DISCONNECTING.flushing.oneway', actions: 'recordEnd' },
            ],
            onError: { target: 'DISCONNECTING.closing', actions: 'recordFailure' },
          },
          {
            id: 'writer',
            src: 'writer',
            input: onLink,
            onError: { target: 'DISCONNECTING.closing', actions: 'recordFailure' },
          },
        ],
        on: {
          DISCONNECT: [
            { guard: 'isForced', target: 'DISCONNECTING.destroying' },
            { guard: 'isFlushed', target: 'DISCONNECTING.closing' },
            { target: 'DISCONNECTING.flushing' },
          ],
          FAIL: { target: 'DISCONNECTING.closing', actions: 'recordFailure' },
        },
        initial: 'open',
        states: {
          open: {
            description: "The peer's end of the stream would be a failure.",
            on: { EXPECT_END: 'ending' },
          },
          ending: {
            description: 'The peer was told to leave: its end of the stream is a clean end.',
            entry: 'announceEnd',
            on: { EXPECT_MORE: { target: 'open', actions: 'withdrawEnd' } },
          },
        },
      },

      DISCONNECTING: {
        description: 'On the way home.',
        tags: 'busy',
        entry: { type: 'emitRunstate', params: { runstate: 'DISCONNECTING' } },
        on: { FAIL: { actions: 'recordFailure' } },
        initial: 'flushing',
        states: {
          flushing: {
            description: 'What was sent goes to the kernel.',
            invoke: [
              {
                id: 'writer',
                src: 'writer',
                input: onLink,
                onError: { target: 'closing', actions: 'recordFailure' },
              },
              {
                id: 'flush',
                src: 'flush',
                input: onLink,
                onDone: 'closing',
                onError: { target: 'closing', actions: 'recordFailure' },
              },
            ],
            after: {
              flushTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'flush' } },
                target: 'destroying',
                actions: { type: 'recordTimeout', params: { deadline: 'flush' } },
              },
            },
            on: { DISCONNECT: { guard: 'isForced', target: 'destroying' } },
            initial: 'twoway',
            states: {
              twoway: {
                description: 'The peer still talks, and is still heard.',
                invoke: {
                  id: 'reader',
                  src: 'reader',
                  input: onLink,
                  onDone: { target: 'oneway', actions: 'noteEnd' },
                  onError: { target: '#protocol.DISCONNECTING.closing', actions: 'recordFailure' },
                },
              },
              oneway: {
                description: 'The peer has ended its side.',
              },
            },
          },
          closing: {
            description: 'Our side ends; what the peer still says is discarded until it ends too.',
            invoke: {
              id: 'closer',
              src: 'closer',
              input: onLink,
              onDone: 'closed',
              onError: { target: 'destroying', actions: 'recordFailure' },
            },
            after: {
              closeTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'close' } },
                target: 'destroying',
                actions: { type: 'noteTimeout', params: { deadline: 'close' } },
              },
            },
            on: { DISCONNECT: { guard: 'isForced', target: 'destroying' } },
          },
          destroying: {
            description: 'Whatever is open is destroyed.',
            invoke: {
              id: 'destroyer',
              src: 'destroyer',
              input: onLink,
              onDone: 'closed',
              onError: { target: 'closed', actions: 'noteFailure' },
            },
            after: {
              closeTimeout: {
                guard: { type: 'isFinite', params: { deadline: 'close' } },
                target: 'closed',
                actions: { type: 'noteTimeout', params: { deadline: 'close' } },
              },
            },
          },
          closed: { type: 'final' },
        },
        onDone: [
          {
            guard: 'isForOnce',
            target: 'ENDED',
            actions: ['recordOutcome', 'settleLink', 'emitClosed'],
          },
          { target: 'IDLE', actions: ['recordOutcome', 'settleLink', 'emitClosed'] },
        ],
      },

      ENDED: {
        description: 'The one session that was asked for is over: IDLE for good.',
        type: 'final',
        entry: { type: 'emitRunstate', params: { runstate: 'IDLE' } },
      },
    },
  });
