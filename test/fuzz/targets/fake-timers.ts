/** Timers that run when the test wants, so that an exception in one reaches the test. */

type Callback = () => void;

const REPLACED = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] as const;
/** A timer may set the next one, for ever. */
const MAX_ROUNDS = 100;

/** Replaces the timers of this process while it is in use, which must be for one turn only. */
export class FakeTimers {
  readonly #due = new Map<object, Callback>();

  /** Runs `work`, which gets the function that runs all timers that are set. */
  static use(work: (runTimers: () => void) => void): void {
    const timers = new FakeTimers();
    const real = REPLACED.map((name) => [name, Reflect.get(globalThis, name) as unknown] as const);
    const set = (callback: Callback) => timers.#set(callback);
    const clear = (timer: object) => timers.#due.delete(timer);
    for (const [name] of real) Reflect.set(globalThis, name, name.startsWith('set') ? set : clear);
    try {
      work(() => {
        timers.#run();
      });
    } finally {
      for (const [name, value] of real) Reflect.set(globalThis, name, value);
    }
  }

  #set(callback: Callback): object {
    const timer = { ref: () => timer, unref: () => timer, hasRef: () => true };
    this.#due.set(timer, callback);
    return timer;
  }

  #run(): void {
    for (let round = 0; round < MAX_ROUNDS && this.#due.size > 0; round += 1) {
      for (const [timer, callback] of [...this.#due]) if (this.#due.delete(timer)) callback();
    }
  }
}
