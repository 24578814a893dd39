/** Reports the messages of protocol machines, bounded in size and number. */

import { linkIn } from '../core/link-handle.ts';
import { isBytes, memberOf } from '../core/shape.ts';
import { utf8Length } from './bytes.ts';
import { cut, type Sanitize } from './plain.ts';
import { LastMessages, type Passed, type ShownMessage } from './last-messages.ts';
import { messageToPlain, type Redacting } from './sanitize.ts';
import type { Timestamp, WireMessage } from './wire.ts';
import type { AnySnapshotFacts } from './xstate.ts';

/** Beyond this a message's text is cut. */
const MAX_MESSAGE_CHARACTERS = 4_096;
/** Messages reported per window, of all sessions together. The others are counted. */
const MAX_MESSAGES_PER_WINDOW = 50;
const WINDOW_MS = 100;

/** A link that is listened to, until this is called. */
export interface Tapped {
  (): void;
  readonly link: object;
  /** To be called when it has changed whether messages are reported. */
  readonly update: () => void;
  /** Reports the last messages that were not reported yet: the connection has failed. */
  readonly reportLast: () => void;
  /** Forgets them: the connection has ended well. */
  readonly forget: () => void;
}

/** Called with every message: `<--` inbound, `-->` outbound. */
type Tap = (arrow: '<--' | '-->', message: unknown) => void;

/** What a wiretap needs of the link of a protocol machine, `src/machines/link.ts`. */
interface Tappable {
  readonly definition: Redacting;
  observe(tap: Tap): () => void;
}

/** Whether a copy of an earlier release has put the link itself into the context. */
export const isEarlierLink = (context: unknown): boolean => linkIn(context) === undefined;

/** The link of a protocol machine, from the machine's snapshot; `undefined` for other actors. */
export function linkOf({ context }: AnySnapshotFacts): Tappable | undefined {
  const link = linkIn(context) ?? memberOf(context, 'link');
  return isLink(link) ? link : undefined;
}

/** The link may be of an older or newer copy of this package, so all of these are required. */
const LINK_METHODS = ['observe', 'release', 'settle', 'destroyStream'];

const isLink = (value: unknown): value is Tappable =>
  LINK_METHODS.every((name) => typeof memberOf(value, name) === 'function');

/** Taps the links of one feed. */
export class Wiretap {
  /** Whether messages are reported as they pass. Otherwise only the last ones before a failure are. */
  isReporting = true;
  readonly #publish: (message: WireMessage) => void;
  readonly #now: () => Timestamp;
  readonly #sanitize: Sanitize | undefined;
  #windowEnds = 0;
  #shown = 0;

  constructor(
    publish: (message: WireMessage) => void,
    now: () => Timestamp,
    sanitize: Sanitize | undefined,
  ) {
    this.#publish = publish;
    this.#now = now;
    this.#sanitize = sanitize;
  }

  /**
   * Starts to listen to a link.
   *
   * @param isEarlier - Whether it is of an earlier release, which expects to be listened to only while messages are
   *   reported: its last messages are not remembered.
   */
  tap(link: Tappable, sessionId: string, isEarlier = false): Tapped {
    const last = new LastMessages();
    const show = (message: unknown): ShownMessage => this.#shownOf(message, link);
    let skipped = 0;
    const publish = ({ direction, at, shown }: Passed): void => {
      const { text, bytes } = shown();
      this.#publish({ type: 'wirechart.message', sessionId, direction, text, bytes, skipped, at });
      skipped = 0;
    };
    const tap: Tap = (arrow, message) => {
      const at = this.#now();
      const direction = arrow === '<--' ? 'in' : 'out';
      if (!this.isReporting) {
        skipped = 0;
        last.add({ message, direction, at, show });
      } else if (this.#hasRoom(at)) {
        last.clear();
        publish({ direction, at, shown: () => show(message) });
      } else {
        skipped += 1;
        last.add({ message, direction, at, show });
      }
    };
    const reportLast = (): void => {
      const { messages, dropped } = last.take();
      skipped = dropped;
      for (const message of messages) publish(message);
      skipped = 0;
    };
    const forget = (): void => {
      last.clear();
    };
    const { end, update } = this.#listening(link, tap, isEarlier);
    return Object.assign(end, { link, update, reportLast, forget });
  }

  #listening(link: Tappable, tap: Tap, isEarlier: boolean) {
    let untap: (() => void) | undefined;
    const end = (): void => {
      untap?.();
      untap = undefined;
    };
    const update = (): void => {
      if (this.isReporting || !isEarlier) untap ??= link.observe(tap);
      else end();
    };
    update();
    return { update, end };
  }

  #hasRoom(at: Timestamp): boolean {
    if (at >= this.#windowEnds) {
      this.#windowEnds = at + WINDOW_MS;
      this.#shown = 0;
    }
    this.#shown += 1;
    return this.#shown <= MAX_MESSAGES_PER_WINDOW;
  }

  #shownOf(message: unknown, { definition }: Tappable): ShownMessage {
    const plain = messageToPlain(message, definition, this.#sanitize);
    const text = typeof plain === 'string' ? plain : JSON.stringify(plain);
    return { text: cut(text, MAX_MESSAGE_CHARACTERS), bytes: sizeOf(message, text) };
  }
}

/** The size in bytes: of binary data and texts as they are, of other values as JSON. */
const sizeOf = (message: unknown, text: string): number => {
  if (isBytes(message)) return message.length;
  return utf8Length(typeof message === 'string' ? message : text);
};
