/** Where the chart and the I/O meet: the one module that knows both. */

import { debuglog } from 'node:util';
import {
  type ActorOptions,
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  type EventObject,
  fromCallback,
  type InspectionEvent,
  type Observer,
} from 'xstate';
import { describe, handlerError } from '../core/errors.ts';
import { ambientInspects } from '../inspect/ambient.ts';
import type { Inspect } from '../inspect/feed.ts';
import { destroyStream, StreamLink } from '../io/link.ts';
import { resolveDeadlines, resolveLimits } from '../core/limits.ts';
import type { Link } from '../machines/link.ts';
import { safeLogger, textOfMessage } from '../core/log.ts';
import { lifetime } from '../machines/protocol-owner.ts';
import { createMachineOf, type ProtocolMachine } from '../machines/protocol-machine.ts';
import { createChart } from '../machines/protocol.ts';
import type {
  OnLink,
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
} from '../machines/protocol-types.ts';
import type { Runstate } from '../core/runstate.ts';
import type { Clock, Limits, Logger, ProtocolDefinition, Timeouts } from '../core/types.ts';

export { destroyStream };

/** How a protocol is run; everything has a default. */
export interface ProtocolOptions {
  /** Who this is, in records and in `toString()`. */
  readonly name?: string | undefined;
  /**
   * Gets a record of every message (`<--` inbound, `-->` outbound) and of every change of runstate
   * at debug level, of the peer's end at info, of failures at warn. Default: none; with
   * `NODE_DEBUG=wirechart` in the environment, standard error.
   */
  readonly logger?: Logger | undefined;
  /**
   * Sees XState's inspection events of this machine and its actors. What it throws is recorded. That of
   * `inspectTo()` and `recordTo()` is attached instead of called, and costs nothing while nobody
   * watches. With `WIRECHART_INSPECT=<url>` or `WIRECHART_TRACE=<path>` in the environment, every
   * machine is watched without it.
   */
  readonly inspect?: InspectionListener | undefined;
  /** What deadlines are measured by; XState's `SimulatedClock` is one, for tests. Default: real time. */
  readonly clock?: Clock | undefined;
  /** Deadlines, in ms. */
  readonly timeouts?: Timeouts | undefined;
  /** Bounds, in bytes. */
  readonly limits?: Limits | undefined;
}

/** What XState's own option `inspect` takes. */
export type InspectionListener = ((event: InspectionEvent) => void) | Observer<InspectionEvent>;

/** How a machine that is embedded is run. */
export interface MachineOptions extends ProtocolOptions {
  /**
   * Whether an actor of the machine ends with its first session, or attempt at one, with the
   * `SessionOutcome` as its output, for a parent that wants one session and an end. Default `false`:
   * it is IDLE again.
   */
  readonly once?: boolean | undefined;
  /**
   * Whether what is received is emitted, as `{ type: 'message', messages }`, several at a time. Default
   * `false`: messages are for `onMessage` alone, which is the faster way. A parent that falls behind does
   * not slow the peer down.
   */
  readonly forward?: boolean | undefined;
}

/** How a facade over an actor of a machine is run. */
export type AttachOptions = Pick<ProtocolOptions, 'name' | 'logger' | 'clock'>;

/**
 * The machine itself, to be invoked or spawned in any XState 5 chart: give it an `address` as its
 * input, or send it CONNECT, LISTEN, ACCEPT and DISCONNECT; read its state and its tags (`up` in
 * RUNNING, `busy` on the way to it and from it), listen to what it emits (`ProtocolEmitted`), or give its
 * actor to `AsyncProtocol.attach()`. Stopping the actor, or leaving the state that invokes it,
 * frees its socket at once.
 *
 * @param definition - The protocol to speak; a function makes one for each actor.
 * @param options - `clock` and `inspect` are the parent's and are ignored here.
 * @throws {ArgumentError} When an option cannot be used.
 */
export function createProtocolMachine<In, Out = In>(
  definition: ProtocolDefinition<In, Out> | (() => ProtocolDefinition<In, Out>),
  options: MachineOptions = {},
): ProtocolMachine<In, Out> {
  const settings = resolve(options);
  const { once, forward } = options;
  const define = typeof definition === 'function' ? made(definition) : () => definition;
  const machine = createMachineOf<In, Out>(
    () => new StreamLink(define(), { ...settings, forward }),
    once,
  );
  return ambientInspects().length === 0
    ? machine
    : machine.provide({ actors: { owner: watchedOwner } });
}

