/** The options of a supervisor: their types, their names, and what they come to. */

import {
  ArgumentError,
  isClosedError,
  isConnectError,
  isHandlerError,
  type WirechartError,
} from '../core/errors.ts';
import { DEADLINE_NAMES, resolveNumbers } from '../core/limits.ts';
import { checkNames, checkSpelling, type Names, ownNamesOf } from '../core/options.ts';
import { show } from '../core/shape.ts';
import type { Timeouts } from '../core/types.ts';
import type { FailWith } from '../machines/protocol-types.ts';
import type { Policy, RestartPolicy } from '../machines/supervisor-policy.ts';
import type { Liveness } from './liveness.ts';
import { checkValues, type MachineOptions, type ProtocolOptions } from '../protocol/options.ts';

/**
 * The waits between attempts, in ms. The wait before the second attempt in a row is random between 0 and
 * `initial`; with each further attempt the upper bound grows by `factor`, up to `max`. The whole wait is
 * random ("full jitter"), so that many clients of one peer do not come back at the same moment. After a
 * session that lasted, the bound is `initial` again.
 */
export interface Backoff {
  /** The upper bound of the first wait, in ms. Default 100. */
  readonly initial?: number | undefined;
  /** The factor by which the upper bound grows. Default 2. */
  readonly factor?: number | undefined;
  /** The greatest upper bound, in ms. Default 30 000. */
  readonly max?: number | undefined;
  /** Returns the fraction of the upper bound to wait. Default `Math.random`; `() => 1` turns jitter off. */
  readonly random?: (() => number) | undefined;
}

/** The options of a supervisor: those of its connection, and its own. All have a default. */
export interface SuperviseOptions<C> extends Omit<ProtocolOptions, 'timeouts'> {
  /** The waits between attempts. */
  readonly backoff?: Backoff | undefined;
  /** How many attempts in a row it makes before it gives up. Default `Infinity`. */
  readonly attempts?: number | undefined;
  /** How long a session must be UP, in ms, to reset the attempt counter. Default 10 000. */
  readonly stable?: number | undefined;
  /**
   * After which ends of a session it connects again. `on-failure`: after a failure only. A clean end stops
   * it: the peer announced a shutdown (`SessionOutcome.shutdown`), QMP's `quit`, `expectEnd()`, and the
   * client's `disconnect()`. `always`: after every end; only `stop()` stops it. Default `on-failure`.
   */
  readonly restart?: RestartPolicy | undefined;
  /**
   * Returns whether to make another attempt after a session, or attempt, that failed with `cause`; if it
   * throws, there is none. With `restart: 'always'`, a clean end is a `ClosedError` that is `expected`.
   * Default: whether `cause` is `retryable`; an address function that failed is always called again.
   */
  readonly retry?: ((cause: WirechartError) => boolean) | undefined;
  /**
   * Prepares each session, the first included, before the state is UP and `up()` resolves: asks for the
   * current state of the peer, subscribes again. If it throws, rejects, or takes longer than `timeouts.up`,
   * the session ends as failed. Whether another follows depends on what it threw: `retry`.
   *
   * @param signal - Aborted when the session ends before `onUp` has returned, and after `timeouts.up`.
   */
  onUp?(client: C, signal: AbortSignal): unknown;
  /**
   * Checks each session while it is UP: a probe that fails, or is late, ends it as failed. What follows is decided
   * as after any failure. Default: sessions are not checked.
   */
  readonly liveness?: Liveness<C> | undefined;
  /** Deadlines of the connection, and of two callbacks, in ms. */
  readonly timeouts?:
    | (Timeouts & {
        /** For the address, if it is a function. Default 10 000. */
        readonly address?: number | undefined;
        /** For `onUp`. Default 30 000. */
        readonly up?: number | undefined;
      })
    | undefined;
}

/** The options of a supervisor's machine. It has the clock and the inspectors of its parent. */
export interface SupervisorMachineOptions<C> extends Omit<SuperviseOptions<C>, 'inspect'> {
  /**
   * Whether an actor is done when it is STOPPED or GIVEN_UP, with a `SupervisorOutcome` as its output. Default
   * `false`: it can be started again.
   */
  readonly once?: boolean | undefined;
  /**
   * How an actor with `once` ends when it gives up. `output`: it is done, and the `cause` is in its output. `error`:
   * it ends in error with the cause: the parent's `onError`, `toPromise()` rejects. Default `output`.
   */
  readonly failWith?: FailWith | undefined;
  /** See `SuperviseOptions.onUp()`. */
  onUp?(client: C, signal: AbortSignal): unknown;
}

/**
 * Checks what is supervised, and the names of the options; the class of clients may have options of its own.
 *
 * @param owner - The function that was called, for the error.
 * @param names - An object whose keys are all names that are known.
 * @throws {ArgumentError} When a name is unknown, or a value cannot be used.
 */
export function checkSupervised(
  owner: string,
  kind: unknown,
  options: unknown,
  names: object = SUPERVISE_OPTIONS,
): void {
  if (typeof kind !== 'function' && (typeof kind !== 'object' || kind === null)) {
    throw new ArgumentError(
      `${owner} needs the definition of a protocol, a function that makes one, or a class of clients ` +
        `such as QmpClient, not ${show(kind)}`,
    );
  }
  if ('createMachine' in kind) checkSpelling(owner, options, { ...names, ...ownNamesOf(kind) });
  else checkNames(owner, options, names);
  checkValues(owner, options);
}

