/**
 * Starts TLS on sockets that were accepted without it, so that the server decides when a peer's handshake
 * begins.
 *
 * The TLS server does not listen: sockets are passed to it as 'connection' events, which Node documents,
 * so every TLS option of the user has the meaning that it has in `tls.createServer()`.
 */

import { setImmediate } from 'node:timers';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { whenAborted } from '../async/abort.ts';
import { type Deferred, defer } from '../async/deferred.ts';
import { ClosedError } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import { ignoreLateErrors } from './dial.ts';
import { createTlsServer, isBelow } from './listen.ts';
import { isSocket } from './socket.ts';
import { renewedOptions } from './tls-options.ts';
import { explain, refusalOf } from './tls-refusal.ts';

/** A handshake in progress. */
interface Upgrading extends Deferred<Duplex> {
  readonly onPeer: (peer: TLSSocket) => void;
}

/** The TLS server side of any number of accepted sockets. */
export class TlsUpgrader {
  #options: object;
  /** For the handshakes that begin now. Those in progress may have another one. */
  #server: Server;
  /** The streams in their handshake. */
  readonly #upgrading = new Map<Duplex, Upgrading>();

  /**
   * @param tls - Checked options.
   * @throws {ArgumentError} When Node rejects the options.
   */
  constructor(tls: object) {
    this.#options = tls;
    this.#server = this.#createServer(tls);
  }

  /**
   * Uses other options for the handshakes that begin from now on. Those that are not given stay as they are.
   *
   * @throws {ArgumentError} When the options cannot be used; then nothing has changed.
   */
  renew(tls: object): void {
    const options = renewedOptions(this.#options, tls);
    // A new server, because that of Node can renew the certificate only, and not what clients need.
    this.#server = this.#createServer(options);
    this.#options = options;
  }

  #createServer(tls: object): Server {
    const server = createTlsServer(tls);
    // A handshake that was given up is ignored: its raw socket is destroyed. The TLS socket must not be
    // destroyed in the same turn, too: Node 20 crashes.
    server.on('secureConnection', (peer: TLSSocket) => {
      const stream = ignoreLateErrors(peer);
      const upgrading = this.#find(peer);
      upgrading?.onPeer(peer);
      const refusal = refusalOf(tls, peer);
      if (refusal === undefined) upgrading?.resolve(stream);
      else upgrading?.reject(refusal);
    });
    server.on('tlsClientError', (error: Error, peer: TLSSocket) => {
      const upgrading = this.#find(peer);
      upgrading?.onPeer(peer);
      upgrading?.reject(explain(error, peer));
    });
    return server;
  }

  /**
   * Resolves with the TLS stream over `raw`, after the handshake. Rejects with `signal.reason` when
   * aborted, with a `ClosedError` when the peer leaves meanwhile, otherwise with the error of TLS; the
   * caller must destroy `raw` then.
   *
   * @param onPeer - Called at the end of the handshake, also of one that has failed.
   */
  async upgrade(
    raw: Duplex,
    signal: StopSignal,
    onPeer: (peer: TLSSocket) => void,
  ): Promise<Duplex> {
    const upgrading = { ...defer<Duplex>(), onPeer };
    this.#upgrading.set(raw, upgrading);
    const forget = whenAborted(signal, () => {
      upgrading.reject(signal.reason);
    });
    // If TLS has an error of its own, it reports it a moment later, and it says more.
    raw.once('close', () => {
      setImmediate(() => {
        upgrading.reject(new ClosedError('The peer left during the TLS handshake'));
      });
    });
    this.#server.emit('connection', raw);
    try {
      return await upgrading.promise;
    } finally {
      forget();
      this.#upgrading.delete(raw);
    }
  }

  #find(peer: TLSSocket): Upgrading | undefined {
    // Node's private reference to the raw socket; the public ones are gone when a handshake has failed.
    const parent: unknown = '_parent' in peer ? peer._parent : undefined;
    if (isSocket(parent)) return this.#upgrading.get(parent);
    // Of a stream that is no socket, it does not tell: such a stream is the only one of its upgrader.
    return [...this.#upgrading].find(([raw]) => !isSocket(raw) || isBelow(raw, peer))?.[1];
  }
}
