/**
 * The heartbeat of a client: how QEMU is asked, and how what was found is told. When it is asked, and what follows,
 * is decided by the chart in `src/machines/heartbeat.ts`.
 *
 * QEMU executes in-band commands in its main loop, and out-of-band commands in the thread that reads its monitors.
 * So a reply to an in-band command says that all is well, and one to an out-of-band command alone that the main
 * loop is busy.
 */

import { describe } from '../../core/errors.ts';
import type { Beat, LostState, Pulse } from '../../core/heartbeat.ts';
import { isThenable } from '../../core/shape.ts';
import type { Logger } from '../../core/types.ts';
import { HeartbeatError } from './heartbeat-error.ts';
import type { HeartbeatSettings, QmpHeartbeat } from './heartbeat-options.ts';
import type { ProbedExchange, Prober } from './prober.ts';

/** What a heartbeat belongs to. */
export interface HeartbeatParts {
  readonly exchange: ProbedExchange;
  readonly prober: Prober;
  /** Must not throw. */
  readonly logger: Logger | undefined;
}

/** The port of one client's heartbeat. */
export class QmpPulse implements Pulse {
  readonly #settings: HeartbeatSettings;
  readonly #parts: HeartbeatParts;
  /** Of the current session. */
  #signal = AbortSignal.abort();
  #beat: Beat | undefined;

  constructor(settings: HeartbeatSettings, parts: HeartbeatParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** What was found last in the current session; `undefined` without one. */
  get report(): QmpHeartbeat | undefined {
    if (this.#beat === undefined || this.#signal.aborted) return undefined;
    return { ...this.#beat, outOfBand: this.#parts.exchange.hasOob };
  }

  get timing(): Pulse['timing'] {
    return this.#settings;
  }

  get pid(): number | undefined {
    return this.#settings.pid;
  }

  get answers(): number {
    return this.#parts.exchange.answers.inBand;
  }

  get signsOfLife(): number {
    return this.#parts.exchange.answers.outOfBand;
  }

  /** Without out-of-band execution there is no better way to tell. */
  get isAtWork(): boolean {
    return !this.#parts.exchange.hasOob && this.#parts.prober.isAwaited;
  }

  begin(beat: Beat, signal: AbortSignal): void {
    this.#beat = beat;
    this.#signal = signal;
  }

  ask(): Promise<unknown> {
    const { exchange, prober } = this.#parts;
    // This answer is counted, and does not end the wait for the other one.
    if (exchange.hasOob) void prober.outOfBand(this.#signal);
    // What is asked already is counted, too. A handler on its promise would stay there as long as it waits.
    if (prober.isAwaited || prober.isAsking) return new Promise(() => undefined);
    return prober.inBand(this.#signal);
  }

  patience(state: LostState): number {
    const { misses, stopped } = this.#settings;
    if (state === 'stopped' && stopped === 'report') return Infinity;
    return state === 'dead' && misses !== Infinity ? 1 : misses;
  }

  note(beat: Beat): void {
    const before = this.#beat;
    this.#beat = beat;
    const { report } = this;
    if (before === undefined || report === undefined || beat.state === before.state) return;
    const lasted = `${String(beat.since - before.since)} ms`;
    const text = `Heartbeat: ${beat.state}, after ${lasted} ${before.state}`;
    const { logger } = this.#parts;
    if (beat.state === 'healthy') logger?.info(text);
    else logger?.warn(text);
    this.#tell(report);
  }

  failure({ misses, lastAnswer, state }: Beat, pid: number | undefined): HeartbeatError {
    const lost = state === 'healthy' || state === 'busy' ? 'silent' : state;
    return new HeartbeatError({ state: lost, misses, lastAnswer, pid });
  }

  #tell(report: QmpHeartbeat): void {
    const onError = (error: unknown): void => {
      this.#parts.logger?.warn(`The callback heartbeat.onChange threw: ${describe(error)}`);
    };
    try {
      const returned = this.#settings.onChange?.(report);
      if (isThenable(returned)) returned.then(undefined, onError);
    } catch (error) {
      onError(error);
    }
  }
}
