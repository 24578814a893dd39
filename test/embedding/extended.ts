/** A chart that adds states to that of a connection: PAUSED and DEGRADED in RUNNING, AUTHENTICATING in CONNECTING. */

import { fromPromise } from 'xstate';
import {
  inHandshake,
  lines,
  protocolSetup,
  RefusedError,
  type Session,
  streamPair,
  toSession,
} from '../../src/index.ts';
import { cleanUp } from '../support/cleanup.ts';

/** Sends a word, and receives the answer, which must be `ok`. */
const saying = (word: string) =>
  inHandshake(
    fromPromise<string, { session: Session<string> }>(async ({ input: { session } }) => {
      await session.send(word);
      const answer = await session.receive();
      if (answer !== 'ok') throw new RefusedError(answer);
      return `${word}: ${answer}`;
    }),
  );

export const { setup, config, complete } = protocolSetup(
  { codec: lines() },
  {
    types: {
      events: {} as { type: 'PAUSE' } | { type: 'RESUME' } | { type: 'DEGRADE'; why: string },
      tags: {} as 'paused',
    },
    actors: { user: saying('user'), password: saying('password') },
    once: true,
  },
);

const { CONNECTING } = config.states;
export const { RUNNING } = config.states;
const { dialing, establishing } = CONNECTING.states;
const { open } = RUNNING.states;
const REFUSED = {
  target: '#protocol.DISCONNECTING.destroying',
  actions: 'recordConnectFailure',
} as const;
export const seen: string[] = [];

export const machine = complete(
  setup
    .extend({
      guards: { isBad: ({ event }) => event.type === 'DEGRADE' && event.why !== '' },
      actions: { note: ({ event }) => seen.push(event.type) },
    })
    .createMachine({
      ...config,
      states: {
        ...config.states,
        CONNECTING: {
          ...CONNECTING,
          states: {
            ...CONNECTING.states,
            dialing: { ...dialing, invoke: { ...dialing.invoke, onDone: 'AUTHENTICATING' } },
            AUTHENTICATING: {
              entry: 'noteStreamIsOpen',
              after: establishing.after,
              initial: 'user',
              states: {
                user: {
                  invoke: { src: 'user', input: toSession, onDone: 'password', onError: REFUSED },
                },
                password: {
                  invoke: {
                    src: 'password',
                    input: toSession,
                    onDone: {
                      target: '#protocol.RUNNING',
                      actions: ({ event }) => seen.push(event.output),
                    },
                    onError: REFUSED,
                  },
                },
              },
            },
          },
        },
        RUNNING: {
          ...RUNNING,
          states: {
            ...RUNNING.states,
            open: {
              ...open,
              on: { ...open.on, PAUSE: 'PAUSED', DEGRADE: { guard: 'isBad', target: 'DEGRADED' } },
            },
            PAUSED: { tags: 'paused', on: { RESUME: 'open' } },
            DEGRADED: { entry: 'note', on: { RESUME: 'open' } },
          },
        },
      },
    }),
);

/** A peer that answers each line with what `answer` returns for it. */
export function createServer(answer: (line: string) => string) {
  const [ours, theirs] = streamPair();
  const received: string[] = [];
  theirs.on('data', (data) => {
    for (const line of String(data).split('\n').slice(0, -1)) {
      received.push(line);
      theirs.write(`${answer(line)}\n`);
    }
  });
  theirs.on('end', () => theirs.end());
  cleanUp(() => theirs.destroy());
  return { address: { stream: ours }, received, peer: theirs };
}
