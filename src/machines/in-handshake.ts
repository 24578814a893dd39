/** Actors of a chart that adds states to CONNECTING: they speak with the peer as a handshake does. */

import type { PromiseActorLogic } from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import { type LinkHandle, linkIn, linkOf } from '../core/link-handle.ts';
import type { SessionLogic } from '../core/session-logic.ts';
import type { Session } from '../core/types.ts';
import { fromWaitWithLogic } from './logic-run.ts';
import type { Link } from './link.ts';
import { onLink } from './protocol-setup.ts';
import type { ProtocolContext } from './protocol-types.ts';
import type { WaitInput } from './wait.ts';

/** The input of an actor of `inHandshake()`, from its machine. */
export interface SessionSource extends WaitInput {
  /** Stands for the stream. */
  readonly link: LinkHandle<Link<unknown, unknown>>;
}

/** What a mapper of an actor's input is given: the part of it that `toSession` reads. */
export interface SessionArgs {
  /** The context of the machine. */
  readonly context: Pick<ProtocolContext<unknown, unknown>, 'link'>;
  /** The actor of the machine. */
  readonly self: {
    /** Returns its current snapshot. */
    getSnapshot(): { readonly context: Pick<ProtocolContext<unknown, unknown>, 'cause'> };
  };
}

/** Maps the context of the machine to the input of an actor of `inHandshake()`. */
export const toSession = ({ context, self }: SessionArgs): SessionSource => ({
  link: context.link,
  stopReason: onLink({ context, self }).stopReason,
});

/**
 * Returns actor logic for a state within CONNECTING, after `dialing` or `accepting` and before RUNNING. It runs
 * other logic, with the session of a handshake as its input `{ session }`. Its input is `toSession`.
 *
 * Its output is that of the logic; it fails with its error, converted as that of a handshake. The session ends
 * with the logic; messages that it has not received are left to the next state.
 *
 * @example
 * invoke: { src: 'login', input: toSession, onDone: 'establishing', onError: … }
 *
 * @param logic - A machine, `fromPromise()`, or any other logic that ends; see `SessionLogic`.
 */
export const inHandshake = <In, Out, Output>(
  logic: SessionLogic<Session<In, Out>, Output>,
): PromiseActorLogic<Output, SessionSource> => within(logic);

/** Untyped, as the link is. */
function within<Output>(
  logic: SessionLogic<never, unknown>,
): PromiseActorLogic<Output, SessionSource>;
function within(logic: SessionLogic<never, unknown>): PromiseActorLogic<unknown, SessionSource> {
  const made = fromWaitWithLogic(async ({ link }: SessionSource, signal, run) => {
    if (linkIn({ link }) === undefined) throw noInput();
    const own = linkOf({ link });
    return own.converse?.(logic, signal, run);
  });
  const actor = {
    ...made,
    getInitialSnapshot: (
      scope: Parameters<typeof made.getInitialSnapshot>[0],
      // In plain JavaScript there may be none, and the actor would neither run nor fail.
      input: SessionSource | undefined = { link: {} },
    ) => made.getInitialSnapshot(scope, input),
  };
  conversing.add(actor);
  return actor;
}

const noInput = (): ArgumentError =>
  new ArgumentError(
    'An actor of inHandshake() needs the session of its connection: invoke: { src, input: toSession }',
  );

/** What `inHandshake()` has returned. */
const conversing = new WeakSet<object>();

/** Whether an actor is one of `inHandshake()`. */
export const isInHandshake = (actor: unknown): boolean =>
  typeof actor === 'object' && actor !== null && conversing.has(actor);
