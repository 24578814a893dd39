/** The messages of protocol machines, for those who want to see them: bounded in size, and in number. */

import type { Link, Tap } from '../machines/link.ts';
import { type AnySnapshotFacts } from './actors.ts';
import { cut, type Sanitize, toPlain } from './plain.ts';
import type { Timestamp, WireMessage } from './wire.ts';

/** Of one message. */
const MAX_TEXT_CHARACTERS = 4_096;
/** Messages of all sessions together that are shown in one window of time; more are counted. */
const MAX_MESSAGES_PER_WINDOW = 50;
const WINDOW_MS = 100;

/** Shows the messages of a link until it is called. */
type Untap = () => void;

type Tappable = Pick<Link<unknown, unknown>, 'observe'>;

/** The link of a protocol machine, from the machine's snapshot; `undefined` for other actors. */
export function linkOf({ context }: AnySnapshotFacts): Tappable | undefined {
  try {
    const link = isObject(context) && 'link' in context ? context.link : undefined;
    return isLink(link) ? link : undefined;
  } catch {
    return undefined; // A context of somebody's, which throws when it is looked at.
  }
}

/** What is called `link` and has `observe()` may still be something else. */
const isLink = (value: unknown): value is Tappable =>
  isObject(value) &&
  ['observe', 'release', 'settle', 'abandon'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  );

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** See the module's comment. */
export class Wiretap {
  readonly #say: (message: WireMessage) => void;
  readonly #now: () => Timestamp;
  readonly #sanitize: Sanitize | undefined;
  #windowEnds = 0;
  #shown = 0;

  constructor(
    say: (message: WireMessage) => void,
    now: () => Timestamp,
    sanitize: Sanitize | undefined,
  ) {
    this.#say = say;
    this.#now = now;
    this.#sanitize = sanitize;
  }

  /** Begins to show what passes over a link. */
  tap(link: Tappable, sessionId: string): Untap {
    let skipped = 0;
    const tap: Tap = (arrow, message) => {
      const at = this.#now();
      if (!this.#hasRoom(at)) {
        skipped += 1;
        return;
      }
      const direction = arrow === '<--' ? 'in' : 'out';
      const sized = this.#textOf(message);
      this.#say({ type: 'wirechart.message', sessionId, direction, ...sized, skipped, at });
      skipped = 0;
    };
    return link.observe(tap);
  }

  #hasRoom(at: Timestamp): boolean {
    if (at >= this.#windowEnds) {
      this.#windowEnds = at + WINDOW_MS;
      this.#shown = 0;
    }
    this.#shown += 1;
    return this.#shown <= MAX_MESSAGES_PER_WINDOW;
  }

  #textOf(message: unknown): { text: string; bytes: number } {
    const plain = toPlain(message, this.#sanitize);
    const text = typeof plain === 'string' ? plain : JSON.stringify(plain);
    return { text: cut(text, MAX_TEXT_CHARACTERS), bytes: sizeOf(message, text) };
  }
}

/** What a message weighs: bytes as they are, anything else as text. */
const sizeOf = (message: unknown, text: string): number => {
  if (message instanceof Uint8Array) return message.length;
  return Buffer.byteLength(typeof message === 'string' ? message : text);
};
