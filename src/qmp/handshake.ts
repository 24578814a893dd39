/** The beginning of a QMP session: the server greets, and the client negotiates capabilities. */

import type { JsonObject } from '../codecs/json.ts';
import { quoteBytes } from '../codecs/utf8.ts';
import { CodecError, isCodecError } from '../core/errors.ts';
import type { Session as ProtocolSession } from '../core/types.ts';
import { NegotiationError } from './errors.ts';
import { isError, isEvent, isSuccess, parseGreeting } from './messages.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

const OPENING_BRACE = 0x7b;

type Session = ProtocolSession<JsonObject, QmpCommand>;
/** Called with the events that arrive during the handshake, of which they are no part. */
type OnEvent = (event: QmpEvent) => void;

/**
 * Resolves with the greeting. Replies that arrive before it are stale and ignored: a monitor sends the
 * replies to a client that has left to the next client.
 *
 * @throws {GreetingError} When another message arrives instead.
 * @throws {CodecError} When what arrives is no message.
 */
export async function receiveGreeting(session: Session, onEvent: OnEvent): Promise<QmpGreeting> {
  const isFresh = (message: JsonObject) => !isSuccess(message) && !isError(message);
  try {
    return parseGreeting(await receive(session, onEvent, isFresh));
  } catch (error) {
    // What begins like a message is one with an error in it, or was cut off.
    if (!isCodecError(error) || error.raw[0] === OPENING_BRACE) throw error;
    throw new CodecError(`The peer does not speak QMP. ${explain(error.raw)}`, error.raw);
  }
}

/** Says what has arrived in place of a greeting, and what to do. */
function explain(raw: Uint8Array): string {
  const received = quoteBytes(raw);
  const isHuman = /^QEMU [\d.]+ monitor|\(qemu\)/.test(Buffer.from(raw).toString('latin1'));
  return isHuman
    ? `It is QEMU's monitor for people (HMP), as it begins with ${received}: start QEMU with -qmp in ` +
        'place of -monitor, or with -mon and mode=control'
    : `Its first bytes are ${received}: connect to the socket of -qmp, or of -mon with mode=control`;
}

/**
 * Sends `qmp_capabilities`, which enables out-of-band execution if the server offers it, and waits for
 * the reply to this command.
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
  // Servers before 2.12 reject the argument `enable`; they offer no capabilities.
  const enabled = QMP.capabilities.includes('oob') && { arguments: { enable: ['oob'] } };
  await session.send({ execute: 'qmp_capabilities', ...enabled, id });
  const isOurs = (message: JsonObject) =>
    message['id'] === id || ('error' in message && message['id'] === undefined);
  const reply = await receive(session, onEvent, isOurs);
  if (isError(reply)) {
    throw new NegotiationError(`${reply.error.class}: ${reply.error.desc}`, reply.error);
  }
  if (!isSuccess(reply)) throw new NegotiationError('the reply is malformed');
}

/** Resolves with the next message that `accepts` accepts, and ignores those before it. */
async function receive(
  session: Session,
  onEvent: OnEvent,
  accepts: (message: JsonObject) => boolean,
): Promise<JsonObject> {
  for (;;) {
    const message = await session.receive();
    if (isEvent(message)) onEvent(message);
    else if (accepts(message)) return message;
  }
}
