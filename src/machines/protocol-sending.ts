/** What the lifecycle's chart does with the event SEND. */

import { ACCEPTED } from '../async/deferred.ts';
import { StateError, toFailure } from '../core/errors.ts';
import { sendEvent } from '../core/inner-definition.ts';
import { noteRedactor } from '../core/redactors.ts';
import { RUNSTATE_CONDITIONS, runstateOf } from '../core/runstate.ts';
import { memberOf } from '../core/shape.ts';
import { isOver, linkOf } from '../core/link-handle.ts';
import type { FailedSend, ProtocolContext, ProtocolEvent } from './protocol-types.ts';

/** Sends a message; what prevents that comes back as SEND_FAILED. Never throws: it is an action. */
export function sendMessage(
  context: ProtocolContext<unknown, unknown>,
  message: unknown,
  self: ActorRef,
): void {
  const sending = startSending(context, message);
  if (sending === ACCEPTED) return;
  sending.then(undefined, (thrown: unknown) => {
    if (self.getSnapshot().status !== 'active' || isOver(context)) return;
    self.send({ type: 'SEND_FAILED', message, error: toFailure(thrown) });
  });
}

function startSending(
  context: ProtocolContext<unknown, unknown>,
  message: unknown,
): Promise<unknown> {
  try {
    const link = linkOf(context);
    noteRedactor(message, link.definition); // The chart that has sent it may keep it.
    return sendEvent(link.definition, message) ?? link.send(message);
  } catch (error) {
    return Promise.reject(toFailure(error));
  }
}

/** The actor of the machine, as an action uses it. */
export interface ActorRef {
  getSnapshot(): { readonly status: string; readonly value: string | object };
  send(event: ProtocolEvent<never>): void;
}

/** Why the message of a SEND is not sent in this state. */
export function refusedSend(event: object, self: ActorRef): FailedSend {
  const runstate = runstateOf(self.getSnapshot().value);
  const text = `The actor is ${RUNSTATE_CONDITIONS[runstate]} SEND is accepted in RUNNING.`;
  return { message: memberOf(event, 'message'), error: new StateError(text, runstate, 'RUNNING') };
}

/** The message of a SEND that was refused later, and why. */
export const failedSend = (event: object): FailedSend => ({
  message: memberOf(event, 'message'),
  error: toFailure(memberOf(event, 'error')),
});
