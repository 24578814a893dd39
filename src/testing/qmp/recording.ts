/** The sessions of a recording: which command was answered with what, and which events came when. */

import type { JsonObject } from '../../codecs/json.ts';
import { ArgumentError } from '../../core/errors.ts';
import { memberOf } from '../../core/shape.ts';
import { isSame } from '../same-value.ts';
import { isGreeting, parseLines, type RecordedMessage } from './recording-lines.ts';

/** A recorded command. */
export interface RecordedCommand {
  readonly line: number;
  readonly name: string;
  readonly isOutOfBand: boolean;
  /** The command; `undefined` if the recording has only its beginning. */
  readonly message: JsonObject | undefined;
  /** The events between the command and its reply. */
  readonly before: RecordedMessage[];
  /** The reply; `undefined` if the session ended without one. */
  reply: RecordedMessage | undefined;
  /** The events after its reply, up to the next command or reply. */
  readonly after: RecordedMessage[];
}

/** A recorded session. */
export interface RecordedSession {
  readonly greeting: JsonObject | undefined;
  /** The events before the first command. */
  readonly first: readonly RecordedMessage[];
  /** The commands, but for those of the negotiation. */
  readonly commands: readonly RecordedCommand[];
}

/**
 * Returns the sessions of a recording, in the order in which they began.
 *
 * @throws {ArgumentError} When the text is not a recording.
 */
export function parseRecording(recording: string): readonly RecordedSession[] {
  const sessions: RecordedMessage[][] = [];
  const current = new Map<string, RecordedMessage[]>();
  for (const message of parseLines(recording)) {
    let messages = current.get(message.connection);
    if (messages === undefined || isGreeting(message)) {
      messages = [];
      sessions.push(messages);
      current.set(message.connection, messages);
    }
    messages.push(message);
  }
  return sessions.map((messages) => new SessionReader().read(messages));
}

/** Finds the reply of each command. */
class SessionReader {
  readonly #commands: RecordedCommand[] = [];
  readonly #first: RecordedMessage[] = [];
  #pending: RecordedCommand[] = [];
  /** Where events go while no command is pending. */
  #events = this.#first;

  read(messages: readonly RecordedMessage[]): RecordedSession {
    for (const message of messages) {
      if (message.direction === 'out') this.#command(message);
      else if (memberOf(message.message, 'event') !== undefined) this.#event(message);
      else if (!isGreeting(message)) this.#reply(message);
    }
    const [begin] = messages;
    return {
      greeting: begin !== undefined && isGreeting(begin) ? begin.message : undefined,
      first: this.#first,
      commands: this.#commands.filter(({ name }) => name !== 'qmp_capabilities'),
    };
  }

  #command({ message, text, line }: RecordedMessage): void {
    const [, beginning = '', named = ''] = /^\{"(execute|exec-oob)":"([^"]*)"/.exec(text) ?? [];
    const oob = memberOf(message, 'exec-oob');
    const name = memberOf(message, 'execute') ?? oob ?? named;
    const command: RecordedCommand = {
      line,
      name: typeof name === 'string' ? name : '',
      isOutOfBand: oob !== undefined || (message === undefined && beginning === 'exec-oob'),
      message,
      before: [],
      reply: undefined,
      after: [],
    };
    this.#commands.push(command);
    this.#pending.push(command);
  }

  #event(message: RecordedMessage): void {
    (this.#pending[0]?.before ?? this.#events).push(message);
  }

  #reply(reply: RecordedMessage): void {
    const command = this.#commandOf(reply);
    if (command === undefined) {
      throw new ArgumentError(
        `Line ${String(reply.line)} of replay is the reply to a command that is not in the recording: ${reply.text}`,
      );
    }
    command.reply = reply;
    this.#pending = this.#pending.filter((each) => each !== command);
    // What comes before the negotiation has ended comes before the first command.
    this.#events = command.name === 'qmp_capabilities' ? this.#first : command.after;
  }

  /** In-band replies come in order, so that one without an id, or without its end, is that of the oldest. */
  #commandOf({ message }: RecordedMessage): RecordedCommand | undefined {
    const id = memberOf(message, 'id');
    if (id !== undefined) {
      return this.#pending.find((each) => isSame(memberOf(each.message, 'id'), id));
    }
    return this.#pending.find((each) => !each.isOutOfBand);
  }
}
