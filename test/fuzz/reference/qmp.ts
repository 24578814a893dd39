/** The reference of the QMP client: which command gets which reply, and how the session ends. */

import type { Outcome } from './outcome.ts';

/** How a command ends. */
export type Answer =
  | { readonly returned: unknown }
  | { readonly failed: readonly [errorClass: string, description: string] }
  | { readonly code: 'ERR_QMP_BAD_REPLY' | 'ERR_QMP_INTERRUPTED' | 'ERR_QMP_SERVER_PARSE' };

/** How the stream ends, unless the session has failed before. */
export type StreamEnd = 'eof' | 'reset' | 'disconnect' | 'force';

/** A session in RUNNING. */
export interface SessionState {
  /** The ids of the pending commands, in order. */
  readonly ids: readonly number[];
  /** Whether the last of them is `quit`. */
  readonly quits: boolean;
  readonly end: StreamEnd;
}

/** How a session must end. */
export interface ExpectedSession {
  readonly answers: readonly Answer[];
  /** The events that are emitted. */
  readonly events: readonly unknown[];
  /** How many messages belong to no command. */
  readonly dropped: number;
  /** The code of the cause. */
  readonly cause: string | undefined;
}

type Message = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEvent = (message: Message): boolean => typeof message['event'] === 'string';

/** How a reply ends its command. */
function answerOf(message: Message): Answer {
  const names = Object.keys(message);
  const [hasReturn, hasError] = [names.includes('return'), names.includes('error')];
  if (hasReturn && !hasError) return { returned: message['return'] };
  const { error } = message;
  if (!hasReturn && isObject(error)) {
    const { class: errorClass, desc } = error;
    if (typeof errorClass === 'string' && typeof desc === 'string') {
      return { failed: [errorClass, desc] };
    }
  }
  return { code: 'ERR_QMP_BAD_REPLY' };
}

/** Whether a message is an error without an id. */
const isAnonymousError = (message: Message): boolean =>
  Object.keys(message).includes('error') && message['id'] === undefined;

/** Returns how a session must end, from everything that it receives. */
export function expectedSession(
  received: readonly Outcome[],
  state: SessionState,
): ExpectedSession {
  const { ids } = state;
  const answers: (Answer | undefined)[] = ids.map(() => undefined);
  const events: unknown[] = [];
  let cause: string | undefined;
  let dropped = 0;
  for (const outcome of received) {
    if (cause !== undefined) break;
    if (!('message' in outcome)) {
      cause = codeOf(outcome);
      continue;
    }
    const message = outcome.message as Message;
    const index = ids.findIndex((id, at) => id === message['id'] && answers[at] === undefined);
    if (isEvent(message)) events.push(message);
    else if (index >= 0) answers[index] = answerOf(message);
    else if (isAnonymousError(message)) {
      // It is about the command that was sent first of those in flight.
      const oldest = answers.indexOf(undefined);
      if (oldest >= 0) answers[oldest] = UNPARSED;
      else cause = UNPARSED.code;
    } else dropped += 1;
  }
  return { events, dropped, ...ending(answers, cause, state) };
}

const UNPARSED = { code: 'ERR_QMP_SERVER_PARSE' } as const;

/** How the end of the session ends the pending commands. */
function ending(
  answers: readonly (Answer | undefined)[],
  failure: string | undefined,
  { quits, end }: SessionState,
): Pick<ExpectedSession, 'answers' | 'cause'> {
  const quit = quits ? answers.at(-1) : undefined;
  const isOurs = end === 'disconnect' || end === 'force';
  const isRefused = quit !== undefined && ('failed' in quit || quit === UNPARSED);
  const isExpected = isOurs || (quits && !isRefused);
  const cause = failure ?? (isExpected ? undefined : 'ERR_CLOSED');
  return {
    cause,
    answers: answers.map((answer, at) => {
      if (answer !== undefined) return answer;
      const isQuit = quits && at === answers.length - 1;
      const isDone = isQuit && cause === undefined && !isOurs;
      return isDone ? { returned: {} } : { code: 'ERR_QMP_INTERRUPTED' };
    }),
  };
}

const codeOf = (outcome: Outcome): string =>
  'fatal' in outcome && outcome.fatal.startsWith('limit') ? 'ERR_LIMIT' : 'ERR_CODEC';

/** How a handshake must end. */
export interface ExpectedHandshake {
  readonly greeting: unknown;
  /** Whether `qmp_capabilities` is sent. */
  readonly negotiates: boolean;
  /** The code of the cause of a failed attempt. */
  readonly failure: string | undefined;
  readonly events: readonly unknown[];
  /** What remains for the session. */
  readonly rest: readonly Outcome[];
}

/** Returns how the handshake on a stream that ends must end; `id` is that of `qmp_capabilities`. */
export function expectedHandshake(received: readonly Outcome[], id: number): ExpectedHandshake {
  const events: unknown[] = [];
  let greeting: unknown;
  const result = (failure: string | undefined, at: number): ExpectedHandshake => {
    const rest = received.slice(at + 1);
    return { greeting, negotiates: greeting !== undefined, failure, events, rest };
  };
  for (const [at, outcome] of received.entries()) {
    if (!('message' in outcome)) return result(codeOf(outcome), at);
    const message = outcome.message as Message;
    const answer = answerOf(message);
    if (isEvent(message)) events.push(message);
    else if (greeting === undefined) {
      if (!('code' in answer)) continue;
      greeting = greetingOf(message);
      if (greeting === undefined) return result('ERR_QMP_GREETING', at);
    } else if (message['id'] === id || isAnonymousError(message)) {
      return result('returned' in answer ? undefined : 'ERR_QMP_NEGOTIATION', at);
    }
  }
  return result('ERR_CLOSED', received.length);
}

/** Normalizes a greeting as the client does; returns `undefined` if it is none. */
function greetingOf({ QMP: body }: Message): unknown {
  if (!isObject(body) || !isObject(body['version']) || !Array.isArray(body['capabilities'])) {
    return undefined;
  }
  const { qemu, package: name } = body['version'];
  if (!isObject(qemu)) return undefined;
  const numberOf = (part: string) => (typeof qemu[part] === 'number' ? qemu[part] : -1);
  return {
    QMP: {
      version: {
        qemu: { major: numberOf('major'), minor: numberOf('minor'), micro: numberOf('micro') },
        package: typeof name === 'string' ? name : '',
      },
      capabilities: body['capabilities'].filter((each) => typeof each === 'string'),
    },
  };
}
