/** The session of a handshake or a farewell, while no loop reads or writes. */

import type { Duplex } from 'node:stream';
import { abortable } from '../async/abort.ts';
import { defer, type Deferred, markHandled } from '../async/deferred.ts';
import { ClosedError, handlerError, StateError } from '../core/errors.ts';
import type { Remote } from '../core/remote.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import type { Counters } from '../core/stats.ts';
import { signalOf } from '../core/options.ts';
import type { Session, WaitOptions } from '../core/types.ts';
import type { Encoded } from '../core/codec.ts';
import type { Inbound } from './inbound.ts';
import { sizeOf } from './outbound.ts';
import { writeParts } from './writer.ts';

/** How messages pass the protocol's hooks. Both functions throw a `WirechartError`. */
export interface MessageHooks<In, Out> {
  /** Returns an inbound message as the protocol is to see it. */
  readonly receive: (message: In) => In;
  /** Returns an outbound message as bytes. */
  readonly encode: (message: Out) => Encoded;
}

/** What a session tells its callback. */
export interface HandshakeContext<Negotiated> {
  readonly signal: AbortSignal;
  readonly remote: Remote;
  readonly counters: Counters;
  readonly share: ByteShare | undefined;
  readonly negotiated: Negotiated;
}

/** Pulls messages one by one. Its owner calls `end()` when the handshake has settled. */
export class HandshakeSession<In, Out, Negotiated> implements Session<In, Out, Negotiated> {
  readonly signal: AbortSignal;
  readonly remote: Remote;
  readonly negotiated: Negotiated;
  readonly #stream: Duplex;
  readonly #inbound: Inbound<In>;
  readonly #hooks: MessageHooks<In, Out>;
  readonly #counters: Counters;
  readonly #share: ByteShare | undefined;
  /** The pending calls of `receive()`, in order. */
  #receiving: Deferred<In>[] = [];
  #ended = false;

  constructor(
    stream: Duplex,
    inbound: Inbound<In>,
    hooks: MessageHooks<In, Out>,
    { signal, remote, counters, share, negotiated }: HandshakeContext<Negotiated>,
  ) {
    this.#stream = stream;
    this.#inbound = inbound;
    this.#hooks = hooks;
    this.signal = signal;
    this.remote = remote;
    this.#counters = counters;
    this.#share = share;
    this.negotiated = negotiated;
    inbound.onChange = this.#deliver;
  }

  // Both are properties, not methods, so that a handshake can take them out of its session.
  readonly receive = (options?: WaitOptions): Promise<In> => {
    const signal = signalOf('receive()', options);
    const received = defer<In>();
    if (this.#ended) {
      received.reject(endedError());
    } else {
      this.#receiving.push(received);
      this.#deliver();
    }
    // Handled: a handshake may leave a call pending when it ends.
    const promise = abortable(received.promise, this.signal);
    return markHandled(
      abortable(promise, signal, () => {
        this.#receiving = this.#receiving.filter((other) => other !== received);
        if (this.#receiving.length === 0) this.#inbound.pause();
      }),
    );
  };

  readonly send = (message: Out): Promise<void> =>
    markHandled(abortable(this.#write(message), this.signal));

  /** Runs a callback of the protocol with this session, which is over when that has settled. */
  async run(
    name: 'handshake' | 'farewell',
    callback: (session: this) => Promise<unknown> | undefined,
  ): Promise<unknown> {
    try {
      return await callback(this);
    } catch (error) {
      throw handlerError(name, error);
    } finally {
      this.end();
    }
  }

  /** Rejects pending calls. Messages that were not received are left to the reader. */
  end(): void {
    this.#ended = true;
    this.#inbound.onChange = undefined;
    this.#inbound.pause();
    for (const received of this.#receiving.splice(0)) received.reject(endedError());
  }

  async #write(message: Out): Promise<void> {
    if (this.#ended) throw endedError();
    const data = this.#hooks.encode(message);
    const size = sizeOf(data);
    if (this.#share?.change(size) === false) throw this.#share.failure ?? endedError();
    await new Promise<void>((resolve, reject) => {
      const written = (error: Error | null | undefined): void => {
        this.#share?.change(-size);
        if (error == null && !this.#stream.destroyed) {
          this.#counters.messagesOut += 1;
          this.#counters.bytesOut += size;
          resolve();
        } else reject(this.#inbound.fail(error ?? new ClosedError('The stream was destroyed')));
      };
      try {
        writeParts(this.#stream, data, written);
      } catch (error) {
        // The stream's own code threw.
        reject(this.#inbound.fail(error));
      }
    });
  }

  /** Settles pending calls of `receive()` with what has arrived. */
  readonly #deliver = (): void => {
    while (this.#receiving.length > 0) {
      try {
        const message = this.#inbound.next();
        if (message !== undefined) {
          const received = this.#hooks.receive(message);
          this.#receiving.shift()?.resolve(received);
        } else if (this.#inbound.isEnded()) {
          throw (
            this.#inbound.endCause ??
            new ClosedError('The peer ended the stream during the handshake')
          );
        } else {
          this.#inbound.resume();
          return;
        }
      } catch (error) {
        this.#receiving.shift()?.reject(error);
      }
    }
    this.#inbound.pause();
  };
}

const endedError = (): StateError =>
  new StateError(
    'The handshake has settled; its session cannot be used any more.',
    'RUNNING',
    'CONNECTING',
  );
