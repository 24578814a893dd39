/** Opens a stream to the peer. */

import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { ArgumentError, ClosedError, describe } from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { Target } from './address.ts';

/** A stream on its way, and the event that says that it has arrived (none: it is open already). */
interface Opening {
  readonly stream: Duplex;
  readonly event?: 'connect' | 'secure' | 'secureConnect';
}

/**
 * Opens a stream to `target`, or adopts the stream that it names. It has one listener of ours, on
 * 'error', with which a late error is never an uncaught one (see `quiet()`); it is half-open
 * capable (our side must be ended by the owner) and has not been read from. **The peer's end may
 * already have come**, as may its first bytes: look at `readableEnded` before waiting for 'end'.
 *
 * With TLS, Node's defaults hold: the certificate and the name in it are checked, the name being
 * `tls.servername`, else the host.
 *
 * An adopted stream is owned from the call on: it is destroyed when the promise rejects.
 *
 * @returns The stream, open; with TLS, after the handshake. (In TLS 1.3 a server may refuse our
 *   certificate after that; then the stream fails.)
 *
 * Rejects with `signal.reason` when aborted, before or during the call; the socket is destroyed then.
 * Rejects with the error of the operating system or of TLS as it is; with an `ArgumentError` when
 * Node does not take the TLS options (its error is the `cause`); and with a `ClosedError` when an
 * adopted stream closes without an error before it is open.
 */
export async function dial(target: Target, signal: StopSignal): Promise<Duplex> {
  if (signal.aborted && target.kind === 'stream') ignoreLateErrors(target.stream).destroy();
  signal.throwIfAborted();
  const { stream, event } = open(target);
  const error = event && !stream.destroyed ? await settled(stream, event, signal) : undefined;
  // Looked at only now, as anything may have happened since the event.
  if (signal.aborted || error !== undefined) stream.destroy();
  signal.throwIfAborted();
  if (!stream.destroyed) return stream;
  throw error ?? stream.errored ?? new ClosedError('The stream closed before it was open');
}

/**
 * Puts our one lasting listener on the stream, unless it is there already, and returns the stream: an
 * error that comes when nobody looks must not end the process. It also destroys the stream, which
 * Node does by itself except for an alert of TLS after the handshake (a client's certificate that the
 * server refused, say): without it the stream would only seem to end, and `errored` would be empty.
 */
export function ignoreLateErrors<S extends Duplex>(stream: S): S {
  if (!stream.listeners('error').includes(destroy)) stream.on('error', destroy);
  return stream;
}

function destroy(this: Duplex, error: Error): void {
  this.destroy(error);
}

function open(target: Target): Opening {
  switch (target.kind) {
    case 'unix':
      return {
        stream: ignoreLateErrors(connect({ path: target.path, allowHalfOpen: true })),
        event: 'connect',
      };
    case 'tcp':
      return target.tls === undefined
        ? { stream: openTcp(target.host, target.port), event: 'connect' }
        : { stream: openTls(target.host, target.port, target.tls), event: 'secureConnect' };
    case 'stream':
      return adopt(target.stream);
  }
}

function openTcp(host: string, port: number): Socket {
  return ignoreLateErrors(connect({ host, port, allowHalfOpen: true, noDelay: true }));
}

function openTls(host: string, port: number, tls: object): Socket {
  // Where to connect is the address's affair: `path` and `socket` would go before host and port.
  const where = { host, port, path: undefined, socket: undefined, allowHalfOpen: true };
  // Node checks the certificate against the host by itself, but does not tell the host to the server.
  const name = isIP(host) === 0 ? { servername: host } : {};
  try {
    return ignoreLateErrors(connectTls({ ...name, ...tls, ...where })).setNoDelay(true);
  } catch (error) {
    throw new ArgumentError(`The TLS options cannot be used: ${describe(error)}`, { cause: error });
  }
}

function adopt(stream: Duplex): Opening {
  ignoreLateErrors(stream);
  stream.allowHalfOpen = true;
  // 'secure' and not 'secureConnect', which only the sockets of tls.connect() have. It comes before
  // Node's check of the certificate is known to us, but after Node's own listener has made it.
  if ('secureConnecting' in stream && stream.secureConnecting === true) {
    return { stream, event: 'secure' };
  }
  const isConnecting = 'connecting' in stream && stream.connecting === true;
  return isConnecting ? { stream, event: 'connect' } : { stream };
}

/**
 * Resolves with the error when there was one, else with nothing: when the stream is open, when it has
 * closed, and when the signal is aborted, which destroys the stream at once.
 */
function settled(
  stream: Duplex,
  event: NonNullable<Opening['event']>,
  signal: StopSignal,
): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const done = (error?: Error) => {
      stream.off(event, opened).off('error', done).off('close', closed);
      signal.removeEventListener('abort', aborted);
      resolve(error);
    };
    const opened = () => {
      // Also after destroy() the event may still come; the error, if any, is what counts then.
      if (!stream.destroyed) done();
    };
    // The only event that there is when a socket that connects is destroyed.
    const closed = () => {
      done();
    };
    const aborted = () => {
      stream.destroy();
      done();
    };
    stream.on(event, opened).on('error', done).on('close', closed);
    signal.addEventListener('abort', aborted);
  });
}
