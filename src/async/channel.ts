/** Values for whoever asks: each goes to one asker, the first value to the first asker. */

import { type Deferred, defer } from './deferred.ts';

type Ask<T> = Deferred<IteratorResult<T>>;

/** See the module's comment. */
export class Channel<T> {
  readonly #onTaken: () => void;
  /** Values that nobody has asked for yet; there are askers only when there are none. */
  readonly #waiting = new Set<T>();
  readonly #asking = new Set<Ask<T>>();
  #isOver = false;

  /** @param onTaken - Told when one that waited was taken. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** How many values wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Hands a value over, or keeps it until somebody asks. */
  offer(value: T): void {
    const [ask] = this.#asking;
    if (ask === undefined) {
      this.#waiting.add(value);
    } else {
      this.#asking.delete(ask);
      ask.resolve({ done: false, value });
    }
  }

  /** Takes a value back, if it still waits. */
  withdraw(value: T): void {
    this.#waiting.delete(value);
  }

  /** There are no more values: all who ask, now and later, are told so. */
  end(): void {
    this.#isOver = true;
    this.#waiting.clear();
    for (const ask of this.#asking) this.#dismiss(ask);
  }

  /** The values that others have not taken. Leaving it ends nothing but itself. */
  values(): AsyncIterableIterator<T> {
    const asks = new Set<Ask<T>>();
    const dismissed = () => Promise.resolve(done);
    let next = () => {
      const ask = this.#ask();
      asks.add(ask);
      return ask.promise.finally(() => asks.delete(ask));
    };
    return {
      next: () => next(),
      return: () => {
        next = dismissed;
        for (const ask of asks) this.#dismiss(ask);
        return dismissed();
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #ask(): Ask<T> {
    const ask: Ask<T> = defer();
    for (const value of this.#waiting) {
      this.#waiting.delete(value);
      ask.resolve({ done: false, value });
      this.#onTaken();
      return ask;
    }
    if (this.#isOver) ask.resolve(done);
    else this.#asking.add(ask);
    return ask;
  }

  #dismiss(ask: Ask<T>): void {
    // One that has its value already keeps it.
    this.#asking.delete(ask);
    ask.resolve(done);
  }
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