const SUPERVISE_OPTIONS: Names<SuperviseOptions<never>> = {
  name: true,
  logger: true,
  inspect: true,
  clock: true,
  timeouts: true,
  limits: true,
  allowHalfOpen: true,
  attempts: true,
  backoff: true,
  liveness: true,
  onUp: true,
  restart: true,
  retry: true,
  stable: true,
};

/** How an actor ends. */
export type Ending = Pick<SupervisorMachineOptions<never>, 'once' | 'failWith'>;

/** The options of a supervisor's machine. */
export const SUPERVISOR_MACHINE_OPTIONS = {
  ...SUPERVISE_OPTIONS,
  once: true,
  failWith: true,
} satisfies Names<SupervisorMachineOptions<never>> & typeof SUPERVISE_OPTIONS;

/**
 * Returns the options that are not the supervisor's own, for the machine of the connection, which checks
 * them. Its clock and its inspectors are those of the supervisor.
 */
export function connectionOptions<C>(options: SuperviseOptions<C>): MachineOptions {
  const others = { ...options, timeouts: { ...options.timeouts } };
  for (const name of OWN_OPTIONS) Reflect.deleteProperty(others, name);
  for (const name of Object.keys(DEFAULTS.timeouts)) Reflect.deleteProperty(others.timeouts, name);
  return others;
}

const OWN_OPTIONS: readonly (keyof SuperviseOptions<never> | keyof Ending)[] = [
  'attempts',
  'backoff',
  'clock',
  'failWith',
  'inspect',
  'liveness',
  'onUp',
  'once',
  'restart',
  'retry',
  'stable',
];

/** The default of each option that is a number: the times in ms. */
export const DEFAULTS = {
  backoff: { initial: 100, factor: 2, max: 30_000 },
  timeouts: { address: 10_000, up: 30_000 },
  supervise: { attempts: Infinity, stable: 10_000 },
} as const;

const RESTART_POLICIES: readonly RestartPolicy[] = ['on-failure', 'always'];

/** The part of a policy that does not depend on the types of the messages. */
type RetryPolicy = Omit<
  Policy<never, never>,
  'createLocator' | 'destroyStream' | 'synchronize' | 'liveness'
>;

/**
 * Checks the options and returns them as a policy.
 *
 * @throws {ArgumentError} When one is invalid.
 */
export function resolvePolicy<C>(options: SuperviseOptions<C>): RetryPolicy {
  const { random = Math.random, ...given } = options.backoff ?? {};
  checkNames('backoff', given, DEFAULTS.backoff);
  // The machine of the connection checks those that are not the supervisor's own.
  checkSpelling('timeouts', options.timeouts, { ...DEADLINE_NAMES, ...DEFAULTS.timeouts });
  const { retry = meritsRetry, restart = 'on-failure' } = options;
  const { initial, factor, max } = resolveNumbers('backoff', DEFAULTS.backoff, given);
  const { address, up } = resolveNumbers('timeouts', DEFAULTS.timeouts, options.timeouts ?? {});
  const { attempts, stable } = resolveNumbers('supervise', DEFAULTS.supervise, options);
  if (attempts !== Infinity && !Number.isInteger(attempts)) {
    throw new ArgumentError(`supervise.attempts must be a whole number, not ${String(attempts)}`);
  }
  if (!RESTART_POLICIES.includes(restart)) {
    const policies = RESTART_POLICIES.map((policy) => `'${policy}'`).join(' or ');
    throw new ArgumentError(`supervise.restart must be ${policies}, not ${show(restart)}`);
  }
  requireFunctions({
    'backoff.random': typeof random,
    'supervise.retry': typeof retry,
    ...(options.onUp && { 'supervise.onUp': typeof options.onUp }),
  });
  return {
    attempts,
    restart,
    retry: (cause) => callOr(() => retry(cause), false),
    backoff: (made) => Math.min(max, initial * factor ** Math.max(0, made - 1)),
    random: () => clampFraction(callOr(random, 1)),
    deadlines: { locate: address, sync: up, stable },
  };
}

function requireFunctions(types: Readonly<Record<string, string>>): void {
  for (const [name, type] of Object.entries(types)) {
    if (type !== 'function') throw new ArgumentError(`${name} must be a function, not ${type}`);
  }
}

/** Values outside [0, 1] count as 1. */
const clampFraction = (value: number): number => (value >= 0 && value <= 1 ? value : 1);

/** Calls a user's function. Returns `fallback` if it throws. */
function callOr<T>(run: () => T, fallback: T): T {
  try {
    return run();
  } catch {
    return fallback;
  }
}

/** The default of `SuperviseOptions.retry`. */
function meritsRetry(cause: WirechartError): boolean {
  // A clean end, with the policy `always`.
  if (isClosedError(cause) && cause.expected) return true;
  // An address function may succeed next time; a handshake that throws would throw again.
  const isAddress = isConnectError(cause) && cause.phase === 'connection';
  return (isAddress && isHandlerError(cause.cause)) || cause.retryable;
}
