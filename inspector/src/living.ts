/** The living actors of a program, with their latest states. Their number and size are bounded. */

import { BOUNDS, tooMany } from './bounds.ts';
import { isObject, type JsonObject } from './checks.ts';

/** What all programs together hold. */
export interface Total {
  actors: number;
  stateBytes: number;
}

interface LivingActor {
  readonly registration: JsonObject;
  /** Its latest message about its state, if that is not the registration. */
  readonly latest: JsonObject | undefined;
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
    return this.#actors.get(sessionId)?.registration;
  }

  /** The latest message about an actor's state, which may be its registration. */
  latest(sessionId: string): JsonObject | undefined {
    const actor = this.#actors.get(sessionId);
    return actor?.latest ?? actor?.registration;
  }

  has(sessionId: string): boolean {
    return this.#actors.has(sessionId);
  }

  sessionIds(): string[] {
    return [...this.#actors.keys()];
  }

  /** The registrations, with the latest states. */
  *messages(): Generator<JsonObject> {
    for (const { registration, latest } of this.#actors.values())
      yield latest === undefined ? registration : updated(registration, latest);
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
  set(sessionId: string, registration: JsonObject, bytes: number): void {
    this.#set(sessionId, { registration, latest: undefined }, bytes);
  }

  /**
   * Replaces the state of an actor, if it is known.
   *
   * @param bytes - The size of its state.
   * @throws {BoundError} As `set()`.
   */
  update(sessionId: string, latest: JsonObject, bytes: number): void {
    const known = this.#actors.get(sessionId);
    if (known !== undefined) this.#set(sessionId, { ...known, latest }, bytes);
  }

  #set(sessionId: string, actor: Omit<LivingActor, 'bytes'>, bytes: number): void {
    const known = this.#actors.get(sessionId);
    const largest = Math.max(bytes, known?.bytes ?? 0);
    const more = largest - (known?.bytes ?? 0);
    const { perProgram, all } = BOUNDS.stateBytes;
    if (this.#bytes + more > perProgram)
      throw tooMany("the memory of the program's actors", perProgram, 'bytes');
    if (this.#total.stateBytes + more > all)
      throw tooMany('the memory of all actors', all, 'bytes');
    this.#actors.set(sessionId, { ...actor, bytes: largest });
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

/** A registration with a later state, whose message does not repeat the `kind`. */
function updated(registration: JsonObject, latest: JsonObject): JsonObject {
  const facts = isObject(registration['wirechart']) ? registration['wirechart'] : {};
  const later = isObject(latest['wirechart']) ? latest['wirechart'] : {};
  const wirechart = { ...later, ...('kind' in facts && { kind: facts['kind'] }) };
  return { ...registration, state: latest['state'], wirechart };
}
