/** The session as the handlers of a running protocol get it. */

import { rejectHandled } from '../async/deferred.ts';
import { ClosedError, StateError } from '../core/errors.ts';
import type { Remote } from '../core/remote.ts';
import type { Session } from '../core/types.ts';
import { onlyInHandshake } from './handshake.ts';
import { remoteOf } from './remote.ts';
import { defineMembers, SessionSignal } from './session-signal.ts';

/** What a session needs of its link. */
export interface SessionParts<Out> {
  readonly remote: Remote;
  readonly negotiated: unknown;
  readonly signal: SessionSignal;
  /** Whether the session accepts messages still. */
  readonly accepts: () => boolean;
  /** Queues a message. */
  readonly send: (message: Out) => Promise<void>;
}

/** One for each time that a connection is RUNNING. */
export class RunningSession<In, Out> implements Session<In, Out, unknown> {
  readonly remote: Remote;
  readonly negotiated: unknown;
  readonly send: (message: Out) => Promise<void>;
  declare readonly signal: AbortSignal;

  constructor({ remote, negotiated, signal, accepts, send }: SessionParts<Out>) {
    this.remote = remote;
    this.negotiated = negotiated;
    defineMembers(this, { signal: () => signal.signal });
    this.send = (message) => (accepts() ? send(message) : rejectHandled(sessionOver()));
  }

  readonly receive = (): Promise<In> =>
    rejectHandled(
      new StateError(
        'receive() is for the handshake and the farewell; in between, messages go to onMessage or messages()',
        'RUNNING',
        'CONNECTING',
      ),
    );

  readonly upgrade = (): Promise<void> => rejectHandled(onlyInHandshake('upgrade()'));

  readonly switchCodec = (): void => {
    throw onlyInHandshake('switchCodec()');
  };
}

const sessionOver = (): StateError =>
  new StateError('The session of this handler accepts no messages any more', 'IDLE', 'RUNNING');

/** A session that has no stream. */
export const closedSession = <In, Out>(): RunningSession<In, Out> =>
  new RunningSession<In, Out>({
    remote: remoteOf({}),
    negotiated: undefined,
    signal: new SessionSignal(),
    accepts: () => true,
    send: () => rejectHandled(new ClosedError('There is no open stream')),
  });
