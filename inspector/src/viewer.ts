/**
 * One open page. It gets new messages in batches, a few times a second. A page that is too slow gets
 * the full state again instead of what it missed.
 */

import type { ServerMessage } from '../shared/view.ts';
import { textOfMessage } from './state-text.ts';

/** The WebSocket members that are used. */
export interface ViewerSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
}

/** The delay of a batch: new messages are visible within a few frames. */
const BATCH_MS = 40;
/** After a WebSocket frame of this size, other tasks of the event loop get a turn. */
const MAX_FRAME_CHARACTERS = 512 * 1024;
/** While the socket holds more, nothing is sent. When more waits to be sent, the page gets the full state instead. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
const MAX_PENDING_ENTRIES = 50_000;
/** A page with more to be sent is behind. */
const BEHIND_BYTES = 4 * 1024 * 1024;
/** The delay after a failure, which may happen again. */
const RETRY_MS = 1_000;

/** A message for several pages, which is converted to text once. */
interface Outgoing {
  readonly message: ServerMessage;
  text: string | undefined;
}

export const outgoing = (message: ServerMessage): Outgoing => ({ message, text: undefined });

function* outgoings(messages: readonly ServerMessage[]): Generator<Outgoing, undefined> {
  for (const message of messages) yield outgoing(message);
}

/** Sends messages to one page. */
export class Viewer {
  readonly #socket: ViewerSocket;
  readonly #fullState: () => Iterable<ServerMessage>;
  readonly #onFailure: (error: unknown) => void;
  /** The messages that are being sent, frame by frame. */
  #sending: Iterator<Outgoing, undefined> = [].values();
  /** Newer messages. */
  #pending: Outgoing[] = [];
  /** The size of the pending entries. */
  #pendingBytes = 0;
  /** Whether the full state must be sent after what is being sent. */
  #needsFullState = true;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param fullState - Everything that a new page needs.
   * @param onFailure - Called when something could not be sent. The rest is sent.
   */
  constructor(
    socket: ViewerSocket,
    fullState: () => Iterable<ServerMessage>,
    onFailure: (error: unknown) => void = () => undefined,
  ) {
    this.#socket = socket;
    this.#fullState = fullState;
    this.#onFailure = onFailure;
    this.#schedule(BATCH_MS);
  }

  /** Whether the page gets messages later than they come. */
  get isBehind(): boolean {
    return this.#pendingBytes > BEHIND_BYTES || this.#socket.bufferedAmount > BEHIND_BYTES;
  }

  /** Adds a message to the next batch. */
  push(message: ServerMessage): void {
    this.pushShared(outgoing(message));
  }

  /** Adds a message that other pages get, too. */
  pushShared(one: Outgoing): void {
    const { message } = one;
    // The full state will include it, unless it is an answer to this page alone.
    if (this.#isClosed || (this.#needsFullState && !ANSWERS.has(message.type))) return;
    this.#pending.push(one);
    if (message.type === 'entry') this.#pendingBytes += message.size;
    if (this.#pending.length > MAX_PENDING_ENTRIES || this.#pendingBytes > MAX_UNSENT_BYTES) {
      this.#discardPending();
      this.#needsFullState = true;
    }
    this.#schedule(BATCH_MS);
  }

  /** Sends nothing any more. Answers that are still on their way are ignored. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#discardPending();
  }

  #discardPending(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // An exception in a timer would end the process.
      try {
        this.#flush();
      } catch (error) {
        this.#onFailure(error);
        this.#schedule(RETRY_MS);
      }
    }, ms).unref();
  }

  #flush(): void {
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) {
      this.#schedule(BATCH_MS);
      return;
    }
    const texts: string[] = [];
    let size = 0;
    while (size < MAX_FRAME_CHARACTERS) {
      const one = this.#next();
      if (one === undefined) break;
      const text = this.#textOf(one);
      if (text === undefined) continue;
      texts.push(text);
      size += text.length;
    }
    if (texts.length > 0) this.#socket.send(`[${texts.join(',')}]`);
    if (size >= MAX_FRAME_CHARACTERS) this.#schedule(0);
  }

  /** What cannot be converted is replaced: the page relies on the numbers of the entries. */
  #textOf(one: Outgoing): string | undefined {
    try {
      return (one.text ??= textOfMessage(one.message));
    } catch (error) {
      this.#onFailure(error);
      const { message } = one;
      if (message.type !== 'entry') return undefined;
      const { type, seq, at, actor } = message;
      const text = 'This entry cannot be shown';
      return JSON.stringify({ type, seq, at, actor, kind: 'problem', text, size: 0 });
    }
  }

  #next(): Outgoing | undefined {
    const { value } = this.#sending.next();
    if (value !== undefined) return value;
    if (this.#needsFullState) {
      // Never in the middle of another one: a page that is slow would not get to the end of any.
      // A copy: changes during the sending follow as messages.
      this.#sending = outgoings([...this.#fullState()]);
      this.#needsFullState = false;
    } else {
      this.#sending = this.#pending.values();
      this.#discardPending();
    }
    return this.#sending.next().value;
  }
}

/** The types of answers to one page. */
const ANSWERS: ReadonlySet<ServerMessage['type']> = new Set([
  ...(['chart', 'no-chart', 'chart-progress', 'shape', 'sent'] as const),
]);
