/** The handshake's hold on a stream: it pulls messages one by one, before the loops push them. */

import type { Duplex } from 'node:stream';
import { abortable } from '../async/abort.ts';
import { defer, type Deferred, markHandled } from '../async/deferred.ts';
import { ClosedError, StateError } from '../core/errors.ts';
import type { Handshake } from '../core/types.ts';
import type { Inbound } from './inbound.ts';

/** What the link does to each message: hooks, records, encoding. */
export interface Passage<In, Out> {
  readonly inbound: (message: In) => In;
  readonly outbound: (message: Out) => string | Uint8Array;
}

/** See the module's comment. To be ended when the handshake has settled, in whatever way. */
export class HandshakeSession<In, Out> implements Handshake<In, Out> {
  readonly signal: AbortSignal;
  readonly #stream: Duplex;
  readonly #inbound: Inbound<In>;
  readonly #passage: Passage<In, Out>;
  #waiting: Deferred<In>[] = [];
  #over = false;

  constructor(
    stream: Duplex,
    inbound: Inbound<In>,
    passage: Passage<In, Out>,
    signal: AbortSignal,
  ) {
    this.#stream = stream;
    this.#inbound = inbound;
    this.#passage = passage;
    this.signal = signal;
    inbound.change = this.#give;
  }

  receive(): Promise<In> {
    const waiter = defer<In>();
    if (this.#over) {
      waiter.reject(over());
    } else {
      this.#waiting.push(waiter);
      this.#give();
    }
    // Quietly: a handshake may well leave a wait behind when it ends.
    return markHandled(abortable(waiter.promise, this.signal));
  }

  send(message: Out): Promise<void> {
    return markHandled(abortable(this.#write(message), this.signal));
  }

  /** What is not received now is left to the reader. */
  end(): void {
    this.#over = true;
    this.#inbound.change = undefined;
    this.#inbound.pause();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(over());
  }

  async #write(message: Out): Promise<void> {
    if (this.#over) throw over();
    const data = this.#passage.outbound(message);
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(data, 'utf8', (error) => {
        if (error == null && !this.#stream.destroyed) resolve();
        else reject(this.#inbound.fail(error ?? new ClosedError('The stream was destroyed')));
      });
    });
  }

  readonly #give = (): void => {
    while (this.#waiting.length > 0) {
      try {
        const message = this.#inbound.next();
        if (message !== undefined) {
          const seen = this.#passage.inbound(message);
          this.#waiting.shift()?.resolve(seen);
        } else if (this.#inbound.isOver()) {
          throw new ClosedError('The peer ended the stream during the handshake');
        } else {
          this.#inbound.resume();
          return;
        }
      } catch (error) {
        this.#waiting.shift()?.reject(error);
      }
    }
    this.#inbound.pause();
  };
}

const over = (): StateError =>
  new StateError(
    'The handshake is over; its session cannot be used any more.',
    'RUNNING',
    'CONNECTING',
  );
