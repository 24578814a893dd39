/** Runs the callbacks of a protocol that receive and send messages one by one. */

import { whenAborted } from '../async/abort.ts';
import { markHandled } from '../async/deferred.ts';
import { Stopper, type StopSignal } from '../async/stop-signal.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import { ClosedError } from '../core/errors.ts';
import { type RunLogic, type SessionCallbackName, startCallback } from '../core/session-logic.ts';
import type { Counters } from '../core/stats.ts';
import type { ProtocolDefinition } from '../core/types.ts';
import type { Connection } from './connection.ts';
import type { SessionSignal } from './session-signal.ts';
import { HandshakeSession, type MessageHooks } from './handshake.ts';

/** What a conversation has from its link. */
export interface Conversation<In, Out> {
  readonly definition: ProtocolDefinition<In, Out, unknown>;
  readonly connection: Connection<In, Out>;
  readonly hooks: MessageHooks<In, Out>;
  readonly counters: Counters;
  readonly share: ByteShare | undefined;
  readonly negotiated: unknown;
  readonly signal: SessionSignal;
}

/** Runs a callback, with `run` if it is actor logic. Resolves with its result; rejects with a typed error. */
export function converse<In, Out>(
  name: SessionCallbackName,
  { definition, connection, hooks, ...parts }: Conversation<In, Out>,
  stop: StopSignal,
  run: RunLogic,
): Promise<unknown> {
  whenAborted(stop, () => {
    parts.signal.end(stop.reason);
  });
  const session = new HandshakeSession<In, Out, unknown>(connection, hooks, {
    name,
    stop,
    ...parts,
  });
  return session.run(name, () => startCallback(definition, name, session, run));
}

/** Runs the farewell until it would wait, so that a goodbye without an answer is sent even then. */
export function part<In, Out>(conversation: Conversation<In, Out>): void {
  if (conversation.definition.farewell === undefined) return;
  const stopper = new Stopper();
  const stopped = new ClosedError('The machine was stopped');
  void markHandled(converse('farewell', conversation, stopper, () => Promise.reject(stopped)));
  stopper.stop(stopped);
}
