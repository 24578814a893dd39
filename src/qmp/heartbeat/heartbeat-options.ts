/** The option `heartbeat`: its type, its defaults, its check. */

import { MAX_TIMER_MS } from '../../async/timer.ts';
import { ArgumentError } from '../../core/errors.ts';
import type { HeartbeatState } from '../../core/heartbeat.ts';
import { resolveNumbers } from '../../core/limits.ts';
import { checkChoices, checkKinds, checkNames, type Names } from '../../core/options.ts';
import { show } from '../../core/shape.ts';

/** What the heartbeat of a session says. */
export interface QmpHeartbeat {
  /** What was found: see `HeartbeatState`. */
  readonly state: HeartbeatState;
  /** When this state was found first, in ms since 1970. */
  readonly since: number;
  /** When the latest answer was noticed, in ms since 1970. */
  readonly lastAnswer: number;
  /** How many heartbeats in a row had no answer at all. */
  readonly misses: number;
  /**
   * Whether the server can be asked out of band. If not, a server that executes a long command of another client
   * cannot be told from one that hangs.
   */
  readonly outOfBand: boolean;
}

/** The settings of a heartbeat. All have a default. */
export interface HeartbeatOptions {
  /** The rest between two heartbeats, in ms. Default 5 000. */
  readonly every?: number | undefined;
  /** How long an answer may take, in ms. Default 2 000. */
  readonly within?: number | undefined;
  /**
   * After how many heartbeats in a row without any answer the session fails with a `HeartbeatError`; a server
   * whose process has ended fails it at the first. `Infinity`: it never does. Default 3.
   */
  readonly misses?: number | undefined;
  /**
   * What follows when the process of the server is stopped (SIGSTOP, or a debugger). `report`: nothing but the
   * report. `fail`: the session fails after `misses`, as with a silent one. Default `report`.
   */
  readonly stopped?: 'report' | 'fail' | undefined;
  /**
   * The process id of the server, on the same host. Default: that of a program that `spawnPeer()` has started, or
   * of the process that serves the UNIX socket, if the system tells (Linux). Where it is not known, a server that is
   * stopped or dead counts as silent.
   */
  readonly pid?: number | undefined;
  /**
   * Called when the heartbeat finds another state than before. It is not awaited; what it throws, or rejects
   * with, is a warning of the logger.
   */
  readonly onChange?: ((heartbeat: QmpHeartbeat) => unknown) | undefined;
}

/** The settings with all defaults. */
export interface HeartbeatSettings {
  readonly every: number;
  readonly within: number;
  readonly misses: number;
  readonly stopped: 'report' | 'fail';
  readonly pid: number | undefined;
  readonly onChange: HeartbeatOptions['onChange'];
}

const DEFAULTS = { every: 5_000, within: 2_000, misses: 3 } as const;
const NAMES: Names<HeartbeatOptions> = {
  every: true,
  within: true,
  misses: true,
  stopped: true,
  pid: true,
  onChange: true,
};

/**
 * Returns the settings of a heartbeat; `undefined` if there is none.
 *
 * @throws {ArgumentError} When an option is unknown, or a value cannot be used.
 */
export function resolveHeartbeat(given: unknown): HeartbeatSettings | undefined {
  if (given === undefined || given === false) return undefined;
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw new ArgumentError(
      `heartbeat must be true, false or an object such as { every: 5000 }, not ${show(given)}`,
    );
  }
  return settingsOf(given === true ? {} : given);
}

function settingsOf(given: HeartbeatOptions): HeartbeatSettings {
  checkNames('heartbeat', given, NAMES);
  checkKinds('heartbeat', given, { onChange: 'function' });
  checkChoices('heartbeat', given, { stopped: ['report', 'fail'] });
  const { stopped = 'report', pid, onChange } = given;
  const { every, within, misses } = resolveNumbers('heartbeat', DEFAULTS, given);
  for (const [name, ms] of Object.entries({ every, within })) {
    if (ms <= MAX_TIMER_MS) continue;
    throw new ArgumentError(
      `heartbeat.${name} must be at most ${String(MAX_TIMER_MS)} ms, not ${show(ms)}: leave heartbeat out`,
    );
  }
  if (pid !== undefined && !(Number.isInteger(pid) && pid > 0)) {
    throw new ArgumentError(`heartbeat.pid must be the id of a process, not ${show(pid)}`);
  }
  return { every, within, misses, stopped, pid, onChange };
}
