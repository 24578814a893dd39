/** The session of a handshake or a farewell, while no loop reads or writes. */

import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { abortable } from '../async/abort.ts';
import { defer, type Deferred, markHandled } from '../async/deferred.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import { ClosedError, describe, handlerError, StateError } from '../core/errors.ts';
import type { Remote } from '../core/remote.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import type { Counters } from '../core/stats.ts';
import { signalOf } from '../core/options.ts';
import { isError } from '../core/shape.ts';
import type { Session, UpgradeOptions, WaitOptions } from '../core/types.ts';
import type { Codec, Encoded } from '../core/codec.ts';
import type { Connection } from './connection.ts';
import { sizeOf } from './outbound.ts';
import { defineMembers, type SessionSignal } from './session-signal.ts';
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
  readonly name: 'handshake' | 'farewell';
  /** Ends every wait. */
  readonly stop: StopSignal;
  readonly signal: SessionSignal;
  readonly counters: Counters;
  readonly share: ByteShare | undefined;
  readonly negotiated: Negotiated;
}

/** Pulls messages one by one. Its owner calls `end()` when the handshake has settled. */
export class HandshakeSession<In, Out, Negotiated> implements Session<In, Out, Negotiated> {
  readonly negotiated: Negotiated;
  declare readonly remote: Remote;
  declare readonly signal: AbortSignal;
  readonly #stop: StopSignal;
  readonly #name: 'handshake' | 'farewell';
  readonly #connection: Connection<In, Out>;
  readonly #hooks: MessageHooks<In, Out>;
  readonly #counters: Counters;
  readonly #share: ByteShare | undefined;
  /** The pending calls of `receive()`, in order. */
  #receiving: Deferred<In>[] = [];
  #ended = false;
  #isUpgrading = false;
  /** Why `upgrade()` has failed. There is no way back to plaintext. */
  #upgradeFailure: Error | undefined;

  constructor(
    connection: Connection<In, Out>,
    hooks: MessageHooks<In, Out>,
    { name, stop, signal, counters, share, negotiated }: HandshakeContext<Negotiated>,
  ) {
    this.#connection = connection;
    this.#hooks = hooks;
    this.#name = name;
    this.#stop = stop;
    defineMembers(this, { remote: () => connection.remote, signal: () => signal.signal });
    this.#counters = counters;
    this.#share = share;
    this.negotiated = negotiated;
    connection.inbound.onChange = this.#deliver;
  }

