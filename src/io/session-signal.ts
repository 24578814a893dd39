/**
 * Gives a session the member `signal`, and maybe `remote`, which are found out when they are read. They are its
 * own members, so that `{ ...session }` has them.
 */
export function defineMembers(
  session: object,
  members: Readonly<Record<string, () => unknown>>,
): void {
  for (const [name, get] of Object.entries(members)) {
    Object.defineProperty(session, name, { get, enumerable: true, configurable: true });
  }
}

/** The `signal` of a session, the same for all callbacks of its protocol. */
export class SessionSignal {
  #controller: AbortController | undefined;
  #reason: unknown;

  /** Created when it is asked for: an `AbortController` is expensive, and most callbacks need none. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** The attempt or the session has ended. The first reason counts. Default: an `AbortError`. */
  end(reason: unknown): void {
    this.#reason ??= reason ?? new DOMException('The session has ended', 'AbortError');
    this.#controller?.abort(this.#reason);
  }
}
