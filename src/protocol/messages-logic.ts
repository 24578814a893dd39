/** Actor logic that sends its parent every message that a connection receives. */

import type { AnyActorRef, EventObject } from 'xstate';
import { noteRedactor, redacted, type Redacting } from '../core/redactors.ts';
import { memberOf } from '../core/shape.ts';
import { linkIn } from '../core/link-handle.ts';
import type { EmbeddableCallback } from '../machines/embeddable.ts';
import type { Link } from '../machines/link.ts';
import { connectionLogic, type Reports, whenEnded } from './connection-logic.ts';
import { followFailedSends } from './failed-sends.ts';
import { type ConnectionInput, hasFailedAtOnce } from './find-connection.ts';

/** The input of `protocolMessages`. */
export type ProtocolMessagesInput = ConnectionInput;

/**
 * What `protocolMessages` sends its parent: one event for each message.
 *
 * @typeParam In - The messages of the connection.
 */
export interface ProtocolMessage<In = unknown> {
  readonly type: 'MESSAGE';
  readonly message: In;
}

/**
 * Actor logic that sends its parent each message that a connection receives, as
 * `{ type: 'MESSAGE', message }` (`ProtocolMessage`). Invoke or spawn it beside the connection; an input is
 * needed only if there are several: see `ConnectionInput`.
 *
 * The parent gets the messages of each session in order, and all of them before the session ends; not those of
 * the handshake. It gets them from the moment on in which the actor starts: it misses none if it is invoked
 * together with the connection, or in reaction to its tag `up`. `onMessage`, and other consumers, get them, too.
 * A message is delivered before the next one is read, and reading waits for nothing else: a parent that falls
 * behind does not slow the peer down.
 *
 * With `pull` of the definition, the actor is a consumer: messages wait until it starts, so that it misses none,
 * whenever that is. It goes on reading while no loop of the program's does (`AsyncProtocol.messages()`). While
 * there is such a loop, that one takes the messages at its own pace, and this actor's parent gets the same ones.
 *
 * The parent also gets `{ type: 'SEND_FAILED', message, error }` (`SendFailure`) for each event SEND of the
 * connection whose message was not sent.
 *
 * The actor is done when the actor of the connection has ended. A failure of a session is not one of this
 * actor: the connection reports it.
 *
 * @throws {ArgumentError} As the parent's `onError`, when there is no such connection, or more than one.
 *
 * @example
 * setup({
 *   types: { events: {} as ProtocolMessage<string> },
 *   actors: { connection: createProtocolMachine({ codec: lines() }), messages: protocolMessages },
 * }).createMachine({
 *   invoke: [{ src: 'connection', input: { address: { port: 7 } } }, { src: 'messages' }],
 *   on: { MESSAGE: { actions: ({ event }) => console.log(event.message) } },
 * });
 */
export const protocolMessages: EmbeddableCallback<ProtocolMessagesInput | undefined> =
  /* @__PURE__ */ connectionLogic<undefined, ProtocolMessagesInput, EventObject>({
    owner: 'protocolMessages',
    names: { connection: true },
    what: 'a connection',
    accepts: () => true,
    identify: linkOfActor,
    start: followMessages,
  });

function followMessages(
  connection: AnyActorRef,
  _: ProtocolMessagesInput,
  { tell, done }: Reports<undefined>,
): () => void {
  const removeEnd = whenEnded(connection, () => {
    done(undefined);
  });
  if (hasFailedAtOnce(connection)) return removeEnd;
  const removeFailures = followFailedSends(connection, tell);
  const link = linkOfActor(connection);
  const removeTap = link.observe((arrow, message) => {
    // The messages of the handshake, and of the farewell, belong to the protocol.
    if (arrow === '<--' && isRunning(connection)) tell(eventOf(message, link.definition));
  }, true);
  return () => {
    removeEnd();
    removeFailures();
    removeTap();
  };
}

/** Inspectors show the event, and charts that keep the message, as the protocol says. */
function eventOf(message: unknown, definition: Redacting): ProtocolMessage {
  const event = { type: 'MESSAGE', message } as const;
  if (definition.redact === undefined) return event;
  noteRedactor(message, definition);
  noteRedactor(event, { redact: () => ({ ...event, message: redacted(message, definition) }) });
  return event;
}

const isRunning = (connection: AnyActorRef): boolean =>
  memberOf(memberOf(connection.getSnapshot(), 'value'), 'RUNNING') !== undefined;

/** The actor was recognized by its link. */
function linkOfActor(connection: AnyActorRef): Link<unknown, unknown> {
  return linkIn(memberOf(connection.getSnapshot(), 'context')) as Link<unknown, unknown>;
}
