/** The session as the handlers of a running protocol get it. */

import { ClosedError, StateError, type WirechartError } from '../core/errors.ts';
import type { Remote } from '../core/remote.ts';
import type { Session } from '../core/types.ts';
import { onlyInHandshake } from './handshake.ts';
import { remoteOf } from './remote.ts';

/** What a session needs of its link. */
export interface SessionParts<Out> {
  readonly remote: Remote;
  readonly negotiated: unknown;
  /** Whether the session accepts messages still. */
  readonly accepts: () => boolean;
  /** Queues a message. */
  readonly send: (message: Out) => Promise<void>;
}

/** One for each time that a connection is RUNNING. Its owner calls `end()` when the session is over. */
export class RunningSession<In, Out> implements Session<In, Out, unknown> {
  readonly remote: Remote;
  readonly negotiated: unknown;
  readonly send: (message: Out) => Promise<void>;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor({ remote, negotiated, accepts, send }: SessionParts<Out>) {
    this.remote = remote;
    this.negotiated = negotiated;
    this.send = (message) => (accepts() ? send(message) : Promise.reject(sessionOver()));
  }

  readonly receive = (): Promise<In> =>
    Promise.reject(
      new StateError(
        'receive() is for the handshake and the farewell; in between, messages go to onMessage or messages()',
        'RUNNING',
        'CONNECTING',
      ),
    );

  readonly upgrade = (): Promise<void> => Promise.reject(onlyInHandshake('upgrade()'));

  readonly switchCodec = (): void => {
    throw onlyInHandshake('switchCodec()');
  };

  /** Created when it is asked for: an `AbortController` is expensive, and most handlers need none. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** The session is over: aborts the signal. */
  end(cause: WirechartError | undefined): void {
    this.#reason = cause ?? new DOMException('The session has ended', 'AbortError');
    this.#controller?.abort(this.#reason);
  }
}

const sessionOver = (): StateError =>
  new StateError('The session of this handler accepts no messages any more', 'IDLE', 'RUNNING');

/** A session that has no stream. */
export const closedSession = <In, Out>(): RunningSession<In, Out> =>
  new RunningSession<In, Out>({
    remote: remoteOf({}),
    negotiated: undefined,
    accepts: () => true,
    send: () => Promise.reject(new ClosedError('There is no open stream')),
  });
