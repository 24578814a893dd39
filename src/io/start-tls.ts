/** Starts TLS on a stream that is open already: STARTTLS. */

import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { StopSignal } from '../async/stop-signal.ts';
import { ClosedError, describe, isWirechartError } from '../core/errors.ts';
import { ignoreLateErrors, whenOpen } from './dial.ts';
import { tlsOptionsError } from './tls-error.ts';
import { checkServerTls, parseTls } from './tls-options.ts';
import { TlsUpgrader } from './tls-upgrader.ts';
import { loadTls } from './tls.ts';

/** What is known of the stream. */
interface Plaintext {
  readonly stream: Duplex;
  /**
   * Gives the stream up, when all of ours is written, and returns the one to start TLS on. Throws when the peer
   * has sent too much in plaintext.
   */
  readonly detach: () => Duplex;
  /** The host that was dialed. */
  readonly host?: string | undefined;
}

/** Starts TLS, with options that were checked. The stream must be open. Rejects as `startTls()` does. */
export type StartTls = (plaintext: Plaintext, signal: StopSignal) => Promise<Duplex>;

/**
 * Checks options, and returns what starts TLS with them, on either side: it resolves with the stream within
 * TLS. It rejects with a `ClosedError` that has the error of TLS as its cause, or with `signal.reason`; the
 * stream below must then be destroyed.
 *
 * @throws {ArgumentError} When the options cannot be used.
 */
export function startTls(tls: unknown, isServer: boolean): StartTls {
  const options = parseTls({ tls }) ?? {};
  if (isServer) checkServerTls(options);
  const start = isServer ? serverSide(options) : clientSide(options);
  return async (plaintext, signal) => {
    try {
      await written(plaintext.stream);
      signal.throwIfAborted();
      return await start({ ...plaintext, stream: plaintext.detach() }, signal);
    } catch (error) {
      if (signal.aborted || isWirechartError(error)) throw error;
      throw new ClosedError(`TLS could not be started: ${describe(error)}`, { cause: error });
    }
  };
}

/** Waits until everything that was sent in plaintext has been handed to the kernel. */
const written = (stream: Duplex): Promise<void> =>
  stream.writableLength === 0
    ? Promise.resolve()
    : new Promise((resolve, reject) => {
        stream.write('', (error) => {
          if (error == null) resolve();
          else reject(error);
        });
      });

const serverSide = (options: object): StartTls => {
  const upgrader = new TlsUpgrader(options);
  return ({ stream }, signal) => upgrader.upgrade(stream, signal, () => undefined);
};

const clientSide =
  (options: object): StartTls =>
  ({ stream, host }, signal) => {
    // Node verifies the certificate against the host, but does not send the host to the server (SNI).
    const name = host === undefined || isIP(host) !== 0 ? {} : { servername: host };
    const below = { socket: stream, path: undefined, port: undefined, allowHalfOpen: true };
    let secured;
    try {
      secured = loadTls().connect({ ...name, ...options, ...below, host });
    } catch (error) {
      throw tlsOptionsError(error);
    }
    return whenOpen(ignoreLateErrors(secured), 'secureConnect', signal);
  };
