/** The option `liveness` of a supervisor. */

import { MAX_TIMER_MS } from '../async/timer.ts';
import { ArgumentError } from '../core/errors.ts';
import { isProbing, PROBE } from '../core/heartbeat.ts';
import { resolveNumbers } from '../core/limits.ts';
import { checkKinds, checkNames, type Names } from '../core/options.ts';
import { show } from '../core/shape.ts';

/**
 * How a session that is UP is checked. All but the probe has a default; so has the probe for a class of clients that
 * brings one, such as `QmpClient`.
 */
export interface Liveness<C> {
  /** The rest between two probes, in ms. Default 5 000. */
  readonly every?: number | undefined;
  /** The deadline of each probe, in ms. Default 10 000. */
  readonly within?: number | undefined;
  /**
   * Asks the peer. If it throws, rejects, or takes longer than `within`, the session has failed: with what it
   * threw, wrapped in a `RefusedError` unless it is a `WirechartError`, or with a `TimeoutError` whose `phase` is
   * `probe`. What it returns, or resolves with, does not matter. Default: that of the class of clients.
   *
   * @param signal - Aborted when the session ends, and after `within`.
   */
  probe?(client: C, signal: AbortSignal): unknown;
}

/** The same with all defaults. */
export interface ResolvedLiveness<C> {
  readonly every: number;
  readonly within: number;
  readonly probe: (client: C, signal: AbortSignal) => unknown;
}

const DEFAULTS = { every: 5_000, within: 10_000 } as const;
const NAMES: Names<Liveness<never>> = { every: true, within: true, probe: true };

/**
 * Returns how sessions are checked; `undefined` if they are not.
 *
 * @param kind - What is supervised.
 * @throws {ArgumentError} When an option is invalid, or there is no probe.
 */
export function resolveLiveness<C>(
  given: Liveness<C> | undefined,
  kind: object,
): ResolvedLiveness<C> | undefined {
  if (given === undefined) return undefined;
  checkNames('liveness', given, NAMES);
  checkKinds('liveness', given, { probe: 'function' });
  const { every, within } = resolveNumbers('liveness', DEFAULTS, given);
  for (const [name, ms] of Object.entries({ every, within })) {
    if (ms <= MAX_TIMER_MS) continue;
    throw new ArgumentError(
      `liveness.${name} must be at most ${String(MAX_TIMER_MS)} ms, not ${show(ms)}: leave liveness out`,
    );
  }
  if (given.probe !== undefined) {
    return { every, within, probe: (client, signal) => given.probe?.(client, signal) };
  }
  if (!hasProbe(kind)) {
    throw new ArgumentError(
      'liveness needs a probe: { probe: (client, signal) => … }, which asks the peer for something and ' +
        'rejects if it does not answer',
    );
  }
  return {
    every,
    within,
    probe: (client, signal) => (isProbing(client) ? client[PROBE](signal) : undefined),
  };
}

/** Whether the clients of a class have a probe of their own. */
const hasProbe = (kind: object): boolean => isProbing(Reflect.get(kind, 'prototype'));
