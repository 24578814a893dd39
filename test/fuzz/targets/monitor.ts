/** A monitor that sends the bytes of an input to a client, over an in-memory stream. */

import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { streamPair } from '../../../src/index.ts';
import type { Random } from '../engine/random.ts';
import { Mismatch } from '../engine/target.ts';

/** Only a hanging promise takes so long. */
const TIMEOUT_MS = 10_000;

/** The other end of a client's stream. */
export class Monitor {
  /** The client's end. */
  readonly stream: Duplex;
  readonly #peer: Duplex;
  readonly #ids: number[] = [];
  #onData: (() => void) | undefined;

  constructor() {
    [this.stream, this.#peer] = streamPair();
    let text = '';
    this.#peer.on('error', () => undefined);
    this.#peer.on('end', () => this.#peer.end());
    this.#peer.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = [...text.matchAll(/"id":(\d+)/g)];
      this.#ids.splice(0, Infinity, ...found.map(([, id]) => Number(id)));
      this.#onData?.();
    });
  }

  /** Waits for so many commands, and resolves with the ids of all of them. */
  async ids(count: number): Promise<readonly number[]> {
    while (this.#ids.length < count) {
      await new Promise<void>((resolve) => {
        this.#onData = resolve;
      });
    }
    return this.#ids;
  }

  /** Sends bytes in random chunks, some of them a turn of the event loop later. */
  async send(bytes: Buffer, random: Random): Promise<void> {
    const maxSize = random.pick([1, 3, 20, 1000]) + Math.ceil(bytes.length / 100);
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(maxSize);
      this.#peer.write(bytes.subarray(at, at + size));
      at += size;
      if (random.below(4) === 0) await turn();
    }
  }

  end(): void {
    this.#peer.end();
  }

  reset(): void {
    this.#peer.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }
}

/** Replaces `@0` in an input, with or without quotes, by the first id, and so on. */
export function withIds(input: Buffer, ids: readonly number[]): Buffer {
  const text = input.toString('latin1');
  return Buffer.from(
    text.replace(/"@(\d)"|@(\d)/g, (mark, quoted?: string, bare?: string) =>
      String(ids[Number(quoted ?? bare)] ?? mark),
    ),
    'latin1',
  );
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @throws {Mismatch} When `work` hangs, or leaves a rejection unhandled. */
export async function checkSettles(work: () => Promise<void>): Promise<void> {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => {
    unhandled.push(error);
  };
  process.on('unhandledRejection', onUnhandled);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Mismatch('A promise did not settle', 'settled', 'pending'));
    }, TIMEOUT_MS);
  });
  try {
    await Promise.race([work(), timeout]);
    await turn();
  } finally {
    clearTimeout(timer);
    process.off('unhandledRejection', onUnhandled);
  }
  if (unhandled.length > 0) {
    throw new Mismatch('A rejection was unhandled', [], unhandled.map(String));
  }
}

/** @throws {Mismatch} When the values differ. */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Mismatch(what, expected, actual);
}
