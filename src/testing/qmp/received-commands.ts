/** The commands that a scripted server has received, and the waits for the next one. */

import { abortable } from '../../async/abort.ts';
import { type Deferred, deferHandled } from '../../async/deferred.ts';
import { startTimer } from '../../async/timer.ts';
import { nameOf } from '../../qmp/messages.ts';
import type { QmpCommand } from '../../qmp/types.ts';
import { ScriptError } from '../script-error.ts';

/** How many names of received commands an error shows. */
const MAX_SHOWN_NAMES = 5;

/** A wait for a command of one name. */
interface Wait {
  readonly name: string;
  readonly command: Deferred<QmpCommand>;
}

/** Remembers all commands. */
export class ReceivedCommands {
  /** All of them, in order. */
  readonly all: QmpCommand[] = [];
  /** Those that no wait has taken. */
  readonly #left: QmpCommand[] = [];
  readonly #waits = new Set<Wait>();

  add(command: QmpCommand): void {
    this.all.push(command);
    for (const wait of this.#waits) {
      if (wait.name !== nameOf(command)) continue;
      this.#waits.delete(wait);
      wait.command.resolve(command);
      return;
    }
    this.#left.push(command);
  }

  /**
   * Takes the next command of a name.
   *
   * @throws {ScriptError} When none has come after `timeout` ms.
   */
  async next(name: string, timeout: number, signal: AbortSignal | undefined): Promise<QmpCommand> {
    signal?.throwIfAborted();
    const index = this.#left.findIndex((command) => nameOf(command) === name);
    const [received] = index === -1 ? [] : this.#left.splice(index, 1);
    if (received !== undefined) return received;
    const wait: Wait = { name, command: deferHandled<QmpCommand>() };
    this.#waits.add(wait);
    const cancel = startTimer(timeout, () => {
      wait.command.reject(this.#lateError(name, timeout));
    });
    try {
      return await abortable(wait.command.promise, signal);
    } finally {
      cancel();
      this.#waits.delete(wait);
    }
  }

  /** Rejects all waits: the server is closed. */
  close(): void {
    for (const { name, command } of this.#waits) {
      const text = `The server was closed before it received '${name}'. ${this.#history()}`;
      command.reject(new ScriptError(text));
    }
  }

  #lateError(name: string, timeout: number): ScriptError {
    const text = `After ${String(timeout)} ms, the server has not received '${name}'.`;
    return new ScriptError(`${text} ${this.#history()}`);
  }

  #history(): string {
    const last = this.all.slice(-MAX_SHOWN_NAMES).map((command) => `'${nameOf(command) ?? ''}'`);
    return last.length === 0
      ? 'It has received no command.'
      : `The last commands that it has received: ${last.join(', ')}.`;
  }
}
