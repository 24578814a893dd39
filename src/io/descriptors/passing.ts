/** Passes one descriptor over the socket of a session, when the writer says that its turn has come. */

import type { Duplex } from 'node:stream';
import { type Deferred, deferHandled } from '../../async/deferred.ts';
import { DescriptorError } from '../../core/descriptor-error.ts';
import { ArgumentError, ClosedError } from '../../core/errors.ts';
import type { Passing, PassingStage } from '../../core/passing.ts';
import { openDescriptor } from './open-descriptor.ts';
import { type SocketCalls, loadSocketCalls } from './socket-calls.ts';
import { unixSocketOf } from './unix-handle.ts';

/** Makes a system call: `SocketCalls.passDescriptor()`. */
type Pass = SocketCalls['passDescriptor'];

/** What it passes, and where. */
interface PassingParts {
  /** The descriptor, as long as it is open. */
  readonly fd: () => number | undefined;
  /** The socket, as long as it is open. */
  readonly socket: () => number | undefined;
  readonly pass: Pass;
}

/** One for each descriptor. */
class DescriptorPassing implements Passing {
  #stage: PassingStage = 'waiting';
  readonly #parts: PassingParts;
  readonly #passed: Deferred<void> = deferHandled();

  constructor(parts: PassingParts) {
    this.#parts = parts;
  }

  get stage(): PassingStage {
    return this.#stage;
  }

  queue(): Promise<void> {
    if (this.#stage === 'waiting') this.#stage = 'queued';
    return this.#passed.promise;
  }

  pass(): PassingStage {
    const fd = this.#parts.fd();
    const socket = this.#parts.socket();
    if (fd === undefined) this.drop(closedError());
    else if (socket === undefined) this.drop(refusedError('the socket is closed'));
    if (this.#stage !== 'queued' || fd === undefined || socket === undefined) return this.#stage;
    const failure = this.#parts.pass(socket, fd);
    if (failure === undefined) {
      this.#stage = 'passed';
      this.#passed.resolve();
    } else if (failure !== 'EAGAIN') {
      this.drop(failure === 'EBADF' ? closedError() : refusedError(failure));
    }
    return this.#stage;
  }

  drop(reason: unknown): void {
    if (this.#stage === 'passed' || this.#stage === 'dropped') return;
    this.#stage = 'dropped';
    this.#passed.reject(reason);
  }
}

const closedError = (): ArgumentError =>
  new ArgumentError(
    'The descriptor was closed before it was sent; keep it open until the promise has settled',
  );

const refusedError = (code: string): DescriptorError =>
  new DescriptorError(
    `The descriptor could not be passed: the system refused it with ${code}` +
      (code === 'ETOOMANYREFS' ? '; too many passed descriptors wait for their receivers' : ''),
    { cause: Object.assign(new Error(`sendmsg ${code}`), { code }) },
  );

/**
 * Prepares to pass a descriptor over the stream of a session.
 *
 * @param name - What the descriptor is called in errors.
 * @param streamOf - Returns the stream of the session that is under way.
 * @throws {ArgumentError} When the descriptor is not open.
 * @throws {DescriptorError} When the stream is not a UNIX socket, or this process has no way to pass descriptors.
 * @throws {ClosedError} When there is no stream, or the session ends meanwhile.
 */
export async function preparePassing(
  name: string,
  given: unknown,
  streamOf: () => Duplex | undefined,
): Promise<Passing> {
  const stream = streamOf();
  if (stream === undefined) throw new ClosedError('There is no open stream');
  const fd = openDescriptor(name, given);
  const socket = unixSocketOf(stream);
  const calls = await loadSocketCalls();
  if (streamOf() !== stream) {
    throw new ClosedError('The session ended before the descriptor was sent');
  }
  return new DescriptorPassing({
    fd,
    socket,
    pass: (...args) => calls.passDescriptor(...args),
  });
}
