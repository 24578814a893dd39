/**
 * The real machine, on a fake link and a fake clock that a walk operates, compared with the model.
 */

import { expect } from 'vitest';
import { type ActorRefFrom, createActor } from 'xstate';
import type { ProtocolEmitted } from '../../src/machines/protocol-types.ts';
import { MAX_TIMER_MS } from '../../src/async/timer.ts';
import { type Call, CountingClock, DEADLINES, type FakeLink } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import {
  type Answer,
  answerTo,
  type Command,
  type LinkMethod,
  methodsIn,
  type Fault,
  type Model,
  STATES,
  type Stimulus,
  NOT_STARTED,
  type Variant,
} from './model.ts';
import { outcomeText, textOf, emittedText } from './texts.ts';
import { type Chart, chartOf, ERRORS, EVENTS, inputOf } from './variants.ts';

/** Resolves when all microtasks have run; timers and I/O do not run. */
const microtasks = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });

/** The machine and the model, which take every step together. */
export class Rig {
  readonly variant: Variant;
  readonly link: FakeLink;
  readonly clock = new CountingClock();
  readonly actor: ActorRefFrom<Chart>;
  model: Model = NOT_STARTED;
  /** The rows of the model's table that were used. */
  readonly rows: number[] = [];
  readonly #history: string[] = [];
  readonly #emitted: ProtocolEmitted[] = [];
  readonly #actorErrors: unknown[] = [];
  #expected: Answer['emitted'] = [];

  constructor(variant: Variant) {
    this.variant = variant;
    const input = inputOf(variant);
    this.link = input.link;
    this.actor = createActor(chartOf(variant), { input, clock: this.clock });
    this.actor.on('*', (emitted) => this.#emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.#actorErrors.push(error) });
    this.#advanceModel('start');
    this.actor.start();
    this.#expected = ['IDLE 0', ...this.#expected];
  }

  /**
   * Takes a step, or several in one turn, of which only the last may settle a method. Resolves when
   * the machine has handled them.
   */
  async take(...stimuli: readonly Stimulus[]): Promise<void> {
    this.#begin();
    for (const stimulus of stimuli) {
      this.#advanceModel(stimulus);
      this.#apply(stimulus);
    }
    await microtasks();
  }

  /**
   * Applies stimuli that the model refuses, and asserts that the machine keeps the identical
   * context and child actors, and makes no call. Whatever follows is then not affected by the
   * refused stimuli.
   */
  async expectRefused(stimuli: readonly Stimulus[]): Promise<void> {
    const before = this.actor.getSnapshot();
    const calls = this.link.calls.length;
    await this.take(...stimuli);
    const after = this.actor.getSnapshot();
    this.check();
    expect(after.context, this.history).toBe(before.context);
    expect(after.children, this.history).toBe(before.children);
    expect(this.link.calls.length, this.history).toBe(calls);
  }

  /**
   * Settles a method, and sends a command in the same turn, before the machine can handle the
   * first.
   */
  async race(report: Stimulus, command: Command): Promise<void> {
    this.#begin();
    this.#apply(report);
    const { aborted } = this.model;
    this.#advanceModel(command);
    this.#apply(command);
    const [method] = report.split(' ');
    const newlyAborted = this.model.aborted.slice(aborted.length);
    const others = newlyAborted.filter((each) => each !== method);
    // A call that was aborted in this very turn is ignored, although it has settled.
    if (others.length === newlyAborted.length) this.#advanceModel(report);
    else this.model = { ...this.model, aborted: [...aborted, ...others] };
    await microtasks();
  }

  #begin(): void {
    this.#emitted.length = 0;
    this.#expected = [];
  }

