/** What a QMP client must make of a stream: which command gets which reply, and how the session ends. */

import type { Outcome } from './outcome.ts';

/** How a command ends. */
export type Answer =
  | { readonly returned: unknown }
  | { readonly failed: readonly [errorClass: string, description: string] }
  | { readonly code: 'ERR_QMP_BAD_REPLY' | 'ERR_QMP_INTERRUPTED' };

/** How the stream ends, when nothing ends the session before. */
export type End = 'eof' | 'reset' | 'disconnect' | 'force';

/** A session in RUNNING. */
export interface Situation {
  /** The ids of the commands that wait, in order. */
  readonly ids: readonly number[];
  /** Whether the last of them is `quit`. */
  readonly quits: boolean;
  /** The name of the event that a handler throws for. */
  readonly unbearable: string | undefined;
  readonly end: End;
}

/** What becomes of it. */
export interface Fate {
  readonly answers: readonly Answer[];
  /** The events that are heard. */
  readonly events: readonly unknown[];
  /** How many messages belong to nobody. */
  readonly dropped: number;
  /** The code of why it failed. */
  readonly cause: string | undefined;
}

type Message = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEvent = (message: Message): boolean => typeof message['event'] === 'string';

/** The answer that a reply is. */
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

/** An error that answers nobody. */
const isAnonymousError = (message: Message): boolean =>
  Object.keys(message).includes('error') && message['id'] === undefined;

/** The fate of a session, from all that comes in it. */
export function fateOf(received: readonly Outcome[], situation: Situation): Fate {
  const { ids, unbearable } = situation;
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
    const asked = ids.findIndex((id, at) => id === message['id'] && answers[at] === undefined);
    if (isEvent(message)) {
      events.push(message);
      if (message['event'] === unbearable) cause = 'ERR_HANDLER';
    } else if (asked >= 0) answers[asked] = answerOf(message);
    else if (isAnonymousError(message)) cause = 'ERR_QMP_SERVER_PARSE';
    else dropped += 1;
  }
  return { events, dropped, ...ending(answers, cause, situation) };
}

/** What the end of the session means for those who still wait. */
function ending(
  answers: readonly (Answer | undefined)[],
  failure: string | undefined,
  { quits, end }: Situation,
): Pick<Fate, 'answers' | 'cause'> {
  const quit = quits ? answers.at(-1) : undefined;
  const isOurs = end === 'disconnect' || end === 'force';
  const isExpected = isOurs || (quits && !(quit !== undefined && 'failed' in quit));
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

/** How an attempt goes, and the session that comes of it. */
export interface Opening {
  readonly greeting: unknown;
  /** Whether the command that negotiates is sent. */
  readonly negotiates: boolean;
  /** The code of why there is no session. */
  readonly refused: string | undefined;
  readonly events: readonly unknown[];
  /** What is left for the session. */
  readonly rest: readonly Outcome[];
}

/** The opening of a stream that ends; `id` is that of the command that negotiates. */
export function openingOf(received: readonly Outcome[], id: number): Opening {
  const events: unknown[] = [];
  let greeting: unknown;
  const opening = (refused: string | undefined, at: number): Opening => {
    const rest = received.slice(at + 1);
    return { greeting, negotiates: greeting !== undefined, refused, events, rest };
  };
  for (const [at, outcome] of received.entries()) {
    if (!('message' in outcome)) return opening(codeOf(outcome), at);
    const message = outcome.message as Message;
    const answer = answerOf(message);
    if (isEvent(message)) events.push(message);
    else if (greeting === undefined) {
      if (!('code' in answer)) continue;
      greeting = greetingOf(message);
      if (greeting === undefined) return opening('ERR_QMP_GREETING', at);
    } else if (message['id'] === id || isAnonymousError(message)) {
      return opening('returned' in answer ? undefined : 'ERR_QMP_NEGOTIATION', at);
    }
  }
  return opening('ERR_CLOSED', received.length);
}

/** The greeting that a message is, with what a client may rely on. */
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
