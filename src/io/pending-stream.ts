/** Streams that wait for a slot of a server: accepted by its listener, or adopted. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { StopSignal } from '../async/stop-signal.ts';
import { ArgumentError, ClosedError } from '../core/errors.ts';
import type { Remote } from '../core/remote.ts';
import type { StreamAddress } from '../core/types.ts';
import type { PendingConnection } from '../machines/server-port.ts';
import { memberOf } from '../core/shape.ts';
import { parseAddress, type Target } from './address.ts';
import { claim, passOn } from './claims.ts';
import { dial, ignoreLateErrors } from './dial.ts';
import { toDuplex } from './join-streams.ts';
import { dialedRemote, noteRemote, tlsRemoteOf } from './remote.ts';
import { isSecuring } from './socket.ts';
import type { TlsUpgrader } from './tls-upgrader.ts';

/** An open stream. It is owned from the construction on, and has one lasting listener on 'error'. */
export class PendingStream implements PendingConnection {
  readonly isTls: boolean = false;
  readonly gone: Promise<void>;
  readonly #stream: Duplex;
  #remote: Remote;

  /** @param remote - Found out at once: a stream that has closed does not know its peer any more. */
  constructor(stream: Duplex, remote: Remote) {
    this.#stream = ignoreLateErrors(stream);
    this.#remote = remote;
    this.gone = new Promise((resolve) => {
      if (stream.closed) resolve();
      else stream.once('close', resolve);
    });
  }

  get remote(): Remote {
    return this.#remote;
  }

  async open(signal: StopSignal): Promise<Duplex> {
    try {
      signal.throwIfAborted();
      const { destroyed, readableEnded, errored } = this.#stream;
      // Node reads ahead; it emits 'end' on a paused stream only if there are no bytes before it.
      if (destroyed || readableEnded) {
        const cause = errored === null ? {} : { cause: errored };
        throw new ClosedError('The peer left before it was admitted', cause);
      }
      const stream = await this.secure(signal);
      noteRemote(stream, this.#remote);
      return stream;
    } catch (error) {
      this.#stream.destroy();
      throw error;
    }
  }

  close(): void {
    this.#stream.destroy();
  }

  /** What inspectors print of a connection, which is part of an event of the server's machine. */
  toJSON(): object {
    return { remote: this.#remote.toString() };
  }

  /** Waits until the stream is open: runs a TLS handshake, if there is one. */
  protected secure(signal: StopSignal): Promise<Duplex> | Duplex;
  protected secure(): Duplex {
    return this.#stream;
  }

  /** Replaces what is known of the peer. */
  protected identify(remote: Remote): void {
    this.#remote = remote;
  }
}

/** An accepted socket on which TLS will be started. */
export class PendingTlsSocket extends PendingStream {
  override readonly isTls = true;
  readonly #raw: Socket;
  readonly #upgrader: TlsUpgrader;

  constructor(raw: Socket, remote: Remote, upgrader: TlsUpgrader) {
    super(raw, remote);
    this.#raw = raw;
    this.#upgrader = upgrader;
  }

  protected override secure(signal: StopSignal): Promise<Duplex> {
    return this.#upgrader.upgrade(this.#raw, signal, (peer) => {
      this.identify(tlsRemoteOf(peer, this.remote));
    });
  }
}

/**
 * A stream of the user's as a connection.
 *
 * @throws {ArgumentError} When it is not a stream that can be used; it is not touched then.
 */
export function adoptStream(stream: StreamAddress['stream']): PendingConnection {
  const target = parseAddress({ stream });
  if (target.kind !== 'stream') throw new ArgumentError('adopt() takes a stream');
  claim(target.stream);
  return new AdoptedStream(toDuplex(target.stream), target);
}

/** A stream of the user's, which is claimed until the session does it. */
class AdoptedStream extends PendingStream {
  /** Also true of a socket that is not connected yet: in any case, it is to be waited for. */
  override readonly isTls: boolean;
  readonly #claimed: Duplex;
  readonly #target: Target;

  constructor(stream: Duplex, target: Target) {
    super(stream, dialedRemote(stream, target));
    this.#claimed = stream;
    this.#target = target;
    this.isTls = isSecuring(stream) || memberOf(stream, 'connecting') === true;
  }

  handOver(): void {
    passOn(this.#claimed);
  }

  protected override async secure(signal: StopSignal): Promise<Duplex> {
    const stream = await dial(this.#target, signal);
    this.identify(dialedRemote(stream, this.#target));
    return stream;
  }
}
