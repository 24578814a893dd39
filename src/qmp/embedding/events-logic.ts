/** Actor logic that sends its parent the events of a QMP server. */

import type { AnyActorRef, EventObject } from 'xstate';
import { noteRedactor } from '../../core/redactors.ts';
import { memberOf } from '../../core/shape.ts';
import type { EmbeddableCallback } from '../../machines/embeddable.ts';
import { clientIn, hasClient } from '../../protocol/client-of.ts';
import { connectionLogic, type Reports, whenEnded } from '../../protocol/connection-logic.ts';
import { followFailedSends } from '../../protocol/failed-sends.ts';
import { type ConnectionInput, hasFailedAtOnce } from '../../protocol/find-connection.ts';
import { QmpClient } from '../client.ts';
import { feedOf } from '../events/event-feed.ts';
import { redactQmp } from '../redact.ts';
import type { Qapi } from '../../qapi/11.1.ts';
import type { EventName, EventOf, QapiSchema, QmpEvent } from '../types.ts';

/** The input of `qmpEvents`. */
export type QmpEventsInput = ConnectionInput;

/**
 * What `qmpEvents` sends its parent: a union that the type tells apart. `QmpEventMessage` has all events
 * of the schema. `QmpEventMessage<'STOP' | 'RESUME'>` has these.
 *
 * @typeParam Name - The names of the events, as QEMU has them. Default: those of the schema.
 * @typeParam S - The schema. Default: the newest.
 */
export type QmpEventMessage<
  Name extends string = EventName,
  S extends QapiSchema = Qapi,
> = Name extends string
  ? {
      /** `QMP.` and the name of the event. */
      readonly type: `QMP.${Name}`;
      readonly data: EventOf<Name, S>['data'];
      readonly timestamp: QmpEvent['timestamp'];
    }
  : never;

/**
 * Actor logic that sends its parent each event of a QMP server, as `{ type: 'QMP.STOP', data, timestamp }`
 * (`QmpEventMessage`); `QMP.*` matches all. Replies are not sent. Invoke or spawn it beside the machine of
 * `createQmpMachine()`; an input is needed only if there are several: see `ConnectionInput`.
 *
 * The parent gets the events of each session in order, from the first one on, also if the actor starts in the
 * middle of a session: until then the client keeps them, within the bounds of the option `eventBacklog`. They
 * are kept for the first such actor of a session; later ones get the events from then on.
 *
 * The parent also gets `{ type: 'SEND_FAILED', message, error }` (`SendFailure`) for each command of an event
 * SEND that was not sent, or failed.
 *
 * The actor is done when the actor of the connection has ended. A failure of a session is not one of this
 * actor: the connection reports it.
 *
 * @throws {ArgumentError} As the parent's `onError`, when there is no such connection, or more than one.
 *
 * @example
 * setup({
 *   types: { events: {} as QmpEventMessage },
 *   actors: { qmp: createQmpMachine(), events: qmpEvents },
 * }).createMachine({
 *   invoke: [{ src: 'qmp', input: { address: '/run/vm1/qmp.sock' } }, { src: 'events' }],
 *   initial: 'paused',
 *   states: {
 *     paused: { on: { 'QMP.RESUME': 'running' } },
 *     running: { on: { 'QMP.STOP': 'paused' } },
 *   },
 * });
 */
export const qmpEvents: EmbeddableCallback<QmpEventsInput | undefined> =
  /* @__PURE__ */ connectionLogic<undefined, QmpEventsInput, EventObject>({
    owner: 'qmpEvents',
    what: 'a connection of QMP',
    names: { connection: true },
    accepts: isQmp,
    identify: clientOf,
    start: followEvents,
  });

/** Whether an actor that is a connection is one of QMP. */
export function isQmp(connection: AnyActorRef): boolean {
  return hasClient(QmpClient, connection) || hasFailedAtOnce(connection);
}

/** The client of a connection of QMP; `undefined` if its constructor throws, which the connection reports. */
export function clientOf(connection: AnyActorRef): QmpClient | undefined {
  try {
    return clientIn(QmpClient, connection);
  } catch {
    return undefined;
  }
}

function followEvents(
  connection: AnyActorRef,
  _: QmpEventsInput,
  { tell, done }: Reports<undefined>,
): () => void {
  const unsubscribe = whenEnded(connection, () => {
    done(undefined);
  });
  const removeFailures = followFailedSends(connection, tell);
  const unfollow = feedOf(clientOf(connection))?.follow((event) => {
    noteRedactor(event.data, DATA);
    tell(messageOf(event));
  });
  return () => {
    unsubscribe();
    removeFailures();
    unfollow?.();
  };
}

/** An inspector shows the data of an event, and charts that keep them, without secrets. */
const DATA = { redact: (data: unknown) => memberOf(redactQmp({ data }), 'data') };

const messageOf = ({ event, data, timestamp }: QmpEvent): QmpEventMessage<string> => ({
  type: `QMP.${event}`,
  data,
  timestamp,
});
