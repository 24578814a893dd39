/** The errors of commands that are not answered. */

import type { JsonObject } from '../../codecs/json.ts';
import { ArgumentError, ClosedError, StateError, TimeoutError } from '../../core/errors.ts';
import type { SessionOutcome } from '../../core/types.ts';
import type { EndAnnouncement } from '../end-announcement.ts';
import { ExecInterruptedError, ServerParseError } from '../errors.ts';
import { isError } from '../messages.ts';
import type { PendingCommand } from './pending-command.ts';

/** Creates the errors of one client's commands. */
export class CommandErrors {
  readonly #protocol: { readonly outcome: SessionOutcome | undefined };
  readonly #ending: Pick<EndAnnouncement, 'text'>;

  constructor(
    protocol: { readonly outcome: SessionOutcome | undefined },
    ending: Pick<EndAnnouncement, 'text'>,
  ) {
    this.#protocol = protocol;
    this.#ending = ending;
  }

  /** There is no session to send it in: says why, if that is known. */
  notSent({ name }: PendingCommand, { message, state, required }: StateError): StateError {
    const announced = state === 'IDLE' ? this.#ending.text : undefined;
    const { cause } = this.#protocol.outcome ?? {};
    const failed = state === 'IDLE' && cause ? ` The last session failed: ${cause.message}.` : '';
    const why = announced === undefined ? failed : ` ${announced}.`;
    return new StateError(`${name} was not sent: ${message}${why}`, state, required);
  }

  /** @param inBand - How many in-band commands are in flight. */
  late(command: PendingCommand, ms: number, inBand: number): TimeoutError {
    const { name } = command;
    const text = command.mayBeExecuted
      ? `No reply to ${name} within ${String(ms)} ms; the command may still be executed`
      : `${name} was not sent within ${String(ms)} ms: ${reasonToWait(command, inBand)}`;
    return new TimeoutError('execute', ms, text);
  }

  /** The session has ended first. */
  interrupted({ name, mayBeExecuted }: PendingCommand): ExecInterruptedError {
    const cause = this.#protocol.outcome?.cause ?? this.#closed();
    return mayBeExecuted
      ? new ExecInterruptedError(name, cause)
      : ExecInterruptedError.ofWaiting(name, cause);
  }

  #closed(): ClosedError {
    const text = this.#ending.text ?? 'The session was disconnected';
    return new ClosedError(text, { expected: true });
  }
}

/** Why a command was not sent. */
function reasonToWait({ isSent, takesDescriptor }: PendingCommand, inBand: number): string {
  if (isSent) return 'the server does not read';
  return takesDescriptor
    ? 'the commands before it have no reply yet, and one descriptor is passed at a time'
    : `the ${String(inBand)} commands before it have no reply yet, and limits.maxInFlight allows no more at once`;
}

/**
 * The error that a reply without an id stands for.
 *
 * @param command - The command that it answers, if one is in flight.
 */
export function unparsed(reply: JsonObject, command?: string): ServerParseError {
  const description = isError(reply) ? reply.error.desc : 'no description given';
  return new ServerParseError(reply['error'] ?? null, description, command);
}

/**
 * Why a command cannot be executed out of band.
 *
 * @param isWanted - Whether the client negotiates that, if the server offers it.
 */
export const withoutOob = (command: string, isWanted: boolean): ArgumentError =>
  new ArgumentError(
    `${command} was not sent: ` +
      (isWanted
        ? 'the server does not offer out-of-band execution; execute it without oob'
        : 'out-of-band execution was not negotiated, because the option oob of the client is false'),
  );
