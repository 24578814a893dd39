/**
 * What becomes of the events that pages send to a program.
 *
 * A program confirms none of them, but handles commands in order and reports what it refuses. So a ping
 * follows each event: its pong confirms the event, unless a refusal came before. Browsers answer pings
 * themselves, perhaps before the program handles the event: a later refusal is then only a problem entry.
 */

/** Tells a page what became of its event: why it did not reach the actor; `undefined` when it did. */
export type Answer = (problem?: string) => void;

/** How a program begins the problems that say that it refused an event. */
const REFUSAL = 'The program refused ';
/** A program that takes longer is probably stopped by a debugger, or busy. */
const MAX_WAIT_MS = 5_000;
const MAX_PENDING = 1_000;

interface Pending {
  readonly answer: Answer;
  readonly timer: NodeJS.Timeout;
}

/** The events of pages that a program has not confirmed yet, in order. */
export class Sends {
  readonly #pending = new Map<string, Pending>();
  #count = 0;

  /**
   * Adds an event that is sent now.
   *
   * @returns The payload of the ping to send after it; `undefined` when too many wait.
   */
  add(answer: Answer): string | undefined {
    if (this.#pending.size >= MAX_PENDING) {
      answer('The event was sent, but the program answers slowly');
      return undefined;
    }
    this.#count += 1;
    const payload = String(this.#count);
    const timer = setTimeout(() => {
      this.#settle(payload, 'The program has not answered yet: it may be busy or paused');
    }, MAX_WAIT_MS).unref();
    this.#pending.set(payload, { answer, timer });
    return payload;
  }

  /** The program has answered the ping with this payload. Earlier ones need no answer of their own. */
  confirm(payload: string): void {
    if (!this.#pending.has(payload)) return;
    for (const earlier of [...this.#pending.keys()]) {
      this.#settle(earlier);
      if (earlier === payload) return;
    }
  }

  /** The program has reported a problem, which may be the refusal of the oldest event. */
  onProblem(text: string): void {
    if (!text.startsWith(REFUSAL)) return;
    for (const payload of this.#pending.keys()) {
      this.#settle(payload, text);
      return;
    }
  }

  /** The connection has ended. */
  end(): void {
    for (const payload of [...this.#pending.keys()])
      this.#settle(payload, 'The program disconnected before it confirmed the event');
  }

  #settle(payload: string, problem?: string): void {
    const pending = this.#pending.get(payload);
    if (pending === undefined) return;
    this.#pending.delete(payload);
    clearTimeout(pending.timer);
    pending.answer(problem);
  }
}
