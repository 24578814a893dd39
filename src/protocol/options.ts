/** The names of the options of a connection, and the check of their values. */

import { ArgumentError } from '../core/errors.ts';
import { checkKinds, checkMethods, checkNames, type Names } from '../core/options.ts';
import { memberOf, show } from '../core/shape.ts';
import type { AttachOptions, MachineOptions, ProtocolOptions } from './machine.ts';

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
}

/** Refuses an option of facades that a machine has from its parent. */
export function refuseOfSystem(owner: string, options: unknown, name: 'clock' | 'inspect'): void {
  if (memberOf(options, name) === undefined) return;
  throw new ArgumentError(
    `${owner} has no option '${name}': its actors use that of the actor system they run in; ` +
      'give it to createActor()',
  );
}
