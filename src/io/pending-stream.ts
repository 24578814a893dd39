/** Streams that wait for a slot of a server: accepted by its listener, or adopted. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { StopSignal } from '../async/stop-signal.ts';
import { ArgumentError, ClosedError } from '../core/errors.ts';
import type { Remote } from '../core/remote.ts';
import type { StreamAddress } from '../core/types.ts';
import type { PendingConnection } from '../machines/server-port.ts';
import { parseAddress } from './address.ts';
import { claim, passOn } from './claims.ts';
import { ignoreLateErrors } from './dial.ts';
import { toDuplex } from './join-streams.ts';
import { noteRemote, remoteOf, tlsRemoteOf } from './remote.ts';
import type { TlsUpgrader } from './tls-upgrader.ts';

/** An open stream. It is owned from the construction on, and has one lasting listener on 'error'. */
export class PendingStream implements PendingConnection {
  readonly isTls: boolean = false;
  readonly gone: Promise<void>;
  readonly #stream: Duplex;
  #remote: Remote;

  /** @param path - That of a UNIX socket. */
  constructor(stream: Duplex, path?: string) {
    this.#stream = ignoreLateErrors(stream);
    // At once: a stream that has closed does not know its peer any more.
    this.#remote = remoteOf(stream, path);
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

  /** Runs a TLS handshake, if there is one. */
  protected secure(signal: StopSignal): Promise<Duplex> | Duplex;
  protected secure(): Duplex {
    return this.#stream;
  }

  /** Adds what TLS says about the peer. */
  protected identify(peer: Duplex): void {
    this.#remote = tlsRemoteOf(peer, this.#remote);
  }
}

/** An accepted socket on which TLS will be started. */
export class PendingTlsSocket extends PendingStream {
  override readonly isTls = true;
  readonly #raw: Socket;
  readonly #upgrader: TlsUpgrader;

  constructor(raw: Socket, upgrader: TlsUpgrader, path?: string) {
    super(raw, path);
    this.#raw = raw;
    this.#upgrader = upgrader;
  }

  protected override secure(signal: StopSignal): Promise<Duplex> {
    return this.#upgrader.upgrade(this.#raw, signal, (peer) => {
      this.identify(peer);
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
  return new AdoptedStream(toDuplex(target.stream));
}

/** A stream of the user's, which is claimed until the session does it. */
class AdoptedStream extends PendingStream {
  readonly #claimed: Duplex;

  constructor(stream: Duplex) {
    super(stream);
    this.#claimed = stream;
  }

  handOver(): void {
    passOn(this.#claimed);
  }
}
