/** Helpers for the tests of the feed: a sink that records messages, and their contents. */

import type { AnyActorRef } from 'xstate';
import { type Feed } from '../../src/inspect/feed.ts';
import type { FeedMessage, Json } from '../../src/inspect/wire.ts';
import { cleanUp } from '../support/cleanup.ts';

/**
 * Keeps an actor alive until the test ends. The feed reports a garbage-collected actor as stopped, which
 * can happen at any time when nothing refers to it.
 */
export function keepAlive<Ref extends AnyActorRef>(actor: Ref): Ref {
  cleanUp(() => actor.getSnapshot());
  return actor;
}

/** The message in a line. */
export const parse = (line: string): FeedMessage => JSON.parse(line) as FeedMessage;

/** The messages of one type. */
export type MessageOf<Type extends FeedMessage['type']> = Extract<FeedMessage, { type: Type }>;

/** The parts of an XState 4 state that tests read. */
interface V4State {
  readonly value: Json;
  readonly context: Readonly<Record<string, Json>>;
  readonly event: { readonly type: string };
  readonly _event: { readonly name: string };
  readonly _sessionid: string;
  readonly done: boolean;
  readonly tags: readonly string[];
}

/** The state in a message. */
export const stateOf = ({ state }: Pick<MessageOf<'service.state'>, 'state'>): V4State =>
  JSON.parse(state) as V4State;

/** An SCXML event. */
interface Scxml {
  readonly name: string;
  readonly data: Readonly<Record<string, Json>>;
  readonly $$type: string;
  readonly type: string;
  readonly origin?: string;
}

/** The event in a message. */
export const eventOf = ({ event }: MessageOf<'service.event'>): Scxml => JSON.parse(event) as Scxml;

/** The parts of an XState 4 state node that tests read. */
export interface V4Node {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly initial?: string;
  readonly history?: string;
  readonly target?: string;
  readonly states: Readonly<Record<string, V4Node>>;
  readonly on: Readonly<Record<string, readonly V4Transition[]>>;
  readonly always?: readonly V4Transition[];
  readonly [more: string]: unknown;
}

/** The parts of an XState 4 transition that tests read. */
interface V4Transition {
  readonly target?: readonly string[];
  readonly [more: string]: unknown;
}

/** The definition in a text. */
export const nodeOf = (text: string): V4Node => JSON.parse(text) as V4Node;

/** A sink that records its messages. */
export class MessageLog {
  readonly lines: string[] = [];
  #waiting: (() => void)[] = [];

  /** Pass it to a feed. */
  readonly sink = (line: string): void => {
    this.lines.push(line);
    for (const check of this.#waiting.splice(0)) check();
  };

  get messages(): FeedMessage[] {
    return this.lines.map(parse);
  }

  of<Type extends FeedMessage['type']>(type: Type): MessageOf<Type>[] {
    return this.messages.filter((message): message is MessageOf<Type> => message.type === type);
  }

  /** The last message of a type. */
  last<Type extends FeedMessage['type']>(type: Type): MessageOf<Type> {
    const message = this.of(type).at(-1);
    if (message === undefined) throw new Error(`No message of type '${type}'`);
    return message;
  }

  /** The registration of an actor. */
  registered(id: string): MessageOf<'service.register'> {
    const message = this.of('service.register').find((one) => one.id === id);
    if (message === undefined) throw new Error(`No actor '${id}' was registered`);
    return message;
  }

  /** All state messages of an actor. */
  statesOf(id: string): MessageOf<'service.state'>[] {
    const { sessionId } = this.registered(id);
    return this.of('service.state').filter((message) => message.sessionId === sessionId);
  }

  /** See `summaryOf()`. */
  get summary(): string[] {
    return summaryOf(this.messages);
  }

  clear(): void {
    this.lines.length = 0;
  }

  /** Resolves as soon as the messages fulfil a condition. */
  async until(condition: (log: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** Adds a sink to a feed. */
export function watch(feed: Feed): MessageLog {
  const log = new MessageLog();
  feed.add(log.sink);
  return log;
}

/** One short line per message, with actors by their ids: `register door closed`, `event door OPEN`. */
export function summaryOf(messages: readonly FeedMessage[]): string[] {
  const ids = new Map<string, string>();
  for (const one of messages) if (one.type === 'service.register') ids.set(one.sessionId, one.id);
  return messages.map((message) => summaryLine(message, (id) => ids.get(id) ?? '?'));
}

function summaryLine(message: FeedMessage, idOf: (sessionId: string) => string): string {
  switch (message.type) {
    case 'service.register': {
      const parent = message.parent === undefined ? '' : ` in ${idOf(message.parent)}`;
      return `register ${message.id}${parent} ${facts(message)}`;
    }
    case 'service.event': {
      const { name, origin } = eventOf(message);
      const sender = origin === undefined ? '' : ` from ${idOf(origin)}`;
      return `event ${idOf(message.sessionId)} ${name}${sender}`;
    }
    case 'service.state':
      return `state ${idOf(message.sessionId)} ${facts(message)}`;
    case 'service.stop':
      return `stop ${idOf(message.sessionId)}`;
    case 'wirechart.message':
      return `message ${idOf(message.sessionId)} ${message.direction} ${message.text}`;
    case 'wirechart.problem':
      return `problem ${message.text}`;
    case 'wirechart.program':
      return `program ${message.name}`;
  }
}

function facts(message: MessageOf<'service.register'> | MessageOf<'service.state'>): string {
  const { value } = stateOf(message);
  const { status } = message.wirechart;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return status === 'active' || status === value ? text : `${text} (${status})`;
}
