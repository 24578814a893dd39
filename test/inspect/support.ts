/** What the tests of the feed have in common: a sink that remembers, and its lines read back. */

import type { AnyActorRef } from 'xstate';
import { type Feed } from '../../src/inspect/feed.ts';
import type { FeedMessage, Json } from '../../src/inspect/wire.ts';
import { cleanUp } from '../support/cleanup.ts';

/**
 * An actor that is there until the test ends. Of one that was collected, which may happen whenever
 * nobody holds it, it is told that it has stopped.
 */
export function held<Ref extends AnyActorRef>(actor: Ref): Ref {
  cleanUp(() => actor.getSnapshot());
  return actor;
}

/** A line as the message that it is. */
export const parse = (line: string): FeedMessage => JSON.parse(line) as FeedMessage;

/** The messages of one type. */
export type Of<Type extends FeedMessage['type']> = Extract<FeedMessage, { type: Type }>;

/** A state of XState 4, as far as it is looked at. */
interface V4State {
  readonly value: Json;
  readonly context: Readonly<Record<string, Json>>;
  readonly event: { readonly type: string };
  readonly _event: { readonly name: string };
  readonly _sessionid: string;
  readonly done: boolean;
  readonly tags: readonly string[];
}

/** The state that a message carries as a text. */
export const stateOf = ({ state }: Pick<Of<'service.state'>, 'state'>): V4State =>
  JSON.parse(state) as V4State;

/** An SCXML event. */
interface Scxml {
  readonly name: string;
  readonly data: Readonly<Record<string, Json>>;
  readonly $$type: string;
  readonly type: string;
  readonly origin?: string;
}

/** The event that a message carries as a text. */
export const eventOf = ({ event }: Of<'service.event'>): Scxml => JSON.parse(event) as Scxml;

/** A state node of XState 4, as far as it is looked at. */
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

/** A transition of XState 4, as far as it is looked at. */
interface V4Transition {
  readonly target?: readonly string[];
  readonly [more: string]: unknown;
}

/** The definition that a text holds. */
export const nodeOf = (text: string): V4Node => JSON.parse(text) as V4Node;

/** What a sink was told so far, and what it is still told. */
export class Heard {
  readonly lines: string[] = [];
  #waiting: (() => void)[] = [];

  /** To be given to a feed. */
  readonly sink = (line: string): void => {
    this.lines.push(line);
    for (const check of this.#waiting.splice(0)) check();
  };

  get messages(): FeedMessage[] {
    return this.lines.map(parse);
  }

  of<Type extends FeedMessage['type']>(type: Type): Of<Type>[] {
    return this.messages.filter((message): message is Of<Type> => message.type === type);
  }

  /** The last message of a type. */
  last<Type extends FeedMessage['type']>(type: Type): Of<Type> {
    const message = this.of(type).at(-1);
    if (message === undefined) throw new Error(`Nothing of ${type} was heard`);
    return message;
  }

  /** How an actor was introduced. */
  registered(id: string): Of<'service.register'> {
    const message = this.of('service.register').find((one) => one.id === id);
    if (message === undefined) throw new Error(`No ${id} was registered`);
    return message;
  }

  /** The states of the actor of this id, since the beginning. */
  statesOf(id: string): Of<'service.state'>[] {
    const { sessionId } = this.registered(id);
    return this.of('service.state').filter((message) => message.sessionId === sessionId);
  }

  /** See `storyOf()`. */
  get story(): string[] {
    return storyOf(this.messages);
  }

  forget(): void {
    this.lines.length = 0;
  }

  /** Resolves as soon as the messages are as wanted. */
  async until(isEnough: (heard: this) => boolean): Promise<void> {
    while (!isEnough(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** Begins to watch. */
export function listenTo(feed: Feed): Heard {
  const heard = new Heard();
  feed.add(heard.sink);
  return heard;
}

/** Messages in short, with actors by their ids: `register door closed`, `event door OPEN`. */
export function storyOf(messages: readonly FeedMessage[]): string[] {
  const ids = new Map<string, string>();
  for (const one of messages) if (one.type === 'service.register') ids.set(one.sessionId, one.id);
  return messages.map((message) => inShort(message, (id) => ids.get(id) ?? '?'));
}

function inShort(message: FeedMessage, idOf: (sessionId: string) => string): string {
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

function facts(message: Of<'service.register'> | Of<'service.state'>): string {
  const { value } = stateOf(message);
  const { status } = message.wirechart;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return status === 'active' || status === value ? text : `${text} (${status})`;
}
