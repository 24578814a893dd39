/** The codec of a scripted peer: the one that its user gave it, with faults among the messages. */

import type { Codec, Decoder } from '../core/codec.ts';
import { Fault } from './script.ts';

/** What the peer sends: messages, or the raw bytes of a fault. */
export type PeerOutput<Out> = Out | Fault;

/**
 * A codec that can send faults, too.
 *
 * @param onError - Called with what a decoder throws when it reads. The session would report it only when the
 *   other side has ended the stream as well.
 */
export const outputCodec = <In, Out>(
  codec: Codec<In, Out>,
  onError: (error: unknown) => void,
): Codec<In, PeerOutput<Out>> => ({
  encode: (output) => (output instanceof Fault ? output.bytes : codec.encode(output)),
  createDecoder: (limits) => new WatchedDecoder(codec.createDecoder(limits), onError),
});

class WatchedDecoder<In> implements Decoder<In> {
  /** Absent if the decoder has none. */
  declare readonly rest?: () => Uint8Array;
  declare readonly buffered?: number;
  readonly #decoder: Decoder<In>;
  readonly #onError: (error: unknown) => void;

  constructor(decoder: Decoder<In>, onError: (error: unknown) => void) {
    this.#decoder = decoder;
    this.#onError = onError;
    if (decoder.rest !== undefined) this.rest = () => decoder.rest?.() ?? new Uint8Array();
    if (decoder.buffered === undefined) return;
    Object.defineProperty(this, 'buffered', { get: () => decoder.buffered });
  }

  write(chunk: Uint8Array): void {
    this.#watch(() => {
      this.#decoder.write(chunk);
    });
  }

  read(): In | undefined {
    return this.#watch(() => this.#decoder.read());
  }

  end(): void {
    this.#decoder.end();
  }

  #watch<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      this.#onError(error);
      throw error;
    }
  }
}
