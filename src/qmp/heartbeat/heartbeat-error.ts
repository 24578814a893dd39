/** The error of a session that its heartbeat has ended. */

import { WirechartError } from '../../core/errors.ts';
import type { LostState } from '../../core/heartbeat.ts';

/** What is known of a server that is lost. */
export interface HeartbeatLoss {
  readonly state: LostState;
  /** How many heartbeats in a row had no answer. */
  readonly misses: number;
  /** When the latest answer was noticed, in ms since 1970. */
  readonly lastAnswer: number;
  /** The process of the server, if it is known. */
  readonly pid?: number | undefined;
}

/**
 * The server did not answer the heartbeats of the option `heartbeat`; ends the session. It is retryable: a
 * supervisor connects again, and starts its child again.
 */
export class HeartbeatError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'HeartbeatError';

  readonly code = 'ERR_QMP_HEARTBEAT';
  /** What was found: `silent`, `stopped` or `dead`, see `HeartbeatState`. */
  readonly state: LostState;
  /** How many heartbeats in a row had no answer. */
  readonly misses: number;
  /** When the latest answer was noticed, in ms since 1970. */
  readonly lastAnswer: number;
  /** The process id of the server; `undefined` if it is not known. */
  readonly pid: number | undefined;

  constructor({ state, misses, lastAnswer, pid }: HeartbeatLoss) {
    const server = pid === undefined ? 'the server' : `the server, process ${String(pid)},`;
    const ago = Math.max(0, Date.now() - lastAnswer);
    super(
      `No answer to ${misses === 1 ? 'a heartbeat' : `${String(misses)} heartbeats in a row`}, the last ` +
        `answer was ${String(ago)} ms ago: ${server} ${FINDINGS[state]}`,
    );
    this.state = state;
    this.misses = misses;
    this.lastAnswer = lastAnswer;
    this.pid = pid;
  }
}

const FINDINGS: Readonly<Record<LostState, string>> = {
  silent: 'hangs, or cannot be reached. Restart it, or raise heartbeat.within or heartbeat.misses',
  stopped: 'is stopped. Send it SIGCONT, or restart it',
  dead: 'has ended. Restart it',
};
