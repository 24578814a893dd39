/** Where a supervisor dials: an address, or what a function returns for each attempt. */

import { ArgumentError, type WirechartError } from '../core/errors.ts';
import {
  isPlainAddress,
  sealAddress,
  shownAddress,
  unsealAddress,
} from '../core/sealed-address.ts';
import { memberOf } from '../core/shape.ts';
import { lostAddress } from '../machines/supervisor-restoration.ts';
import type {
  AddressSource,
  Located,
  Locator,
  ResumedAddress,
  SavedAddress,
} from '../machines/supervisor-types.ts';
import type { Address } from '../core/types.ts';

/** The streams on which supervisors have made an attempt, or were about to. Each serves one. */
const used = new WeakSet<object>();

/** Returns the addresses of one supervisor. Not in the context of its chart: an address may have secrets. */
export class SourceLocator implements Locator {
  readonly #source: AddressSource | null | undefined;
  readonly #lost: unknown;

  /**
   * @param source - `undefined` or `null` when an actor was given none.
   * @param lost - What may be shown of the address of an actor that was restored without it.
   */
  constructor(source: AddressSource | null | undefined, lost?: unknown) {
    this.#source = source;
    this.#lost = lost;
  }

  /**
   * Returns the address for one attempt.
   *
   * @throws {ArgumentError} When there is none, or when it is a stream that has served an attempt already.
   * @throws What the user's function throws, or rejects with.
   */
  async locate(attempt: number, cause: WirechartError | undefined): Promise<Located> {
    const source = this.#source;
    if (source === undefined || source === null) {
      throw this.#lost === undefined ? missingAddress() : lostAddress(this.#lost);
    }
    const isFunction = typeof source === 'function';
    const address = isFunction ? await source(attempt, cause) : source;
    const stream = streamOf(address);
    if (stream === undefined) return { address: sealAddress(address), isLast: false };
    if (used.has(stream)) throw usedStream(isFunction);
    used.add(stream);
    return { address: sealAddress(address), isLast: !isFunction };
  }

  save(): SavedAddress {
    const source = this.#source;
    if (source === undefined || source === null) {
      return this.#lost === undefined ? {} : { lost: this.#lost };
    }
    return isPlainAddress(source) ? { address: shown(source) } : { lost: shown(source) };
  }

  again(): ResumedAddress {
    return { address: this.#source ?? undefined, lost: this.#lost };
  }
}

/** What may be shown of an address, as JSON has it: without members that are `undefined`. */
const shown = (address: AddressSource): unknown =>
  typeof address === 'function'
    ? 'a function'
    : JSON.parse(JSON.stringify(shownAddress(unsealAddress(address))));

const missingAddress = (): ArgumentError =>
  new ArgumentError(
    "The supervisor has no address: pass one to supervise(), or as the actor's input { address }",
  );

const usedStream = (isFunction: boolean): ArgumentError =>
  new ArgumentError(
    isFunction
      ? 'The address function returned a stream that has served an attempt already. ' +
          'Make a new stream for each attempt'
      : 'The stream of the address has served an attempt already. ' +
          'Pass a function that makes a new stream for each attempt',
  );

/** The stream of an address; of a pair, the readable one, because the pair may be a new object each time. */
function streamOf(address: Address): object | undefined {
  const stream = memberOf(unsealAddress(address), 'stream');
  const readable = memberOf(stream, 'readable');
  if (typeof readable === 'object' && readable !== null) return readable;
  return typeof stream === 'object' && stream !== null ? stream : undefined;
}
