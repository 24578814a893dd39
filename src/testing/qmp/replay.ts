/** Answers a session as a recorded one was answered. */

import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import { REDACTED } from '../../core/secrets.ts';
import { memberOf } from '../../core/shape.ts';
import { redactQmp } from '../../qmp/redact.ts';
import { shown } from '../codec-check-error.ts';
import { isSame } from '../same-value.ts';
import { type Answer, CommandFailure, faults } from '../script.ts';
import { ScriptError } from '../script-error.ts';
import type { Failures } from './failures.ts';
import type { RecordedMessage } from './recording-lines.ts';
import type { RecordedCommand, RecordedSession } from './recording.ts';
import type { Request } from './request.ts';

/** The answer to a command, with the events around it. */
export interface ReplayedAnswer {
  readonly before: readonly JsonObject[];
  readonly answer: Answer;
  readonly after: readonly JsonObject[];
}

/** One session that repeats a recorded one. */
export class Replay {
  readonly greeting: JsonObject | undefined;
  /** The events to send before the first command. */
  readonly first: readonly JsonObject[];
  readonly #failures: Failures;
  /** The commands that have not come yet. */
  readonly #left: RecordedCommand[];
  readonly #count: number;

  /** @param isScripted - Whether a command has a script: it is not replayed. */
  constructor(session: RecordedSession, failures: Failures, isScripted: (name: string) => boolean) {
    this.greeting = session.greeting;
    this.#failures = failures;
    this.first = this.#eventsOf(session.first);
    this.#left = session.commands.filter(({ name }) => !isScripted(name));
    this.#count = this.#left.length;
  }

  /** Returns the answer to the next command, which must be the next one of the recording. */
  take(request: Request): ReplayedAnswer {
    const isOfBand = (each: RecordedCommand): boolean => each.isOutOfBand === request.isOutOfBand;
    const next = this.#left.find((each) =>
      request.isOutOfBand ? isOfBand(each) && isLike(each, request) : isOfBand(each),
    );
    if (next === undefined || !isLike(next, request)) return this.#refuse(request, next);
    this.#left.splice(this.#left.indexOf(next), 1);
    return {
      before: this.#eventsOf(next.before),
      answer: this.#answerOf(next),
      after: this.#eventsOf(next.after),
    };
  }

  /** Fails if commands of the recording have not come. */
  checkEnd(): void {
    const [next] = this.#left;
    if (next === undefined) return;
    const text = `The recording has ${String(this.#left.length)} more of its ${String(this.#count)} commands: next is ${shownCommand(next)}.`;
    this.#failures.add(new ScriptError(text));
  }

  #refuse(request: Request, next: RecordedCommand | undefined): ReplayedAnswer {
    const actual = redactQmp({ ...request.command, id: undefined });
    const received = typeof actual === 'object' && actual !== null ? actual : {};
    const what =
      next === undefined
        ? `The recording has only ${String(this.#count)} commands`
        : `Next in the recording is ${shownCommand(next)}`;
    const text = `${what}, but the server received ${shownMessage(received)}.`;
    const compared = next === undefined ? {} : { expected: next.message };
    return this.#fail(new ScriptError(text, { ...compared, actual }));
  }

  #fail(error: ScriptError): ReplayedAnswer {
    this.#failures.add(error);
    return { before: [], answer: new CommandFailure(error.message), after: [] };
  }

  #answerOf({ reply, name }: RecordedCommand): Answer {
    // The session was lost before the reply came.
    if (reply === undefined) return faults.silence();
    const { message } = reply;
    if (message === undefined) {
      const text = `${cutText(reply)} of the reply to '${name}'. Give the command a script, or use a transcript.`;
      return this.#fail(new ScriptError(text)).answer;
    }
    const error = memberOf(message, 'error');
    if (error === undefined) return message['return'] ?? {};
    const [description, errorClass] = [memberOf(error, 'desc'), memberOf(error, 'class')];
    return new CommandFailure(String(description), String(errorClass));
  }

  #eventsOf(messages: readonly RecordedMessage[]): readonly JsonObject[] {
    return messages.flatMap((recorded) => {
      if (recorded.message !== undefined) return [recorded.message];
      this.#failures.add(new ScriptError(`${cutText(recorded)} of an event.`));
      return [];
    });
  }
}

const cutText = ({ line }: RecordedMessage): string =>
  `Line ${String(line)} of the recording has only the beginning`;

const shownCommand = ({ message, line, name }: RecordedCommand): string =>
  `${message === undefined ? `'${name}'` : shownMessage({ ...message, id: undefined })} (line ${String(line)})`;

/** A command without its id. */
function shownMessage(message: object): string {
  const members = Object.entries(message).filter(([, value]) => value !== undefined);
  return shown(Object.fromEntries(members));
}

/** Whether a command is the recorded one, whatever its id; what the recording hides may be anything. */
function isLike({ message, name }: RecordedCommand, request: Request): boolean {
  if (name !== request.name) return false;
  if (message === undefined) return true;
  return isLikeValue(message['arguments'] ?? {}, request.arguments);
}

function isLikeValue(recorded: JsonValue, given: JsonValue): boolean {
  if (recorded === REDACTED) return true;
  if (Array.isArray(recorded)) {
    return (
      Array.isArray(given) &&
      given.length === recorded.length &&
      recorded.every((item, at) => isLikeValue(item, given[at] ?? null))
    );
  }
  if (!isObject(recorded) || !isObject(given)) return isSame(recorded, given);
  const names = Object.keys(recorded);
  return (
    names.length === Object.keys(given).length &&
    names.every(
      (name) =>
        Object.hasOwn(given, name) && isLikeValue(recorded[name] ?? null, given[name] ?? null),
    )
  );
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
