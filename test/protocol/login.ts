/** A login dialogue as a statechart: the peer greets, asks for a password, and says whether it is right. */

import { assign, fromPromise, type InspectionEvent, setup } from 'xstate';
import {
  AsyncProtocol,
  lines,
  type ProtocolOptions,
  RefusedError,
  type Session,
  type SessionCallback,
  streamPair,
} from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, track } from '../support/cleanup.ts';

type Dialogue = Session<string>;

/** Receives a line. */
const receiving = fromPromise<string, Dialogue>(({ input }) => input.receive());

/** Sends the password, and receives the verdict. */
const authenticating = fromPromise<string, Dialogue>(async ({ input: { send, receive } }) => {
  await send('secret');
  const verdict = await receive();
  if (verdict !== 'welcome') throw new RefusedError(verdict, { retryable: false });
  return verdict;
});

/** Its output is the banner. */
export const login = setup({
  types: {
    input: {} as { session: Dialogue },
    context: {} as { session: Dialogue; banner: string },
    output: {} as { banner: string },
  },
  actors: { receiving, authenticating },
}).createMachine({
  id: 'login',
  context: ({ input }) => ({ session: input.session, banner: '' }),
  initial: 'greeting',
  states: {
    greeting: {
      invoke: {
        src: 'receiving',
        input: ({ context }) => context.session,
        onDone: {
          target: 'authenticating',
          actions: assign({ banner: ({ event }) => event.output }),
        },
      },
    },
    authenticating: {
      invoke: {
        src: 'authenticating',
        input: ({ context }) => context.session,
        onDone: 'loggedIn',
      },
    },
    loggedIn: { type: 'final' },
  },
  output: ({ context }) => ({ banner: context.banner }),
});

/** A peer that answers each line that it is sent with what `answer` returns for it. */
export function createPeer(greeting: string, answer: (line: string) => string | undefined) {
  const [ours, theirs] = streamPair();
  const received: string[] = [];
  theirs.write(`${greeting}\n`);
  theirs.on('data', (data) => {
    for (const line of String(data).split('\n').slice(0, -1)) {
      received.push(line);
      const reply = answer(line);
      if (reply !== undefined) theirs.write(`${reply}\n`);
    }
  });
  const closed = defer<undefined>();
  theirs.on('end', () => theirs.end());
  theirs.on('close', () => {
    closed.resolve(undefined);
  });
  cleanUp(() => theirs.destroy());
  return { stream: ours, received, closed: closed.promise };
}

/** A protocol of lines. */
export const create = <Negotiated>(
  handshake: SessionCallback<Session<string>, Negotiated>,
  options?: ProtocolOptions,
): AsyncProtocol<string, string, Negotiated> =>
  track(new AsyncProtocol<string, string, Negotiated>({ codec: lines(), handshake }, options));

/** What an inspector sees: the path of ids of an actor, and the values of its states. */
export function recordActors() {
  const seen: string[] = [];
  const pathOf = (ref: { id: string; _parent?: unknown }): string =>
    ref._parent === undefined ? '' : `${pathOf(ref._parent as typeof ref)}/${ref.id}`;
  const inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.snapshot') return;
    const { value, status } = event.snapshot as { value?: string | object; status: string };
    const state = typeof value === 'string' ? value : status;
    const entry = `${pathOf(event.actorRef as never)} ${state}`;
    if (seen.at(-1) !== entry) seen.push(entry);
  };
  return { seen, inspect };
}

/** The input of actor logic as a handshake. */
export interface Input {
  session: Session<string>;
}
