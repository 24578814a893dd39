/** A monitor that says what an input says, to a client on a stream in memory. */

import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { streamPair } from '../../../src/index.ts';
import type { Random } from '../engine/random.ts';
import { Disagreement } from '../engine/target.ts';

/** How long anything may take. Nothing waits for that long but what hangs. */
const PATIENCE_MS = 10_000;

/** The other end of a client's stream. */
export class Monitor {
  /** The client's end. */
  readonly stream: Duplex;
  readonly #peer: Duplex;
  readonly #ids: number[] = [];
  #heard: (() => void) | undefined;

  constructor() {
    [this.stream, this.#peer] = streamPair();
    let text = '';
    this.#peer.on('error', () => undefined);
    this.#peer.on('end', () => this.#peer.end());
    this.#peer.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = [...text.matchAll(/"id":(\d+)/g)];
      this.#ids.splice(0, Infinity, ...found.map(([, id]) => Number(id)));
      this.#heard?.();
    });
  }

  /** The ids of all commands, when so many have come. */
  async ids(count: number): Promise<readonly number[]> {
    while (this.#ids.length < count) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.#ids;
  }

  /** Says bytes, cut at random; some of the chunks come a turn of the event loop later. */
  async say(bytes: Buffer, random: Random): Promise<void> {
    const most = random.pick([1, 3, 20, 1000]) + Math.ceil(bytes.length / 100);
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(most);
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

/** `@0` in an input, with quotes or without, stands for the first id, and so on. */
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

/** @throws {Disagreement} When it hangs, or leaves an error to nobody. */
export async function inTime(work: () => Promise<void>): Promise<void> {
  const unheard: unknown[] = [];
  const note = (error: unknown) => {
    unheard.push(error);
  };
  process.on('unhandledRejection', note);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Disagreement('Something hangs', 'an end', 'none'));
    }, PATIENCE_MS);
  });
  try {
    await Promise.race([work(), late]);
    await turn();
  } finally {
    clearTimeout(timer);
    process.off('unhandledRejection', note);
  }
  if (unheard.length > 0) {
    throw new Disagreement('An error was left to nobody', [], unheard.map(String));
  }
}

/** @throws {Disagreement} When they differ. */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Disagreement(what, expected, actual);
}
