/** The chart of a heartbeat as a running actor, with a peer that answers as a test says. */

import { setImmediate as turn } from 'node:timers/promises';
import { createActor, type EventObject, fromCallback, setup } from 'xstate';
import { ClosedError, type WirechartError } from '../../src/core/errors.ts';
import type { Beat, LostState, ProcessState, Pulse } from '../../src/core/heartbeat.ts';
import { heartbeat } from '../../src/machines/heartbeat.ts';
import { HeartbeatRun } from '../../src/machines/heartbeat-run.ts';
import { CountingClock } from './fake-link.ts';
import { pathOf } from './support.ts';

export const EVERY = 1000;
export const WITHIN = 100;

/** A peer that answers nothing by itself. */
export class FakePulse implements Pulse {
  readonly timing = { every: EVERY, within: WITHIN };
  pid: number | undefined = 4711;
  answers = 0;
  signsOfLife = 0;
  isAtWork = false;
  /** After how many misses the session fails. */
  misses: Record<LostState, number> = { silent: Infinity, stopped: Infinity, dead: Infinity };
  /** How often it was asked. */
  asked = 0;
  /** Whether it cannot be asked. */
  cannotAsk = false;
  readonly notes: Beat[] = [];
  signal: AbortSignal | undefined;
  #answer: (() => void) | undefined;

  begin(_: Beat, signal: AbortSignal): void {
    this.signal = signal;
  }

  ask(): Promise<unknown> {
    this.asked += 1;
    if (this.cannotAsk) return Promise.reject(new ClosedError('It cannot be asked'));
    return new Promise<void>((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Answers the question that was asked last. */
  async answer(): Promise<void> {
    this.answers += 1;
    this.#answer?.();
    await turn();
  }

  patience(state: LostState): number {
    return this.misses[state];
  }

  note(beat: Beat): void {
    this.notes.push(beat);
  }

  failure({ state, misses }: Beat, pid: number | undefined): WirechartError {
    return new ClosedError(`${state} after ${String(misses)}, process ${String(pid)}`);
  }
}

/** A running heartbeat, and the connection that it belongs to. */
export class HeartbeatHarness {
  readonly clock = new CountingClock();
  readonly pulse = new FakePulse();
  /** What the operating system says. */
  process: ProcessState | Error = 'running';
  /** How often it was asked. */
  looks = 0;
  isEndExpected = false;
  /** What the connection was sent. */
  readonly sent: EventObject[] = [];
  readonly actor;
  readonly #parent;

  constructor() {
    const connection = createActor(
      fromCallback(({ receive }) => {
        receive((event) => this.sent.push(event));
      }),
    ).start();
    const peer = { remote: undefined, processState: () => this.#look() };
    const run = new HeartbeatRun(this.pulse, peer, connection);
    Object.defineProperty(run, 'isLeaving', { get: () => this.isEndExpected });
    const parent = setup({ actors: { heartbeat } }).createMachine({
      initial: 'RUNNING',
      states: {
        RUNNING: {
          invoke: { id: 'heartbeat', src: 'heartbeat', input: { run } },
          on: { LEAVE: 'IDLE' },
        },
        IDLE: {},
      },
    });
    this.#parent = createActor(parent, { clock: this.clock }).start();
    const actor = this.#parent.getSnapshot().children['heartbeat'];
    if (actor === undefined) throw new Error('There is no heartbeat');
    this.actor = actor;
  }

  get state(): string {
    const { value } = this.actor.getSnapshot() as { value: Parameters<typeof pathOf>[0] };
    return pathOf(value);
  }

  /** Leaves RUNNING. */
  leave(): void {
    this.#parent.send({ type: 'LEAVE' });
  }

  /** Passes time, and waits for what follows. */
  async pass(ms: number): Promise<void> {
    this.clock.increment(ms);
    await turn();
  }

  /** One whole heartbeat without an answer. */
  async miss(): Promise<void> {
    await this.pass(EVERY);
    await this.pass(WITHIN);
  }

  #look(): Promise<ProcessState> {
    this.looks += 1;
    return this.process instanceof Error
      ? Promise.reject(this.process)
      : Promise.resolve(this.process);
  }
}
