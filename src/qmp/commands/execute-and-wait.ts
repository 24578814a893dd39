/** `QmpClient.executeAndWait()`: one command, and the event that says that it has had its effect. */

import { abortable } from '../../async/abort.ts';
import { markHandled } from '../../async/deferred.ts';
import type { JsonValue } from '../../codecs/json.ts';
import { isClosedError, TimeoutError } from '../../core/errors.ts';
import { checkKinds, type Names, signalOf } from '../../core/options.ts';
import { codeOf, memberOf } from '../../core/shape.ts';
import { wantedBy } from '../events/event-names.ts';
import type { ExecuteOptions } from './exchange.ts';
import type { LooseClient } from '../loose-client.ts';
import { noteRequest } from './request.ts';
import type { QmpEvent } from '../types.ts';

/** The options of `executeAndWait()`. */
export interface ExecuteAndWaitOptions<Event = QmpEvent> extends ExecuteOptions {
  /**
   * Returns whether it accepts an event. It sees the events of the given names that arrive from the call on, also those
   * that arrive before the reply, and those that have another cause: check the device, the id or the path. Default:
   * accepts the first.
   */
  readonly filter?: ((event: Event) => boolean) | undefined;
  /** A deadline for the reply and the event together, in ms. Default: none; the wait ends with the session. */
  readonly timeout?: number | undefined;
  /** Gives up the wait when it is aborted. A command that was sent cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: Names<ExecuteAndWaitOptions> = {
  filter: true,
  timeout: true,
  signal: true,
  oob: true,
};

/** An event, with what the command returned that caused it. */
export type EventAfter<Event, Returned> = Event & {
  /** What the command returned. */
  readonly returned: Returned;
};

/** See `QmpClient.executeAndWait()`. */
export async function executeAndWait(
  qmp: LooseClient,
  command: string,
  args: object | undefined,
  events: unknown,
  options: ExecuteAndWaitOptions = {},
): Promise<EventAfter<QmpEvent, JsonValue>> {
  const signal = signalOf(OWNER, options, OPTIONS);
  signal?.throwIfAborted();
  checkKinds(OWNER, options, { filter: 'function' });
  const { timeout, oob, filter } = options;
  const [wanted] = wantedBy(events, filter, undefined, OWNER);
  const release = new AbortController();
  const event = markHandled(qmp.waitFor(wanted, { timeout, signal: release.signal }));
  // Withdrawn, if it still waits to be sent when the wait is over.
  const reply = markHandled(qmp.execute(command, args, { oob, signal: release.signal }));
  let isAnswered = false;
  const noteReply = () => {
    isAnswered = true;
  };
  reply.then(noteReply, noteReply);
  try {
    const [returned, caused] = await abortable(Promise.all([reply, event]), signal);
    return { ...caused, returned };
  } catch (error) {
    // If the session has ended before the reply, the command rejects, too, and says more.
    if (isClosedError(error)) await reply;
    if (!isLate(error)) throw error;
    const late = timeoutError(error, command, isAnswered);
    noteRequest(late, { execute: command, arguments: args });
    throw late;
  } finally {
    release.abort();
  }
}

const OWNER = 'executeAndWait()';

const isLate = (error: unknown): error is TimeoutError =>
  codeOf(error) === 'ERR_TIMEOUT' && memberOf(error, 'phase') === 'wait';

function timeoutError({ ms, message }: TimeoutError, command: string, isAnswered: boolean): Error {
  if (isAnswered) return new TimeoutError('wait', ms, `${command}: ${message}`);
  const text = `No reply to ${command} within ${String(ms)} ms; if it was sent, it may still be executed`;
  return new TimeoutError('execute', ms, text);
}
