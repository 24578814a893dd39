/** Opens the stream of a session: dials the peer, or listens and accepts the first one that dials. */

import type { Duplex } from 'node:stream';
import { ClosedError } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { Remote } from '../core/remote.ts';
import type { BoundAddress, Clock, ListenAddress } from '../core/types.ts';
import { dial } from './dial.ts';
import { parseDialAddress, parseListenAddress } from './listen-target.ts';
import { SinglePeerListener } from './listen.ts';
import { dialedRemote, remoteOf, wasAccepted } from './remote.ts';

/** An open stream. */
export interface Opened {
  readonly stream: Duplex;
  /** Returns who is at the other end. */
  readonly identify: () => Remote;
  /** Whether the peer has dialed us. */
  readonly isAccepted: boolean;
  /** The host that was dialed. */
  readonly host?: string;
}

/** What an opener is given. */
export interface OpenerOptions {
  /** Measures the waits between attempts to dial. Default: real time. */
  readonly clock?: Clock | undefined;
  /** Where warnings go. Default: a warning of the process. */
  readonly warn?: ((text: string) => void) | undefined;
}

/** Has one listener at a time. The methods are those of the port `Link`, which documents them. */
export class StreamOpener {
  /** Why `dial()` has not succeeded yet, if it tries again. */
  #obstacle: Error | undefined;
  readonly #options: OpenerOptions;
  #listener: SinglePeerListener | undefined;

  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  /** Why `dial()`, or `accept()`, has not succeeded yet, if that is known. */
  get obstacle(): Error | undefined {
    return this.#obstacle ?? this.#listener?.obstacle;
  }

  async dial(address: ListenAddress | undefined, signal: StopSignal): Promise<Opened> {
    this.#obstacle = undefined;
    const target = parseDialAddress(address);
    const onObstacle = (reason: Error): void => {
      this.#obstacle = reason;
    };
    const stream = await dial(target, signal, { ...this.#options, onObstacle });
    this.#obstacle = undefined;
    return {
      stream,
      identify: () => dialedRemote(stream, target),
      isAccepted: wasAccepted(stream),
      ...(target.kind === 'tcp' && { host: target.host }),
    };
  }

  async listen(address: ListenAddress | undefined, signal: StopSignal): Promise<BoundAddress> {
    this.#obstacle = undefined;
    const target = parseListenAddress(address);
    const listener = await SinglePeerListener.bind(target, signal, this.#options.warn);
    if (signal.aborted) listener.close();
    signal.throwIfAborted();
    this.#listener = listener;
    return listener.address;
  }

  async accept(signal: StopSignal): Promise<Opened> {
    if (this.#listener === undefined) throw new ClosedError('There is no listener');
    const { address } = this.#listener;
    const stream = await this.#listener.accept(signal);
    this.close();
    const path = 'path' in address ? address.path : undefined;
    return { stream, identify: () => remoteOf(stream, path), isAccepted: true };
  }

  /** Closes the listener, if there is one. Never throws. */
  close(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }
}
