/** What a client asks for, and what QEMU answers if it cannot be understood. */

import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import type { QmpCommand } from '../../qmp/types.ts';
import { CommandFailure } from '../script.ts';
import { type Input, NO_OBJECT, ParseError } from './codec.ts';

/** One message of a client. */
export interface Request {
  /** The message as a command: one without a name gets the name ''. `undefined` if it is no object. */
  readonly command: QmpCommand | undefined;
  readonly name: string;
  readonly arguments: JsonObject;
  /** Whether it is executed at once, ahead of what waits in-band. */
  readonly isOutOfBand: boolean;
  /** The reply, if the message is not a command. */
  readonly failure: CommandFailure | undefined;
}

const MEMBERS: readonly string[] = ['execute', 'exec-oob', 'arguments', 'id'];

/**
 * Returns an inbound message as a request.
 *
 * @param isOobEnabled - Whether the session has negotiated out-of-band execution.
 */
export function parseRequest(input: Input, isOobEnabled: boolean): Request {
  if (input instanceof ParseError) return unreadable(input.reason);
  if (Array.isArray(input)) return unreadable(NO_OBJECT);
  const command = asCommand(input);
  return {
    command,
    name: 'execute' in command ? command.execute : command['exec-oob'],
    arguments: isObject(input['arguments']) ? { ...input['arguments'] } : {},
    isOutOfBand: isOobEnabled && 'exec-oob' in input && !('execute' in input),
    failure: failureOf(input, isOobEnabled),
  };
}

/** The reply to a request, which has its id if there is one. */
export const replyTo = (request: Request, answer: JsonValue | CommandFailure): JsonObject => ({
  ...(answer instanceof CommandFailure
    ? { error: { class: answer.errorClass, desc: answer.message } }
    : { return: answer }),
  ...(request.command?.id !== undefined && { id: request.command.id }),
});

const unreadable = (reason: string): Request => ({
  command: undefined,
  name: '',
  arguments: {},
  isOutOfBand: false,
  failure: new CommandFailure(reason),
});

/** What is wrong with the members of a message. */
function failureOf(message: JsonObject, isOobEnabled: boolean): CommandFailure | undefined {
  const { execute, 'exec-oob': oob, arguments: args } = message;
  const known = isOobEnabled ? MEMBERS : MEMBERS.filter((name) => name !== 'exec-oob');
  const unknown = Object.keys(message).find((name) => !known.includes(name));
  if (unknown !== undefined) return refuse(`member '${unknown}' is unexpected`);
  if (execute !== undefined && typeof execute !== 'string') {
    return refuse("member 'execute' must be a string");
  }
  if (oob !== undefined && typeof oob !== 'string') {
    return refuse("member 'exec-oob' must be a string");
  }
  if (args !== undefined && !isObject(args)) return refuse("member 'arguments' must be an object");
  if (execute !== undefined && oob !== undefined) {
    return refuse("member 'execute' clashes with 'exec-oob'");
  }
  return (execute ?? oob) === undefined ? refuse("lacks member 'execute'") : undefined;
}

const refuse = (reason: string): CommandFailure => new CommandFailure(`QMP input ${reason}`);

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asCommand = (message: JsonObject): QmpCommand => {
  const { execute, 'exec-oob': oob, arguments: args, id } = message;
  return {
    ...(typeof oob === 'string'
      ? { 'exec-oob': oob }
      : { execute: typeof execute === 'string' ? execute : '' }),
    ...(typeof args === 'object' && args !== null && { arguments: args }),
    ...(id !== undefined && { id }),
  };
};
