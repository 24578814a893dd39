/**
 * One open page. It gets new messages in batches, a few times a second. A page that is too slow gets
 * the full state again instead of what it missed.
 */

import type { ServerMessage } from '../shared/view.ts';

/** The WebSocket members that are used. */
export interface ViewerSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
}

/** The delay of a batch: new messages are visible within a few frames. */
const BATCH_MS = 40;
/** After a WebSocket frame of this size, other tasks of the event loop get a turn. */
const MAX_FRAME_CHARACTERS = 512 * 1024;
/** When more waits to be sent, it is discarded and the page gets the full state. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
const MAX_PENDING_ENTRIES = 50_000;
/** The delay after a failure, which may happen again. */
const RETRY_MS = 1_000;

/** Sends messages to one page. */
export class Viewer {
  readonly #socket: ViewerSocket;
  readonly #fullState: () => Iterable<ServerMessage>;
  readonly #onFailure: (error: unknown) => void;
  /** The messages that are being sent, frame by frame. */
  #sending: Iterator<ServerMessage, undefined> = [].values();
  /** Newer messages. */
  #pending: ServerMessage[] = [];
  /** The size of the pending entries. */
  #pendingBytes = 0;
  /** Whether the full state must be sent next. */
  #needsFullState = true;
  #timer: NodeJS.Timeout | undefined;

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

  /** Adds a message to the next batch. */
  push(message: ServerMessage): void {
    const isAnswer = message.type === 'chart' || message.type === 'no-chart';
    // The full state will include it, unless it is an answer to this page alone.
    if (this.#needsFullState && !isAnswer) return;
    this.#pending.push(message);
    if (message.type === 'entry') this.#pendingBytes += message.size;
    if (this.#pending.length > MAX_PENDING_ENTRIES || this.#pendingBytes > MAX_UNSENT_BYTES) {
      this.#discardPending();
      this.#needsFullState = true;
    }
    this.#schedule(BATCH_MS);
  }

  close(): void {
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
    if (this.#needsFullState) {
      // A copy: changes during the sending follow as messages.
      this.#sending = [...this.#fullState()].values();
      this.#needsFullState = false;
    }
    const texts: string[] = [];
    let size = 0;
    while (size < MAX_FRAME_CHARACTERS) {
      const message = this.#next();
      if (message === undefined) break;
      const text = this.#textOf(message);
      if (text === undefined) continue;
      texts.push(text);
      size += text.length;
    }
    if (texts.length > 0) this.#socket.send(`[${texts.join(',')}]`);
    if (size >= MAX_FRAME_CHARACTERS) this.#schedule(0);
  }

  /** What cannot be converted is replaced: the page relies on the numbers of the entries. */
  #textOf(message: ServerMessage): string | undefined {
    try {
      return JSON.stringify(message);
    } catch (error) {
      this.#onFailure(error);
      if (message.type !== 'entry') return undefined;
      const { type, seq, at, actor } = message;
      const text = 'This entry cannot be shown';
      return JSON.stringify({ type, seq, at, actor, kind: 'problem', text, size: 0 });
    }
  }

  #next(): ServerMessage | undefined {
    const { value } = this.#sending.next();
    if (value !== undefined || this.#pending.length === 0) return value;
    this.#sending = this.#pending.values();
    this.#discardPending();
    return this.#sending.next().value;
  }
}
