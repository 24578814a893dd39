/** Joins the chart of a connection with its I/O: no other module knows both. */

import {
  type ActorOptions,
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  type EventObject,
  fromCallback,
  type InspectionEvent,
  type StateValue,
} from 'xstate';
import { describe, handlerError } from '../core/errors.ts';
import { ambientInspects } from '../inspect/ambient.ts';
import type { Inspect } from '../inspect/feed.ts';
import { StreamLink } from '../io/link.ts';
import type { ServedPeer } from '../io/message-pipeline.ts';
import { resolveDeadlines, resolveLimits } from '../core/limits.ts';
import { checkDefinition } from '../core/definition.ts';
import type { Link } from '../machines/link.ts';
import type { Log } from '../core/log.ts';
import { runstateOf } from '../core/runstate.ts';
import { callbackOwner } from '../core/session-callbacks.ts';
import { isThenable, memberOf } from '../core/shape.ts';
import { lifetime } from '../machines/protocol-owner.ts';
import { createMachineOf, type ProtocolMachine } from '../machines/protocol-machine.ts';
import { createChart } from '../machines/protocol.ts';
import type {
  OnLink,
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
} from '../machines/protocol-types.ts';
import type { Clock, LogFields, ProtocolDefinition } from '../core/types.ts';
import { messageTap, resolveLogger, warnTo } from './logging.ts';
import {
  checkMachineOptions,
  checkProtocolOptions,
  type InspectionListener,
  type MachineOptions,
  type ProtocolOptions,
} from './options.ts';

export { extensionOf } from '../machines/extension.ts';
export type {
  AttachOptions,
  InspectionListener,
  MachineOptions,
  ProtocolOptions,
} from './options.ts';

/**
 * Returns the machine of a connection, to be invoked or spawned in any XState 5 chart.
 *
 * Its actor dials as soon as it starts if its input has an `address`. Otherwise send it CONNECT, or LISTEN
 * and then ACCEPT; SEND sends a message, DISCONNECT ends the session (`ProtocolEvent`). Read its state and its
 * tags (`ProtocolTag`: `idle`, `busy`, `up`, `failed`), listen to what it emits (`ProtocolEmitted`), or pass
 * it to `AsyncProtocol.attach()` for methods with promises. Its persisted snapshot is plain JSON; an actor
 * that is restored from it starts as a new one with the same input does. Stopping the actor, or leaving the state that
 * invokes it, destroys its socket at once.
 *
 * @param definition - The protocol, or a function that makes one for each actor. If that throws, the actor
 *   fails: the parent's `onError` gets the error, wrapped in a `HandlerError` unless it is a
 *   `WirechartError`.
 * @param options - Not `clock` and `inspect`: those of the parent apply.
 * @throws {ArgumentError} When an option, or the definition, is invalid.
 */
export function createProtocolMachine<In, Out = In>(
  definition: ProtocolDefinition<In, Out, unknown> | (() => ProtocolDefinition<In, Out, unknown>),
  options: MachineOptions = {},
): ProtocolMachine<In, Out> {
  const owner = 'createProtocolMachine()';
  checkMachineOptions(owner, options);
  if (typeof definition !== 'function') checkDefinition(owner, definition);
  const settings = resolveSettings(options);
  const logger = resolveLogger(options);
  const { once, failWith, forward } = options;
  const define =
    typeof definition === 'function' ? () => callFactory(definition) : () => definition;
  const machine = createMachineOf<In, Out>(
    () => {
      const made = define();
      const tap = logger && messageTap(logger, made);
      return new StreamLink(made, { ...settings, forward, tap, warn: warnTo(logger) });
    },
    { once, failWith },
  );
  return ambientInspects().length === 0
    ? machine
    : machine.provide({ actors: { owner: inspectedOwner } });
}

/** Calls a user's function that makes a definition. What it throws fails the actor. */
function callFactory<T>(make: () => T): T {
  try {
    const made = make();
    checkDefinition('createProtocolMachine()', made);
    return made;
  } catch (error) {
    throw handlerError('definition', error);
  }
}

/** The actor `owner`, which also has the chart that it runs in inspected, as the environment asks. */
const inspectedOwner = fromCallback<EventObject, OnLink>(({ input, self, sendBack }) => {
  for (const { attach } of ambientInspects()) attach(self);
  return lifetime(input, sendBack, self);
});

/** The part of an actor that a facade uses. It does not depend on the types of the messages. */
export interface MachineRef {
  send(event: ProtocolEvent<never>): void;
  getSnapshot(): {
    readonly status: string;
    readonly context: Pick<
      ProtocolContext<unknown, unknown>,
      'address' | 'outcome' | 'phase' | 'cause' | 'session' | 'suppressed'
    >;
    readonly value: StateValue;
    hasTag(tag: 'up'): boolean;
    matches(state: { DISCONNECTING: 'draining' }): boolean;
    can(event: ProtocolEvent<never>): boolean;
  };
  on(type: '*', listener: (emitted: ProtocolEmitted) => void): unknown;
  subscribe(observer: { complete: () => void; error: (error: unknown) => void }): unknown;
}

