/** Opens a stream to the peer. */

import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { startTimer } from '../async/timer.ts';
import { ClosedError, describe } from '../core/errors.ts';
import { codeOf } from '../core/shape.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import type { Clock } from '../core/types.ts';
import type { Target } from './address.ts';
import { claim } from './claims.ts';
import { keepAlive as setKeepAlive } from './keep-alive.ts';
import { toDuplex } from './join-streams.ts';
import { type DialOptions, isLate, OPEN } from './late-stream.ts';
import { warnOfPlainDial } from './plaintext.ts';
import { isSecuring } from './socket.ts';
import { tlsOptionsError } from './tls-error.ts';
import { loadTls } from './tls.ts';

/** A stream, and the event that it emits when it is open (none: it is open already). */
interface Opening {
  readonly stream: Duplex;
  readonly event?: 'connect' | 'secure' | 'secureConnect';
}

/** The waits between attempts while a backlog is full: each twice as long as the one before. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;

/**
 * Opens a stream to `target`, or adopts the stream that `target` holds, and owns it from the call
 * on: it is destroyed when the promise rejects.
 *
 * The stream allows half-open connections (its owner must end our side), and has not been read
 * from. It has one listener of ours (see `ignoreLateErrors()`). **The peer may already have sent
 * bytes, or have ended its side**: check `readableEnded` before waiting for 'end'.
 *
 * TLS has Node's defaults: the certificate is verified, and the name in it against
 * `tls.servername`, by default the host.
 *
 * @returns The open stream; with TLS, after the handshake. (In TLS 1.3 a server may reject our
 *   certificate after the handshake; then the stream fails.)
 *
 * While the backlog of a UNIX socket is full, which a system call without a deadline would wait for, it
 * tries again, until the signal is aborted.
 *
 * Rejects with `signal.reason` when the signal is aborted, before or during the call; with the
 * error of the operating system or of TLS as it is; with an `ArgumentError` when Node rejects the
 * TLS options (Node's error is the `cause`); and with a `ClosedError` when an adopted stream closes
 * without an error before it is open.
 */
export async function dial(
  target: Target,
  signal: StopSignal,
  options: DialOptions = {},
): Promise<Duplex> {
  const { clock, onObstacle, warn } = options;
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(LONGEST_PAUSE_MS, 2 * ms)) {
    try {
      const stream = await dialOnce(target, signal, options);
      warnOfPlainDial(target, stream, warn);
      return stream;
    } catch (error) {
      if (signal.aborted || target.kind !== 'unix' || codeOf(error) !== 'EAGAIN') throw error;
      onObstacle?.(backlogError(target.path, error));
      await pause(ms, signal, clock);
    }
  }
}

const backlogError = (path: string, cause: unknown): Error =>
  Object.assign(
    new Error(
      `The listener at ${path} accepts no connections at the moment, and its backlog is full ` +
        `(${describe(cause)}); its process may be stopped, or busy`,
      { cause },
    ),
    { code: 'EAGAIN' },
  );

/** Waits for `ms` milliseconds, or until the signal is aborted. */
export function pause(ms: number, signal: StopSignal, clock: Clock | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = startTimer(ms, done, clock);
    signal.addEventListener('abort', done);
  });
}

async function dialOnce(target: Target, signal: StopSignal, options: DialOptions): Promise<Duplex> {
  if (signal.aborted && target.kind === 'stream')
    ignoreLateErrors(toDuplex(target.stream)).destroy();
  signal.throwIfAborted();
  const { stream, event } = open(target, options);
  return whenOpen(stream, event, signal);
}

/**
 * Resolves with a stream when it is open, and not before `event`, if that is given. Rejects with
 * `signal.reason`, with the error of the stream, or with a `ClosedError`; the stream is destroyed then.
 */
export async function whenOpen<S extends Duplex>(
  stream: S,
  event: Opening['event'],
  signal: StopSignal,
): Promise<S> {
  const error = event && !stream.destroyed ? await settled(stream, event, signal) : undefined;
  // Checked only now: the signal may have been aborted, or the stream destroyed, since the event.
  if (signal.aborted || error !== undefined) stream.destroy();
  signal.throwIfAborted();
  if (!stream.destroyed) return stream;
  throw error ?? stream.errored ?? new ClosedError('The stream closed before it was open');
}

/**
 * Adds our one permanent 'error' listener to the stream, if it is not there yet, so that an error
 * without another listener does not end the process. Returns the stream.
 *
 * The listener destroys the stream. Node does that itself except for a TLS alert after the
 * handshake (for instance, the server rejects the client's certificate): without the listener, the
 * stream would seem to end normally, and `errored` would be empty.
 */
export function ignoreLateErrors<S extends Duplex>(stream: S): S {
  if (!stream.listeners('error').includes(destroy)) stream.on('error', destroy);
  return stream;
}

function destroy(this: Duplex, error: Error): void {
  this.destroy(error);
}

function open(target: Target, options: DialOptions): Opening {
  switch (target.kind) {
    case 'unix':
      return {
        stream: ignoreLateErrors(connect({ path: target.path, allowHalfOpen: true })),
        event: 'connect',
      };
    case 'tcp':
      return openSocket(target);
    case 'stream':
      claim(target.stream);
      return adopt(toDuplex(target.stream), options);
  }
}

function openSocket({ host, port, tls, keepAlive }: Target & { readonly kind: 'tcp' }): Opening {
  const stream = tls === undefined ? openTcp(host, port) : openTls(host, port, tls);
  setKeepAlive(stream, keepAlive);
  return { stream, event: tls === undefined ? 'connect' : 'secureConnect' };
}

function openTcp(host: string, port: number): Socket {
  return ignoreLateErrors(connect({ host, port, allowHalfOpen: true, noDelay: true }));
}

function openTls(host: string, port: number, tls: object): Socket {
  // In the TLS options, `path` and `socket` would take precedence over host and port.
  const destination = { host, port, path: undefined, socket: undefined, allowHalfOpen: true };
  // Node verifies the certificate against the host, but does not send the host to the server (SNI).
  const name = isIP(host) === 0 ? { servername: host } : {};
  try {
    const socket = loadTls().connect({ ...name, ...tls, ...destination });
    return ignoreLateErrors(socket).setNoDelay(true);
  } catch (error) {
    throw tlsOptionsError(error);
  }
}

function adopt(stream: Duplex, options: DialOptions): Opening {
  ignoreLateErrors(stream);
  stream.allowHalfOpen = true;
  // 'secure', because only sockets of tls.connect() emit 'secureConnect'. Node's own listener of
  // 'secure', which verifies the certificate and destroys the socket on failure, runs before ours.
  if (isSecuring(stream)) return { stream, event: 'secure' };
  if (isLate(stream)) stream[OPEN](options);
  const isConnecting = 'connecting' in stream && stream.connecting === true;
  return isConnecting ? { stream, event: 'connect' } : { stream };
}

/**
 * Resolves when the stream is open, has closed or has failed, or when the signal is aborted, which
 * destroys the stream at once. Resolves with the error, if there was one.
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
      // The event may come after destroy(); then 'error' or 'close' follows.
      if (!stream.destroyed) done();
    };
    // 'close' is the only event when a connecting socket is destroyed.
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
