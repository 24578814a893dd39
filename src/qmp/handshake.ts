/** The beginning of a QMP session: the server greets, and the client negotiates capabilities. */

import { startTimer } from '../async/timer.ts';
import type { JsonObject } from '../codecs/json.ts';
import { ClosedError, CodecError, isClosedError, isCodecError } from '../core/errors.ts';
import type { Clock, Session as ProtocolSession } from '../core/types.ts';
import { adviceForRefusal } from './diagnosis/advice.ts';
import { explainBytes, explainEnd, isGreeting, type Received } from './diagnosis/diagnosis.ts';
import { NegotiationError } from './errors.ts';
import { isError, isEvent, isParseError, isSuccess, parseGreeting } from './messages.ts';
import type { QmpCommand, QmpEvent, QmpGreeting } from './types.ts';

const OPENING_BRACE = 0x7b;

type Session = ProtocolSession<JsonObject, QmpCommand>;
/** Called with the events that arrive during the handshake, of which they are no part. */
type OnEvent = (event: QmpEvent) => void;

/**
 * Resolves with the greeting. Replies that arrive before it are stale and ignored: a monitor sends the
 * replies to a client that has left to the next client.
 *
 * @param received - What has arrived so far, whenever it is read.
 * @throws {GreetingError} When another message arrives instead.
 * @throws {CodecError} When what arrives is no message.
 * @throws {ClosedError} When the stream ends.
 */
export async function receiveGreeting(
  session: Session,
  onEvent: OnEvent,
  received: Received | undefined,
): Promise<QmpGreeting> {
  const isFresh = (message: JsonObject) => !isSuccess(message) && !isError(message);
  try {
    return parseGreeting(await receive(session, onEvent, isFresh));
  } catch (error) {
    throw explained(error, session, received);
  }
}

/** The same error with what it means, and what to do. */
function explained(error: unknown, session: Session, received: Received | undefined): unknown {
  if (isClosedError(error)) return explainedEnd(error, session);
  if (!isCodecError(error)) return error;
  const { raw, cause, message } = error;
  const head = received?.head ?? raw;
  const isObject = raw[0] === OPENING_BRACE;
  const first = head[0] === OPENING_BRACE ? raw : head;
  if (!isObject) return new CodecError(`The peer does not speak QMP. ${explainBytes(first)}`, raw);
  // What begins like a greeting is one with an error in it, or was cut off.
  return cause !== undefined || isGreeting(raw)
    ? error
    : new CodecError(`${message}. ${explainBytes(raw)}`, raw);
}

function explainedEnd(error: ClosedError, { remote }: Session): unknown {
  const { cause, expected, message } = error;
  if (cause === undefined) return new ClosedError(explainEnd(remote), { expected });
  const advice = adviceForRefusal(cause);
  return advice === undefined
    ? error
    : new ClosedError(`${message}. ${advice}`, { expected, cause });
}

/** What the reply to `qmp_capabilities` is waited for with. */
export interface Negotiation {
  /** Whether to enable out-of-band execution, which the server must offer. */
  readonly oob: boolean;
  /** The command's id. */
  readonly id: number;
  readonly onEvent: OnEvent;
  readonly clock: Clock;
}

/**
 * Sends `qmp_capabilities`, and waits for the reply to this command.
 *
 * @throws {NegotiationError} When the server refuses.
 */
export async function negotiate(session: Session, negotiation: Negotiation): Promise<void> {
  const { oob, id, onEvent } = negotiation;
  // Servers before 2.12 reject the argument `enable`; they offer no capabilities.
  const enabled = oob && { arguments: { enable: ['oob'] } };
  await session.send({ execute: 'qmp_capabilities', ...enabled, id });
  const isOurs = (message: JsonObject) =>
    message['id'] === id || ('error' in message && message['id'] === undefined);
  const first = await receive(session, onEvent, isOurs);
  const reply = isDoubtful(first) ? await settleDoubt(session, negotiation, first) : first;
  if (isError(reply)) {
    throw new NegotiationError(`${reply.error.class}: ${reply.error.desc}`, reply.error);
  }
  if (!isSuccess(reply)) throw new NegotiationError('the reply is malformed');
}

/** How long our own reply may take after an error that may be another client's, in ms. */
const DOUBT_MS = 1_000;

/**
 * An error without an id is ours if the server could not parse the command. Otherwise it may be what became of the
 * last command of a client that has left: such a reply comes before ours.
 */
const isDoubtful = (reply: JsonObject): boolean =>
  reply['id'] === undefined && !isParseError(reply);

/** Resolves with the reply that has our id; if none comes, with the error. */
async function settleDoubt(
  session: Session,
  { id, onEvent, clock }: Negotiation,
  error: JsonObject,
): Promise<JsonObject> {
  const giveUp = new AbortController();
  const stop = startTimer(
    DOUBT_MS,
    () => {
      giveUp.abort();
    },
    clock,
  );
  try {
    return await receive(session, onEvent, (message) => message['id'] === id, giveUp.signal);
  } catch (reason) {
    if (giveUp.signal.aborted) return error;
    throw reason;
  } finally {
    stop();
  }
}

/** Resolves with the next message that `accepts` accepts, and ignores those before it. */
async function receive(
  session: Session,
  onEvent: OnEvent,
  accepts: (message: JsonObject) => boolean,
  signal?: AbortSignal,
): Promise<JsonObject> {
  for (;;) {
    const message = await session.receive({ signal });
    if (isEvent(message)) onEvent(message);
    else if (accepts(message)) return message;
  }
}