  #advanceModel(stimulus: Stimulus): void {
    const { model, emitted, row } = answerTo(this.variant, this.model, stimulus);
    this.model = model;
    this.#expected = [...this.#expected, ...emitted];
    if (row !== undefined) this.rows.push(row);
    this.#history.push(stimulus);
  }

  #apply(stimulus: Stimulus): void {
    if (stimulus in EVENTS) this.actor.send(EVENTS[stimulus as Command]);
    else if (stimulus === 'deadline') this.#passDeadline();
    else this.#settle(stimulus);
  }

  #settle(stimulus: Stimulus): void {
    const [method, how] = stimulus.split(' ');
    const calls = method === 'late' ? this.#aborted : [this.link.call(method as LinkMethod)];
    for (const call of calls) {
      if (how === 'done') call.resolve();
      else call.reject(ERRORS[how as Fault]);
    }
  }

  /** Advances the clock to the last moment before the deadline, and then past it. */
  #passDeadline(): void {
    const ms = this.clock.delays.at(-1) ?? 0;
    const before = this.actor.getSnapshot();
    this.clock.increment(ms - 1);
    expect(this.actor.getSnapshot()).toBe(before);
    this.clock.increment(1);
  }

  get #aborted(): Call[] {
    return this.link.calls.filter((call) => call.isPending && call.signal.aborted);
  }

  /** Asserts that everything observable of the machine is as the model says. */
  check(): void {
    const actual = this.#actualView();
    const expected = this.#expectedView();
    if (JSON.stringify(actual) === JSON.stringify(expected)) return;
    expect(actual, this.history).toEqual(expected);
    expect.unreachable(`${this.history}: the texts differ`);
  }

  /** The steps so far and the variant, for the message of a failure. */
  get history(): string {
    const variant = Object.entries(this.variant).map(([key, isSet]) =>
      isSet ? key : `not ${key}`,
    );
    return `${this.#history.join('; ')} (${variant.join(', ')})`;
  }

  #actualView(): object {
    const { context, status, value, tags, children, output } = this.actor.getSnapshot();
    const { outcome } = context;
    const { phase } = context;
    return {
      state: pathOf(value),
      status,
      tags: [...tags],
      session: context.session,
      phase: this.model.state.startsWith('CONNECTING') ? phase : '',
      endExpected: context.endExpected,
      cause: textOf(context.cause) ?? '',
      suppressed: context.suppressed.map(textOf),
      outcome: outcome && outcomeText(outcome),
      output: output === undefined ? '' : outcomeText(output),
      emitted: this.#emitted.map(emittedText),
      // Sorted, because the order in which the two loops start does not matter.
      live: this.link.live.map(({ method }) => method).sort(),
      // A machine that has ended keeps references to the actors that it has stopped.
      actors: status === 'done' ? 0 : Object.keys(children).length,
      aborted: this.#aborted.map(({ method }) => method).sort(),
      timers: this.clock.timers,
      lastTimer: this.clock.timers > 0 ? this.clock.delays.at(-1) : 0,
      settled: this.link.settledWith.length,
      released: this.link.released,
      actorErrors: this.#actorErrors,
    };
  }

  #expectedView(): object {
    const { state, session, phase, endExpected, cause, suppressed, outcome, aborted } = this.model;
    const { runstate, deadline } = STATES[state];
    const methods = methodsIn(state, this.variant);
    const isOver = state === 'ENDED';
    const hasFailed = outcome !== undefined && !outcome.startsWith('as asked');
    const idle = hasFailed ? ['idle', 'failed'] : ['idle'];
    const tags = { IDLE: idle, CONNECTING: ['busy'], RUNNING: ['up'], DISCONNECTING: ['busy'] };
    return {
      state,
      status: isOver ? 'done' : 'active',
      tags: tags[runstate],
      session,
      phase: runstate === 'CONNECTING' ? phase : '',
      endExpected,
      cause: cause ?? '',
      suppressed,
      outcome: outcome === undefined ? undefined : `${outcome}, ${this.#undelivered}`,
      output: isOver && outcome !== undefined ? `${outcome}, ${this.#undelivered}` : '',
      emitted: this.#expected,
      live: [...methods].sort(),
      // In `halfOpen`, the reader has ended and not been stopped.
      actors: isOver ? 0 : methods.length + (state === 'RUNNING.halfOpen' ? 2 : 1),
      aborted: [...aborted].sort(),
      ...this.#timersFor(deadline),
      settled: runstate === 'IDLE' ? session : session - 1,
      released: isOver ? 1 : 0,
      actorErrors: [],
    };
  }

  get #undelivered(): string {
    return this.variant.queued ? '3 undelivered' : '0 undelivered';
  }

  #timersFor(deadline: keyof typeof DEADLINES | undefined): object {
    if (deadline === undefined) return { timers: 0, lastTimer: 0 };
    if (this.variant.finite) return { timers: 1, lastTimer: DEADLINES[deadline] };
    // For an infinite deadline there may be no timer, or one with the longest delay.
    const { timers } = this.clock;
    return { timers: Math.min(timers, 1), lastTimer: timers > 0 ? MAX_TIMER_MS : 0 };
  }

  /**
   * Leads the machine to IDLE by the shortest way, and asserts what must hold of every idle
   * machine.
   */
  async returnToIdle(
    how: 'destroy done' | 'destroy reset' | 'deadline' = 'destroy done',
  ): Promise<void> {
    if (STATES[this.model.state].runstate !== 'IDLE') {
      if (this.model.state !== 'DISCONNECTING.destroying') await this.take('DISCONNECT force');
      await this.take(how === 'deadline' && !this.variant.finite ? 'destroy done' : how);
    }
    await this.take('late done');
    this.check();
    expect(STATES[this.model.state].runstate, this.history).toBe('IDLE');
    this.#checkCalls();
    this.actor.stop();
    expect([this.link.released, this.clock.timers, this.link.live]).toEqual([1, 0, []]);
  }

  #checkCalls(): void {
    const { maxLive, calls } = this.link;
    expect(
      [...maxLive].filter(([, most]) => most > 1),
      this.history,
    ).toEqual([]);
    const log = calls.map(({ method }) => method);
    for (const session of sessionsOf(log)) expect(session, this.history).toMatch(ONE_SESSION);
  }
}

/** The link methods that were called, as one text for each session. */
const sessionsOf = (log: readonly LinkMethod[]): string[] =>
  log.join(' ').split(/ ?(?=\b(?:dial|listen)\b)/);

/**
 * Opened once; loops only on an open stream; ended once and destroyed once, with no loop after
 * that.
 */
const ONE_SESSION =
  /^$|^(dial|listen( accept)?)( establish)?(( (read|write|session|drain|farewell|discard|flush))+)?( close)?( destroy)?$/;
