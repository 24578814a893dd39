/** The options of a connection: their types, their names, and the check of their values. */

import type { InspectionEvent, Observer } from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import { checkKinds, checkMethods, checkNames, type Names } from '../core/options.ts';
import { memberOf, show } from '../core/shape.ts';
import { linkIn } from '../core/link-handle.ts';
import type { FailWith } from '../machines/protocol-types.ts';
import type { Clock, Limits, LogFunction, Logger, Timeouts } from '../core/types.ts';
import { showActor } from './shown-actor.ts';

/** The options of a connection. All have a default. */
export interface ProtocolOptions {
  /**
   * The name in `toString()`, in inspectors and in the records of loggers and of `NODE_DEBUG=wirechart`.
   * Default: none.
   */
  readonly name?: string | undefined;
  /**
   * Gets a record of every message (`<--` inbound, `-->` outbound) and of every change of runstate at
   * debug level, of the peer's end of stream at info, and of every failure at warn. Secrets in them are
   * hidden; see `ProtocolDefinition.redact()`. An object with the four levels gets texts, a function gets
   * each record with its fields. What it throws, or rejects with, is ignored. Default: none; with
   * `NODE_DEBUG=wirechart` in the environment, standard error.
   */
  readonly logger?: Logger | LogFunction | undefined;
  /**
   * Gets XState's inspection events of the machine and its actors. What it throws is logged. The listeners
   * that `inspectTo()` and `recordTo()` return have no overhead while no inspector watches. With
   * `WIRECHART_INSPECT=<url>` or `WIRECHART_TRACE=<path>` in the environment, every machine is inspected
   * without this option. Default: none.
   */
  readonly inspect?: InspectionListener | undefined;
  /** The clock of the deadlines; XState's `SimulatedClock` is one, for tests. Default: real time. */
  readonly clock?: Clock | undefined;
  /** Deadlines, in ms. */
  readonly timeouts?: Timeouts | undefined;
  /** Bounds of the buffers, in bytes. */
  readonly limits?: Limits | undefined;
  /**
   * Whether a session outlasts the peer's end of stream: it stays RUNNING, so that answers can still be
   * sent, until `disconnect()` is called or the stream fails. `onEnd` of the definition is called at the
   * peer's end. Default `false`: the peer's end ends the session.
   */
  readonly allowHalfOpen?: boolean | undefined;
}

/** A listener of inspection events, as XState's option `inspect` accepts it. */
export type InspectionListener = ((event: InspectionEvent) => void) | Observer<InspectionEvent>;

/**
 * The options of a machine that runs in another statechart. It has the clock and the inspectors of that
 * one's actor system.
 */
export interface MachineOptions extends Omit<ProtocolOptions, 'clock' | 'inspect'> {
  /**
   * Whether an actor is done after its first session, or failed attempt, with the `SessionOutcome` as its
   * output. Default `false`: it is IDLE again, and can connect again.
   */
  readonly once?: boolean | undefined;
  /**
   * How an actor with `once` ends after a failed session, or a failed attempt. `output`: it is done, and the
   * `cause` is in its output: the parent's `onDone`, `toPromise()` resolves. `error`: it ends in error with
   * the cause: the parent's `onError`, `toPromise()` rejects. Default `output`.
   */
  readonly failWith?: FailWith | undefined;
  /**
   * Whether the actor emits the messages that it receives, several at a time and in order, as
   * `{ type: 'message', messages }`. A parent that falls behind does not slow the peer down. Default
   * `false`: only `onMessage` gets them, which is faster. It takes none itself: with `pull` of the definition,
   * those are emitted that a loop, or `protocolMessages`, takes.
   */
  readonly forward?: boolean | undefined;
}

/** The options of a facade over an actor. */
export type AttachOptions = Pick<ProtocolOptions, 'name' | 'logger' | 'clock'>;

/** The options of a connection. */
export const PROTOCOL_OPTIONS: Names<ProtocolOptions> = {
  name: true,
  logger: true,
  inspect: true,
  clock: true,
  timeouts: true,
  limits: true,
  allowHalfOpen: true,
};

