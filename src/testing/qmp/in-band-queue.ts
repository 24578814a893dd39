/** The commands of one session that are executed in order. */

import { type Deferred, defer } from '../../async/deferred.ts';

/** Executes one command. Resolves when it is answered. */
type Task = () => Promise<void>;

/**
 * Executes tasks one after the other. As in QEMU, a full queue stops the reading of the session, so that also
 * commands for out-of-band execution wait.
 */
export class InBandQueue {
  readonly #limit: () => number;
  readonly #waiting: Task[] = [];
  #isBusy = false;
  #room: Deferred<undefined> | undefined;

  /**
   * @param limit - Returns how many tasks may wait behind the one that is executed, before reading stops; with
   *   0, reading stops while a task is executed.
   */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /**
   * Executes a task, now or after those before it.
   *
   * @returns A promise if the queue is full: it resolves when there is room again.
   */
  add(task: Task): Promise<undefined> | undefined {
    this.#waiting.push(task);
    if (!this.#isBusy) void this.#run();
    if (!this.#isFull()) return undefined;
    this.#room ??= defer<undefined>();
    return this.#room.promise;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) {
      this.#makeRoom();
      await task();
    }
    this.#isBusy = false;
    this.#makeRoom();
  }

  #isFull(): boolean {
    const limit = this.#limit();
    return limit === 0 ? this.#isBusy : this.#waiting.length >= limit;
  }

  #makeRoom(): void {
    if (this.#isFull()) return;
    this.#room?.resolve(undefined);
    this.#room = undefined;
  }
}
