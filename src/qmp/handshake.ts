/** How a QMP session begins: the server greets, the client negotiates capabilities. */

import type { JsonObject } from '../codecs/json.ts';
import type { Handshake } from '../core/types.ts';
import { NegotiationError } from './errors.ts';
import { isError, isEvent, isSuccess, parseGreeting } from './messages.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

type Session = Handshake<JsonObject, QmpCommand>;
/** Told of events that come early; they are no part of the handshake. */
type OnEvent = (event: QmpEvent) => void;

/**
 * Reads the greeting. Replies that come before it are stale: a monitor answers the commands of a
 * client that has left to the one that comes next.
 *
 * @throws {GreetingError} When something else comes.
 */
export async function receiveGreeting(session: Session, onEvent: OnEvent): Promise<QmpGreeting> {
  const isFresh = (message: JsonObject) => !isSuccess(message) && !isError(message);
  return parseGreeting(await receive(session, onEvent, isFresh));
}

/**
 * Negotiates out-of-band execution where it is offered, and waits for the reply to that very command.
 *
 * @param id - The command's id.
 * @throws {NegotiationError} When the server refuses.
 */
export async function negotiate(
  session: Session,
  { QMP }: QmpGreeting,
  id: number,
  onEvent: OnEvent,
): Promise<void> {
  // Servers before 2.12 refuse the member `enable`, and offer nothing that could stand in it.
  const offered = QMP.capabilities.includes('oob') && { arguments: { enable: ['oob'] } };
  await session.send({ execute: 'qmp_capabilities', ...offered, id });
  const isOurs = (message: JsonObject) =>
    message['id'] === id || ('error' in message && message['id'] === undefined);
  const reply = await receive(session, onEvent, isOurs);
  if (isError(reply)) {
    throw new NegotiationError(`${reply.error.class}: ${reply.error.desc}`, reply.error);
  }
  if (!isSuccess(reply)) throw new NegotiationError('the reply is malformed');
}

/** The next message that is meant for the handshake. */
async function receive(
  session: Session,
  onEvent: OnEvent,
  isMeant: (message: JsonObject) => boolean,
): Promise<JsonObject> {
  for (;;) {
    const message = await session.receive();
    if (isEvent(message)) onEvent(message);
    else if (isMeant(message)) return message;
  }
}