  // These are properties, not methods, so that a handshake can take them out of its session.
  readonly receive = (options?: WaitOptions): Promise<In> => {
    const signal = signalOf('receive()', options);
    const received = defer<In>();
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) {
      received.reject(obstacle);
    } else {
      this.#receiving.push(received);
      this.#deliver();
    }
    // Handled: a handshake may leave a call pending when it ends.
    const promise = abortable(received.promise, this.#stop);
    return markHandled(
      abortable(promise, signal, () => {
        this.#receiving = this.#receiving.filter((other) => other !== received);
        if (this.#receiving.length === 0) this.#connection.inbound.pause();
      }),
    );
  };

  readonly send = (message: Out): Promise<void> =>
    markHandled(abortable(this.#write(message), this.#stop));

  readonly upgrade = (
    tls: ConnectionOptions | TlsOptions,
    options?: UpgradeOptions,
  ): Promise<void> => markHandled(abortable(this.#upgrade(tls, options), this.#stop));

  readonly switchCodec = (codec: Codec<In, Out>): void => {
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) throw obstacle;
    if (this.#name === 'farewell') throw onlyInHandshake('switchCodec()');
    this.#connection.switchCodec(codec);
    this.#listen();
  };

  /** Runs a callback of the protocol with this session, which is over when that has settled. */
  async run(
    name: 'handshake' | 'farewell',
    callback: (session: this) => Promise<unknown> | undefined,
  ): Promise<unknown> {
    try {
      const result = await callback(this);
      if (this.#isUpgrading) throw unfinishedError();
      if (this.#upgradeFailure !== undefined) throw this.#upgradeFailure;
      return result;
    } catch (error) {
      throw handlerError(name, error);
    } finally {
      this.end();
    }
  }

  /** Rejects pending calls. Messages that were not received are left to the reader. */
  end(): void {
    this.#ended = true;
    this.#connection.inbound.onChange = undefined;
    this.#connection.inbound.pause();
    for (const received of this.#receiving.splice(0)) received.reject(endedError());
  }

  async #upgrade(
    tls: ConnectionOptions | TlsOptions,
    options: UpgradeOptions | undefined,
  ): Promise<void> {
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) throw obstacle;
    if (this.#name === 'farewell') throw onlyInHandshake('upgrade()');
    if (this.#receiving.length > 0) throw receivingError();
    this.#isUpgrading = true;
    try {
      await this.#connection.upgrade(this.#stop, tls, options);
    } catch (error) {
      this.#upgradeFailure = isError(error) ? error : new ClosedError(describe(error));
      throw error;
    } finally {
      this.#isUpgrading = false;
    }
    if (!this.#ended) this.#listen();
  }

  /** Delivers what arrives from now on. */
  #listen(): void {
    this.#connection.inbound.onChange = this.#deliver;
    this.#deliver();
  }

  #obstacle(): Error | undefined {
    if (this.#ended) return endedError();
    return this.#isUpgrading ? upgradingError() : this.#upgradeFailure;
  }

  async #write(message: Out): Promise<void> {
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) throw obstacle;
    const data = this.#hooks.encode(message);
    const size = sizeOf(data);
    if (this.#share?.change(size) === false) throw this.#share.failure ?? endedError();
    await new Promise<void>((resolve, reject) => {
      const written = (error: Error | null | undefined): void => {
        this.#share?.change(-size);
        if (error == null && !this.#connection.stream.destroyed) {
          this.#counters.messagesOut += 1;
          this.#counters.bytesOut += size;
          resolve();
        } else
          reject(
            this.#connection.inbound.fail(error ?? new ClosedError('The stream was destroyed')),
          );
      };
      try {
        writeParts(this.#connection.stream, data, written);
      } catch (error) {
        // The stream's own code threw.
        reject(this.#connection.inbound.fail(error));
      }
    });
  }

  /** Settles pending calls of `receive()` with what has arrived. */
  readonly #deliver = (): void => {
    while (this.#receiving.length > 0) {
      try {
        const message = this.#connection.inbound.next();
        if (message !== undefined) {
          const received = this.#hooks.receive(message);
          this.#receiving.shift()?.resolve(received);
        } else if (this.#connection.inbound.isEnded()) {
          throw (
            this.#connection.inbound.endCause ??
            new ClosedError('The peer ended the stream during the handshake')
          );
        } else {
          this.#connection.inbound.resume();
          return;
        }
      } catch (error) {
        this.#receiving.shift()?.reject(error);
      }
    }
    this.#connection.inbound.pause();
  };
}

const stateError = (text: string): StateError => new StateError(text, 'CONNECTING', 'CONNECTING');

const upgradingError = (): StateError =>
  stateError('upgrade() is pending: await it before the session is used again');

const receivingError = (): StateError =>
  stateError('A receive() is pending: what it would receive is not protected by TLS');

const unfinishedError = (): StateError =>
  stateError('The handshake has settled while its upgrade() was pending: await it');

/** A method that is for the handshake was called in another callback. */
export const onlyInHandshake = (method: string): StateError =>
  new StateError(`${method} is for the handshake`, 'RUNNING', 'CONNECTING');

const endedError = (): StateError =>
  new StateError(
    'The handshake has settled; its session cannot be used any more.',
    'RUNNING',
    'CONNECTING',
  );
