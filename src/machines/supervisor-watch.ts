/**
 * How the supervisor learns what its connection does.
 *
 * XState's `onSnapshot` would send it every snapshot of the connection, and notify its own subscribers after
 * each of them, although few change anything for it. So it subscribes, and sends itself only those that its
 * chart has a use for.
 */

import type { ConnectionSnapshot, SupervisorContext, SupervisorEvent } from './supervisor-types.ts';

/** The actor of the supervisor, as it is used here. */
interface Self {
  send(event: SupervisorEvent): void;
  getSnapshot(): SupervisorSnapshot & {
    readonly children: { readonly connection?: Connection | undefined };
  };
}

/** The actor of the connection. */
interface Connection {
  getSnapshot(): ConnectionSnapshot;
  subscribe(observer: {
    readonly next: (snapshot: ConnectionSnapshot) => void;
    readonly error: () => void;
  }): unknown;
}

interface SupervisorSnapshot {
  readonly context: Pick<SupervisorContext, 'connection' | 'session' | 'up'>;
  matches(state: 'FAILING' | 'STOPPING'): boolean;
}

/** What the connection does, as far as it matters here. */
interface Stage {
  readonly isUp: boolean;
  readonly isIdle: boolean;
  readonly session: number;
}

/**
 * Sends the supervisor the snapshots of its connection that it has a use for, under the name that XState gives
 * them. The subscription ends with the connection, which ends with the supervisor.
 */
export function watchConnection(self: Self): void {
  const { connection } = self.getSnapshot().children;
  let latest: Stage | undefined;
  /** The snapshot of the supervisor that was the current one when an event had to wait in its mailbox. */
  let outdated: SupervisorSnapshot | undefined;
  const look = (snapshot: ConnectionSnapshot): void => {
    if (snapshot.status !== 'active') return;
    const stage = stageOf(snapshot);
    if (latest !== undefined && isSame(stage, latest)) return;
    latest = stage;
    const supervisor = self.getSnapshot();
    if (supervisor !== outdated && !isOfUse(supervisor, stage)) return;
    self.send({ type: 'xstate.snapshot.connection', snapshot });
    if (self.getSnapshot() === supervisor) outdated = supervisor;
  };
  // The invocation's `onError` handles an error of the connection.
  connection?.subscribe({ next: look, error: () => undefined });
  if (connection !== undefined) look(connection.getSnapshot());
}

const stageOf = (snapshot: ConnectionSnapshot): Stage => ({
  isUp: snapshot.matches('RUNNING'),
  isIdle: snapshot.matches('IDLE'),
  session: snapshot.context.session,
});

const isSame = (one: Stage, other: Stage): boolean =>
  one.session === other.session && one.isUp === other.isUp && one.isIdle === other.isIdle;

/** Whether the supervisor does not know yet that its connection does this, and needs to. */
function isOfUse(supervisor: SupervisorSnapshot, { isUp, isIdle, session }: Stage): boolean {
  const { context } = supervisor;
  if (isIdle) return context.connection === 'busy' || session > context.session;
  // The session, or the attempt, is ending: only that it is over matters now.
  if (supervisor.matches('FAILING') || supervisor.matches('STOPPING')) return false;
  if (isUp) return context.up !== session;
  // The supervisor knows that the connection dials when it has sent CONNECT itself.
  const isExpected = context.connection === 'busy' && session === context.session + 1;
  return context.up !== undefined || !isExpected;
}
