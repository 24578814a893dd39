/** What a scripted server must tell the author of the test. */

/** Collects failures. Each is thrown once. */
export class Failures {
  #failures: Error[] = [];
  #isClosed = false;

  /** Notes a failure, unless the server is closed. */
  add(error: Error): void {
    if (!this.#isClosed) this.#failures.push(error);
  }

  /** No failure counts from now on: the server ends its sessions. */
  close(): void {
    this.#isClosed = true;
  }

  /** Throws the first failure, and forgets all. */
  throwFirst(): void {
    const [failure] = this.#failures;
    this.#failures = [];
    if (failure !== undefined) throw failure;
  }
}