/** The options of a machine that runs in another statechart. */
export const MACHINE_OPTIONS: Names<MachineOptions> = {
  name: true,
  logger: true,
  timeouts: true,
  limits: true,
  allowHalfOpen: true,
  once: true,
  failWith: true,
  forward: true,
};

/** The options of a facade over such a machine. */
export const ATTACH_OPTIONS: Names<AttachOptions> = { name: true, logger: true, clock: true };

/**
 * Checks the names of the options of a facade, and the values of those that every facade has, except the
 * numbers.
 *
 * @param owner - Whose options they are, for the error: `new QmpClient()`.
 * @param names - An object whose keys are all names that are known.
 * @throws {ArgumentError} When a name is unknown, or a value cannot be used.
 */
export function checkProtocolOptions(
  owner: string,
  options: unknown,
  names: object = PROTOCOL_OPTIONS,
): void {
  checkNames(owner, options, names);
  checkValues(owner, options);
}

/** The same without the names. */
export function checkValues(owner: string, options: unknown): void {
  checkKinds(owner, options, { name: 'string', allowHalfOpen: 'boolean' });
  checkMethods(owner, options, 'clock', ['setTimeout', 'clearTimeout']);
  if (typeof memberOf(options, 'logger') !== 'function') {
    checkMethods(owner, options, 'logger', ['debug', 'info', 'warn']);
  }
  checkInspect(owner, memberOf(options, 'inspect'));
}

function checkInspect(owner: string, inspect: unknown): void {
  if (inspect === undefined || typeof inspect === 'function') return;
  if (typeof memberOf(inspect, 'next') === 'function') return;
  throw new ArgumentError(
    `inspect of ${owner} must be inspectTo(…), recordTo(…), or a listener of XState's events, ` +
      `not ${show(inspect)}`,
  );
}

/**
 * The same for a machine that runs in another statechart.
 *
 * @throws {ArgumentError} Also when `clock` or `inspect` is given: a machine has those of its parent.
 */
export function checkMachineOptions(
  owner: string,
  options: unknown,
  names: object = MACHINE_OPTIONS,
): void {
  for (const name of ['clock', 'inspect'] as const) refuseOfSystem(owner, options, name);
  checkProtocolOptions(owner, options, names);
  checkKinds(owner, options, { once: 'boolean', forward: 'boolean' });
  checkFailWith(owner, options);
}

/**
 * Checks `failWith`, which needs `once`.
 *
 * @throws {ArgumentError} When it cannot be used.
 */
export function checkFailWith(owner: string, options: unknown): void {
  const failWith = memberOf(options, 'failWith');
  if (failWith === undefined) return;
  if (failWith !== 'output' && failWith !== 'error') {
    throw new ArgumentError(
      `failWith of ${owner} must be 'output' or 'error', not ${show(failWith)}`,
    );
  }
  if (memberOf(options, 'once') !== true) {
    throw new ArgumentError(
      `failWith of ${owner} needs once: true: without it an actor does not end after a failure`,
    );
  }
}

/** Refuses an option of facades that a machine has from its parent. */
export function refuseOfSystem(owner: string, options: unknown, name: 'clock' | 'inspect'): void {
  if (memberOf(options, name) === undefined) return;
  throw new ArgumentError(
    `${owner} has no option '${name}': its actors use that of the actor system they run in; ` +
      'give it to createActor()',
  );
}

/** @throws {ArgumentError} When a value is not an actor of a connection's machine. */
export function checkActor(owner: string, ref: unknown): void {
  const getSnapshot = memberOf(ref, 'getSnapshot');
  const snapshot: unknown =
    typeof getSnapshot === 'function' ? Reflect.apply(getSnapshot, ref, []) : undefined;
  if (linkIn(memberOf(snapshot, 'context')) !== undefined) return;
  throw new ArgumentError(
    `${owner} needs an actor of createProtocolMachine(), not ${showActor(ref)}`,
  );
}
