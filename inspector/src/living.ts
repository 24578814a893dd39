/** The living actors of a program, with their latest states. Their number and size are bounded. */

import { BOUNDS, tooMany } from './bounds.ts';
import type { JsonObject } from './checks.ts';

/** What all programs together hold. */
export interface Total {
  actors: number;
  stateBytes: number;
}

interface LivingActor {
  readonly message: JsonObject;
  /** The size of its largest state: the history may still hold that one. */
  readonly bytes: number;
}

/** The registrations of the living actors, by their session ids. */
export class Living {
  readonly #actors = new Map<string, LivingActor>();
  readonly #total: Total;
  #bytes = 0;

  constructor(total: Total) {
    this.#total = total;
  }

  get(sessionId: string): JsonObject | undefined {
    return this.#actors.get(sessionId)?.message;
  }

  has(sessionId: string): boolean {
    return this.#actors.has(sessionId);
  }

  sessionIds(): string[] {
    return [...this.#actors.keys()];
  }

  *messages(): Generator<JsonObject> {
    for (const { message } of this.#actors.values()) yield message;
  }

  /**
   * Asserts that there is room for another actor.
   *
   * @throws {BoundError} When there are too many.
   */
  expectRoom(): void {
    const { perProgram, all } = BOUNDS.actors;
    if (this.#actors.size >= perProgram) throw tooMany('the program', perProgram, 'living actors');
    if (this.#total.actors >= all) throw tooMany('the inspector', all, 'living actors');
  }

  /**
   * Adds an actor, or replaces its registration.
   *
   * @param bytes - The size of its state.
   * @throws {BoundError} When the states of the program's actors, or of all actors, are too large.
   */
  set(sessionId: string, message: JsonObject, bytes: number): void {
    const known = this.#actors.get(sessionId);
    const largest = Math.max(bytes, known?.bytes ?? 0);
    const more = largest - (known?.bytes ?? 0);
    const { perProgram, all } = BOUNDS.stateBytes;
    if (this.#bytes + more > perProgram)
      throw tooMany("the memory of the program's actors", perProgram, 'bytes');
    if (this.#total.stateBytes + more > all)
      throw tooMany('the memory of all actors', all, 'bytes');
    this.#actors.set(sessionId, { message, bytes: largest });
    this.#bytes += more;
    this.#total.stateBytes += more;
    if (known === undefined) this.#total.actors += 1;
  }

  /** Removes an actor. Returns whether it was alive. */
  delete(sessionId: string): boolean {
    const known = this.#actors.get(sessionId);
    if (known === undefined) return false;
    this.#actors.delete(sessionId);
    this.#bytes -= known.bytes;
    this.#total.stateBytes -= known.bytes;
    this.#total.actors -= 1;
    return true;
  }
}
