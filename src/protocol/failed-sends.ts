/** Tells the parent of a connection what has become of its events SEND: emitted events do not reach a parent. */

import type { AnyActorRef } from 'xstate';
import { linkIn } from '../core/link-handle.ts';
import { noteRedactor, redacted, type Redacting } from '../core/redactors.ts';
import { memberOf } from '../core/shape.ts';
import type { FailedSend } from '../machines/protocol-types.ts';

/** What `protocolMessages` and `qmpEvents` send their parent when the message of a SEND was not sent. */
export type SendFailure = { readonly type: 'SEND_FAILED' } & FailedSend;

/** Tells of each failed SEND of a connection, as it emits `sendFailed`; returns a function that ends that. */
export function followFailedSends(
  connection: AnyActorRef,
  tell: (event: SendFailure) => void,
): () => void {
  const subscription = connection.on('sendFailed', ({ message, error }: FailedSend) => {
    const event = { type: 'SEND_FAILED', message, error } as const;
    const definition = definitionOf(connection);
    if (definition?.redact !== undefined) {
      noteRedactor(event, { redact: () => ({ ...event, message: redacted(message, definition) }) });
    }
    tell(event);
  });
  return () => {
    subscription.unsubscribe();
  };
}

const definitionOf = (connection: AnyActorRef): Redacting | undefined =>
  // A link has a definition; any actor may be looked at.
  memberOf(linkIn(memberOf(connection.getSnapshot(), 'context')), 'definition') as
    Redacting | undefined;
