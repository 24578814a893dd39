/**
 * TLS on sockets that were accepted without it, so that a peer's handshake begins when its turn has
 * come, and not when the peer likes.
 *
 * The server of TLS listens nowhere: sockets are handed to it as its 'connection' events, which Node
 * documents, and so everything in the user's TLS options means what it means in `tls.createServer()`.
 */

import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { whenAborted } from '../async/abort.ts';
import { type Deferred, defer } from '../async/deferred.ts';
import { ClosedError } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import { ignoreLateErrors } from './dial.ts';
import { createServerFor, explain, isBelow } from './listen.ts';
import { isSocket } from './socket.ts';

/** See the module's comment. */
export class TlsUpgrader {
  readonly #server: Server;
  /** The sockets whose handshake is not over. */
  readonly #upgrading = new Map<Socket, Deferred<Duplex>>();

  /** @throws {ArgumentError} When Node does not take the options. */
  constructor(tls: object) {
    this.#server = createServerFor({ kind: 'tcp', host: '', port: 0, tls });
    // Of a handshake that nobody waits for any more nobody need hear: the socket below is destroyed.
    // The upper one must not be, too, in the same turn; Node 20 crashes.
    this.#server.on('secureConnection', (peer: TLSSocket) => {
      const stream = ignoreLateErrors(peer);
      this.#find(peer)?.resolve(stream);
    });
    this.#server.on('tlsClientError', (error: Error, peer: TLSSocket) => {
      this.#find(peer)?.reject(explain(error, peer));
    });
  }

  /**
   * The stream of TLS over `raw`, after the handshake. Rejects with `signal.reason` when aborted, with a
   * `ClosedError` when the peer leaves meanwhile, else with what TLS says; `raw` is the caller's then.
   */
  async upgrade(raw: Socket, signal: StopSignal): Promise<Duplex> {
    const upgrading = defer<Duplex>();
    this.#upgrading.set(raw, upgrading);
    const forget = whenAborted(signal, () => {
      upgrading.reject(signal.reason);
    });
    // TLS says more, if it has more to say, but it does so a moment later.
    raw.once('close', () => {
      setImmediate(() => {
        upgrading.reject(new ClosedError('The peer left during the handshake of TLS'));
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

  #find(peer: TLSSocket): Deferred<Duplex> | undefined {
    // Node's own note of the socket below; the public properties are gone when a handshake has failed.
    const parent: unknown = '_parent' in peer ? peer._parent : undefined;
    if (isSocket(parent)) return this.#upgrading.get(parent);
    return [...this.#upgrading].find(([raw]) => isBelow(raw, peer))?.[1];
  }
}
