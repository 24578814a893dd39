/** Hand-written code that the library is compared with: the fastest we could write for the same work. */

import type { Socket } from 'node:net';

const LF = 0x0a;
const BATCH_CHARACTERS = 64 * 1024;
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Calls `onMessage` with each line, parsed as JSON. The complete lines of a chunk are decoded as one string;
 * the bytes after the last newline are kept for the next chunk.
 */
export function readLines(socket: Socket, onMessage: (message: unknown) => void): void {
  let tail = EMPTY;
  socket.on('data', (chunk: Buffer) => {
    const last = chunk.lastIndexOf(LF);
    if (last === -1) {
      tail = Buffer.concat([tail, chunk]);
      return;
    }
    let from = 0;
    if (tail.length > 0) {
      from = chunk.indexOf(LF) + 1;
      onMessage(JSON.parse(Buffer.concat([tail, chunk.subarray(0, from)]).toString()));
    }
    const text = chunk.toString('utf8', from, last + 1);
    tail = chunk.subarray(last + 1);
    for (let at = 0; at < text.length;) {
      const newline = text.indexOf('\n', at);
      onMessage(JSON.parse(text.slice(at, newline)));
      at = newline + 1;
    }
  });
}

/** Writes `count` messages in batches of 64 KiB, and waits for `drain` when the stream is full. */
export async function writeLines(
  socket: Socket,
  messages: readonly unknown[],
  count: number,
): Promise<void> {
  let text = '';
  for (let at = 0; at < count; at += 1) {
    text += `${JSON.stringify(messages[at % messages.length])}\n`;
    if (text.length < BATCH_CHARACTERS) continue;
    if (!socket.write(text)) await waitForDrain(socket);
    text = '';
  }
  if (text !== '') socket.write(text);
}

/** Sends requests with numeric ids, with one write per turn of the event loop. */
export class HandClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, (reply: unknown) => void>();
  #lastId = 0;
  #text = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    readLines(socket, (message) => {
      const { id } = message as { id: number };
      this.#pending.get(id)?.(message);
      this.#pending.delete(id);
    });
  }

  request(command: string): Promise<unknown> {
    return new Promise((resolve) => {
      this.#lastId += 1;
      this.#pending.set(this.#lastId, resolve);
      if (this.#text === '') process.nextTick(this.#flush);
      this.#text += `${JSON.stringify({ execute: command, id: this.#lastId })}\n`;
    });
  }

  readonly #flush = (): void => {
    this.#socket.write(this.#text);
    this.#text = '';
  };
}

function waitForDrain(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
  });
}