/** Whether messages are accepted: while the session runs, and while its last message is being handled. */
export const isSending = (snapshot: ReturnType<MachineRef['getSnapshot']>): boolean =>
  snapshot.status === 'active' &&
  (snapshot.hasTag('up') || snapshot.matches({ DISCONNECTING: 'draining' }));

/** A running machine, and the link that carries its messages. */
export interface Engine<In, Out> {
  readonly ref: MachineRef;
  readonly link: Link<In, Out>;
  readonly logger: Log | undefined;
  /** What the deadlines of the client's own calls run on. */
  readonly clock: Clock | undefined;
}

/** One machine for all engines: the chart does not depend on the types of the messages. */
const sharedMachine = createChart<unknown, unknown, Link<unknown, unknown>>((link) => link);

/** The same for protocols with logic for their sessions, created for the first of them. */
let withSession: typeof sharedMachine | undefined;
const sharedWithSession = (): typeof sharedMachine =>
  (withSession ??= createChart<unknown, unknown, Link<unknown, unknown>>((own) => own, {
    hasSession: true,
  }));

/**
 * Starts a machine, which is in IDLE, with a link of its own.
 *
 * @param served - What a server says of the peer, if it is one of a server's.
 * @throws {ArgumentError} When an option, or the definition, is invalid.
 */
export function startEngine<In, Out>(
  definition: ProtocolDefinition<In, Out, unknown>,
  options: ProtocolOptions,
  served?: ServedPeer,
): Engine<In, Out> {
  checkProtocolOptions('new AsyncProtocol()', options);
  checkDefinition('new AsyncProtocol()', definition);
  // A callback may log while the actor is being constructed.
  const started: { ref?: { getSnapshot(): FieldsSnapshot } } = {};
  const logger = resolveLogger(options, () => started.ref && fieldsOf(started.ref.getSnapshot()));
  const tap = logger && messageTap(logger, definition);
  const link = new StreamLink(definition, {
    ...resolveSettings(options),
    clock: options.clock,
    tap,
    warn: warnTo(logger),
    served,
  });
  const hasSession = callbackOwner('session', link) !== undefined;
  const ref = createActor(hasSession ? sharedWithSession() : sharedMachine, {
    input: link,
    ...rootOptions(options, logger),
  });
  started.ref = ref;
  attachInspectors(ref, options);
  ref.start();
  return { ref, link, logger, clock: options.clock };
}

/** The clock of the system that an actor is part of. XState does not type it. */
export const clockOf = (ref: object): Clock | undefined => {
  const clock: unknown = memberOf(ref, 'clock');
  return isClock(clock) ? clock : undefined;
};

const isClock = (value: unknown): value is Clock =>
  typeof memberOf(value, 'setTimeout') === 'function' &&
  typeof memberOf(value, 'clearTimeout') === 'function';

/** The fields of a record that is written now. */
export const fieldsOf = ({ value, context }: FieldsSnapshot): LogFields => ({
  session: context.session,
  runstate: runstateOf(value),
});

/** The part of a snapshot that the fields of records are taken from. */
interface FieldsSnapshot {
  readonly value: StateValue;
  readonly context: { readonly session: number };
}

/** Returns XState's options for a root actor. */
export function rootOptions(
  { name, clock, inspect }: ProtocolOptions,
  logger: Log | undefined,
): Pick<ActorOptions<AnyActorLogic>, 'id' | 'clock' | 'inspect'> {
  const called = isAttachable(inspect) ? undefined : inspect;
  return {
    ...(name !== undefined && { id: name }),
    ...(clock && { clock }),
    ...(called && { inspect: safeInspector(called, logger) }),
  };
}

/** Attaches to an actor the inspectors that need not be called for each of its events. */
export function attachInspectors(ref: AnyActorRef, { inspect }: ProtocolOptions): void {
  if (isAttachable(inspect)) inspect.attach(ref);
  for (const { attach } of ambientInspects()) attach(ref);
}

/** Whether a listener comes from `inspectTo()` or `recordTo()`: it attaches itself, and is not called. */
const isAttachable = (inspect: InspectionListener | undefined): inspect is Inspect =>
  inspect !== undefined && 'attach' in inspect && typeof inspect.attach === 'function';

/** Logs what an inspector throws: it would break the machine. */
const safeInspector =
  (inspect: InspectionListener, logger: Log | undefined) =>
  (event: InspectionEvent): void => {
    const warn = (error: unknown) => {
      logger?.warn(`The callback inspect threw: ${describe(error)}`);
    };
    try {
      const call: ((event: InspectionEvent) => unknown) | undefined =
        typeof inspect === 'function' ? inspect : inspect.next?.bind(inspect);
      const result = call?.(event);
      if (isThenable(result)) result.then(undefined, warn);
    } catch (error) {
      warn(error);
    }
  };

function resolveSettings(options: Pick<ProtocolOptions, 'timeouts' | 'limits' | 'allowHalfOpen'>) {
  const { timeouts, limits, allowHalfOpen } = options;
  return {
    deadlines: resolveDeadlines(timeouts),
    limits: resolveLimits(limits),
    allowHalfOpen,
  };
}
