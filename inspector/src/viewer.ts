/** One open page: gets what is new a few times a second, many messages together, and all anew when it cannot keep up. */

import type { ServerMessage } from '../shared/view.ts';

/** The page's end of a WebSocket, as far as it is used. */
export interface ViewerSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
}

/** Between two batches, in ms: what is new is on the screen within a few frames. */
const BATCH_MS = 40;
/** Of one frame, in characters: others get their turn after it. */
const FRAME_CHARACTERS = 512 * 1024;
/** Of what waits for a page, in bytes and in messages; past it the page begins anew. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
const MAX_PENDING_ENTRIES = 50_000;

/** See the module's comment. */
export class Viewer {
  readonly #socket: ViewerSocket;
  readonly #all: () => Iterable<ServerMessage>;
  /** What is being sent, frame by frame. */
  #sending: Iterator<ServerMessage, undefined> = [].values();
  /** What has come since. */
  #pending: ServerMessage[] = [];
  /** Of the entries among them, in bytes. */
  #size = 0;
  /** Whether what is pending has a gap, and everything is to be sent instead. */
  #isBehind = true;
  #timer: NodeJS.Timeout | undefined;

  /** @param all - Everything there is, for a page that has nothing. */
  constructor(socket: ViewerSocket, all: () => Iterable<ServerMessage>) {
    this.#socket = socket;
    this.#all = all;
    this.#schedule(BATCH_MS);
  }

  /** Shows a message with the next batch. */
  push(message: ServerMessage): void {
    const isAnswer = message.type === 'chart' || message.type === 'no-chart';
    // All there is will hold it, unless it is an answer to this page alone.
    if (this.#isBehind && !isAnswer) return;
    this.#pending.push(message);
    if (message.type === 'entry') this.#size += message.size;
    if (this.#pending.length > MAX_PENDING_ENTRIES || this.#size > MAX_UNSENT_BYTES) {
      this.#forget();
      this.#isBehind = true;
    }
    this.#schedule(BATCH_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#forget();
  }

  #forget(): void {
    this.#pending = [];
    this.#size = 0;
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, ms).unref();
  }

  #flush(): void {
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) {
      this.#schedule(BATCH_MS);
      return;
    }
    if (this.#isBehind) {
      // As it is now: what comes meanwhile follows.
      this.#sending = [...this.#all()].values();
      this.#isBehind = false;
    }
    const texts: string[] = [];
    let size = 0;
    while (size < FRAME_CHARACTERS) {
      const message = this.#next();
      if (message === undefined) break;
      const text = JSON.stringify(message);
      texts.push(text);
      size += text.length;
    }
    if (texts.length > 0) this.#socket.send(`[${texts.join(',')}]`);
    if (size >= FRAME_CHARACTERS) this.#schedule(0);
  }

  #next(): ServerMessage | undefined {
    const { value } = this.#sending.next();
    if (value !== undefined || this.#pending.length === 0) return value;
    this.#sending = this.#pending.values();
    this.#forget();
    return this.#sending.next().value;
  }
}
