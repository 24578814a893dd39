/** Asks a server whether it is alive, with the two cheapest commands. */

import type { JsonValue } from '../../codecs/json.ts';
import { codeOf } from '../../core/shape.ts';

/** What it uses of the commands of a client. */
export interface ProbedExchange {
  /** Whether out-of-band execution was negotiated. */
  readonly hasOob: boolean;
  /** How many replies have arrived in this session. */
  readonly answers: { readonly inBand: number; readonly outOfBand: number };
  /** How many in-band commands are not answered, or wait to be sent. */
  readonly inBandPending: number;
  execute(
    command: string,
    args: undefined,
    options: { readonly oob?: boolean; readonly signal?: AbortSignal; readonly timeout?: number },
  ): Promise<JsonValue>;
}

/** Asks with at most one command of each kind at a time. */
export class Prober {
  readonly #exchange: ProbedExchange;
  #inBand: Promise<unknown> | undefined;
  #outOfBand: Promise<unknown> | undefined;

  constructor(exchange: ProbedExchange) {
    this.#exchange = exchange;
  }

  /** Whether it has asked in band, and has no reply. */
  get isAsking(): boolean {
    return this.#inBand !== undefined;
  }

  /** Whether commands of others wait for their replies: in-band replies come in order, so none need be asked for. */
  get isAwaited(): boolean {
    return this.#exchange.inBandPending > (this.#inBand === undefined ? 0 : 1);
  }

  /**
   * Asks in band. While an earlier question is not answered, this returns the same promise.
   *
   * @returns A promise that resolves when the server has replied, also with an error. It rejects if it could not
   *   be asked; its rejection is handled.
   */
  inBand(signal: AbortSignal): Promise<unknown> {
    this.#inBand ??= this.#ask('query-version', { signal }, () => {
      this.#inBand = undefined;
    });
    return this.#inBand;
  }

  /**
   * The same out of band. QEMU executes such a command in the thread that reads its monitors, also while the main
   * loop is blocked. A server that does not know the command, as qemu-storage-daemon, refuses it in that thread.
   */
  outOfBand(signal: AbortSignal): Promise<unknown> {
    this.#outOfBand ??= this.#ask('query-yank', { signal, oob: true }, () => {
      this.#outOfBand = undefined;
    });
    return this.#outOfBand;
  }

  /** Asks in both ways, and resolves with the first answer. */
  probe(signal: AbortSignal): Promise<unknown> {
    const { isAsking } = this;
    const inBand = this.inBand(signal);
    if (!this.#exchange.hasOob) return inBand;
    const outOfBand = this.outOfBand(signal);
    // A handler on the promise of an earlier question would stay there as long as that is not answered.
    return isAsking ? outOfBand : Promise.race([inBand, outOfBand]);
  }

  #ask(
    command: string,
    options: { readonly oob?: boolean; readonly signal: AbortSignal },
    onEnd: () => void,
  ): Promise<unknown> {
    // The deadline is that of the heartbeat, not `timeouts.execute`.
    const reply = this.#exchange.execute(command, undefined, { ...options, timeout: Infinity });
    const answered = reply.catch((error: unknown) => {
      if (!ANSWERS.includes(codeOf(error))) throw error;
    });
    answered.then(onEnd, onEnd);
    return answered;
  }
}

/** The codes of errors that are replies. */
const ANSWERS: readonly unknown[] = ['ERR_QMP_EXECUTE', 'ERR_QMP_BAD_REPLY'];