/** What a function of the user's throws is what the parent of the actor gets to see in its `onError`. */
const made =
  <T>(make: () => T) =>
  (): T => {
    try {
      return make();
    } catch (error) {
      throw handlerError('definition', error);
    }
  };

/** The owner of a machine in somebody's chart, which has the whole chart watched. */
const watchedOwner = fromCallback<EventObject, OnLink>(({ input, self, sendBack }) => {
  for (const { attach } of ambientInspects()) attach(self);
  return lifetime(input, sendBack);
});

/** What a facade uses of a machine's actor, whatever the messages are. */
interface MachineRef {
  send(event: ProtocolEvent): void;
  getSnapshot(): {
    readonly status: string;
    readonly context: Pick<
      ProtocolContext<unknown, unknown>,
      'outcome' | 'phase' | 'cause' | 'suppressed'
    >;
    matches(runstate: Runstate): boolean;
    can(event: ProtocolEvent): boolean;
  };
  on(type: '*', listener: (emitted: ProtocolEmitted) => void): unknown;
  subscribe(observer: { complete: () => void; error: (error: unknown) => void }): unknown;
}

/** What a facade stands on: a machine at work, and the link that carries its messages. */
export interface Engine<In, Out> {
  readonly ref: MachineRef;
  readonly link: Link<In, Out>;
  readonly logger: Logger | undefined;
}

/** One machine object serves all engines, because the chart never looks at a message. */
const shared = createChart<unknown, unknown, Link<unknown, unknown>>((link) => link);

/**
 * A machine of its own, started, in IDLE.
 *
 * @throws {ArgumentError} When an option cannot be used.
 */
export function startEngine<In, Out>(
  definition: ProtocolDefinition<In, Out>,
  options: ProtocolOptions,
): Engine<In, Out> {
  const settings = resolve(options);
  const link = new StreamLink(definition, settings);
  const ref = createActor(shared, { input: link, ...rootOptions(options, settings.logger) });
  watch(ref, options);
  ref.start();
  return { ref, link, logger: settings.logger };
}

/** XState's options for a root actor that is run as the options say. */
export function rootOptions(
  { name, clock, inspect }: ProtocolOptions,
  logger: Logger | undefined,
): Pick<ActorOptions<AnyActorLogic>, 'id' | 'clock' | 'inspect'> {
  const called = isAttachable(inspect) ? undefined : inspect;
  return {
    ...(name !== undefined && { id: name }),
    ...(clock && { clock }),
    ...(called && { inspect: isolated(called, logger) }),
  };
}

/** Has an actor watched by those who need not be called for each of its events. */
export function watch(ref: AnyActorRef, { inspect }: ProtocolOptions): void {
  if (isAttachable(inspect)) inspect.attach(ref);
  for (const { attach } of ambientInspects()) attach(ref);
}

/** Whether it can watch an actor without being called for each of its events. */
const isAttachable = (inspect: InspectionListener | undefined): inspect is Inspect =>
  inspect !== undefined && 'attach' in inspect && typeof inspect.attach === 'function';

/** An inspector that throws would break the machine that it watches. */
const isolated =
  (inspect: InspectionListener, logger: Logger | undefined) =>
  (event: InspectionEvent): void => {
    try {
      if (typeof inspect === 'function') inspect(event);
      else inspect.next?.(event);
    } catch (error) {
      logger?.warn(`The callback inspect threw: ${describe(error)}`);
    }
  };

/** Where records go: one that throws nothing, or none. */
export const loggerOf = ({ name, logger }: ProtocolOptions): Logger | undefined =>
  logger === undefined ? debugLogger(name) : safeLogger(logger);

function resolve(options: ProtocolOptions) {
  const { timeouts, limits } = options;
  const records = loggerOf(options);
  return {
    deadlines: resolveDeadlines(timeouts),
    limits: resolveLimits(limits),
    logger: records,
    tap:
      records &&
      ((arrow: string, message: unknown) => {
        records.debug(`${arrow} ${textOfMessage(message)}`);
      }),
  };
}

/** What `NODE_DEBUG=wirechart` switches on. */
function debugLogger(name = ''): Logger | undefined {
  const log = debuglog('wirechart');
  if (!log.enabled) return undefined;
  const record = (text: string) => {
    log('%s', name === '' ? text : `${name}: ${text}`);
  };
  return { debug: record, info: record, warn: record, error: record };
}
