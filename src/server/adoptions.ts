/** The calls of `adopt()` that are pending: each settles when its peer is RUNNING, or never will be. */

import { type Deferred, deferHandled } from '../async/deferred.ts';
import { ConnectError, type WirechartError } from '../core/errors.ts';
import type { PendingConnection } from '../machines/server-port.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { PeerSession } from './peer-session.ts';

/** A call of `adopt()` that is pending. */
interface Adoption<In, Out> {
  readonly served: Deferred<AsyncProtocol<In, Out>>;
  session?: PeerSession<In, Out>;
}

/** The pending calls, by connection. A connection that came from the listener has none, and is ignored. */
export class Adoptions<In, Out> {
  readonly #pending = new Map<PendingConnection, Adoption<In, Out>>();

  /** The adopted connections for which the server has not made a session yet. */
  get unserved(): PendingConnection[] {
    return [...this.#pending]
      .filter(([, { session }]) => session === undefined)
      .map(([connection]) => connection);
  }

  /** Resolves with the protocol of a connection when it is RUNNING. */
  add(connection: PendingConnection): Promise<AsyncProtocol<In, Out>> {
    const served = deferHandled<AsyncProtocol<In, Out>>();
    this.#pending.set(connection, { served });
    return served.promise;
  }

  /** Notes the session of a connection. */
  begin(session: PeerSession<In, Out>): void {
    const adoption = this.#pending.get(session.connection);
    if (adoption !== undefined) adoption.session = session;
  }

  /** Ends the session of a connection whose call is given up, if there is one. */
  giveUp(connection: PendingConnection): void {
    this.#pending.get(connection)?.session?.leave(true);
  }

  /** Resolves the call. */
  succeed(connection: PendingConnection, protocol: AsyncProtocol<In, Out>): void {
    this.#pending.get(connection)?.served.resolve(protocol);
    this.#pending.delete(connection);
  }

  /** Rejects the call. Without a cause, the server was closed. */
  fail(connection: PendingConnection, cause: WirechartError | undefined): void {
    this.#pending
      .get(connection)
      ?.served.reject(cause ?? new ConnectError('connection', undefined, 'ERR_CONNECT_ABORTED'));
    this.#pending.delete(connection);
  }
}
