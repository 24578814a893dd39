/** The real machine, on a link and a clock that do only what a walk says, and what is seen of it. */

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
  type Fault,
  type Model,
  PLACES,
  type Stimulus,
  UNBORN,
  type World,
} from './model.ts';
import { outcomeText, textOf, told } from './texts.ts';
import { type Chart, chartOf, ERRORS, EVENTS, inputOf } from './worlds.ts';

/** Lets everything that hangs on settled promises happen: all microtasks, and nothing else. */
const drained = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });

/** The machine and the model, which take every step together. */
export class Rig {
  readonly world: World;
  readonly link: FakeLink;
  readonly clock = new CountingClock();
  readonly actor: ActorRefFrom<Chart>;
  model: Model = UNBORN;
  /** The rows of the model's table that were used. */
  readonly rows: number[] = [];
  readonly #story: string[] = [];
  readonly #emitted: ProtocolEmitted[] = [];
  readonly #deaths: unknown[] = [];
  #expected: Answer['emitted'] = [];

  constructor(world: World) {
    this.world = world;
    const input = inputOf(world);
    this.link = input.link;
    this.actor = createActor(chartOf(world), { input, clock: this.clock });
    this.actor.on('*', (emitted) => this.#emitted.push(emitted));
    this.actor.subscribe({ error: (error: unknown) => this.#deaths.push(error) });
    this.#advance('start');
    this.actor.start();
    this.#expected = ['IDLE 0', ...this.#expected];
  }

  /**
   * Takes a step, or several in one turn, of which then only the last may be that a method settles; waits
   * until all that it leads to has happened.
   */
  async take(...stimuli: readonly Stimulus[]): Promise<void> {
    this.#begin();
    for (const stimulus of stimuli) {
      this.#advance(stimulus);
      this.#give(stimulus);
    }
    await drained();
  }

  /**
   * Gives what the model refuses: it must leave the machine as it is, not merely alike. The very same
   * memory, actors and calls mean that whatever comes next cannot tell that anything has come before.
   */
  async refuse(stimuli: readonly Stimulus[]): Promise<void> {
    const before = this.actor.getSnapshot();
    const calls = this.link.calls.length;
    await this.take(...stimuli);
    const after = this.actor.getSnapshot();
    this.check();
    expect(after.context, this.story).toBe(before.context);
    expect(after.children, this.story).toBe(before.children);
    expect(this.link.calls.length, this.story).toBe(calls);
  }

  /** Has a method settle, and gives a command in the same turn, before the machine can hear of the first. */
  async race(report: Stimulus, command: Command): Promise<void> {
    this.#begin();
    this.#give(report);
    const { abandoned } = this.model;
    this.#advance(command);
    this.#give(command);
    const [method] = report.split(' ');
    const given = this.model.abandoned.slice(abandoned.length);
    const others = given.filter((each) => each !== method);
    // What was given up in this very turn is not heard any more, although it has settled.
    if (others.length === given.length) this.#advance(report);
    else this.model = { ...this.model, abandoned: [...abandoned, ...others] };
    await drained();
  }

  #begin(): void {
    this.#emitted.length = 0;
    this.#expected = [];
  }

  #advance(stimulus: Stimulus): void {
    const { model, emitted, row } = answerTo(this.world, this.model, stimulus);
    this.model = model;
    this.#expected = [...this.#expected, ...emitted];
    if (row !== undefined) this.rows.push(row);
    this.#story.push(stimulus);
  }

  #give(stimulus: Stimulus): void {
    if (stimulus in EVENTS) this.actor.send(EVENTS[stimulus as Command]);
    else if (stimulus === 'deadline') this.#letDeadlinePass();
    else this.#settle(stimulus);
  }

  #settle(stimulus: Stimulus): void {
    const [method, how] = stimulus.split(' ');
    const calls = method === 'late' ? this.#abandoned : [this.link.call(method as LinkMethod)];
    for (const call of calls) {
      if (how === 'done') call.resolve();
      else call.reject(ERRORS[how as Fault]);
    }
  }

  /** To the last moment at which it has not passed, and past it. */
  #letDeadlinePass(): void {
    const ms = this.clock.delays.at(-1) ?? 0;
    const before = this.actor.getSnapshot();
    this.clock.increment(ms - 1);
    expect(this.actor.getSnapshot()).toBe(before);
    this.clock.increment(1);
  }

  get #abandoned(): Call[] {
    return this.link.calls.filter((call) => call.isPending && call.signal.aborted);
  }

  /** All that can be seen of the machine, and all that the model says of it, must be the same. */
  check(): void {
    const seen = this.#seen();
    const expected = this.#foreseen();
    if (JSON.stringify(seen) === JSON.stringify(expected)) return;
    expect(seen, this.story).toEqual(expected);
    expect.unreachable(`${this.story}: the texts differ`);
  }

  get story(): string {
    const world = Object.entries(this.world).map(([key, is]) => (is ? key : `not ${key}`));
    return `${this.#story.join('; ')} (${world.join(', ')})`;
  }

  #seen(): object {
    const { context, status, value, tags, children, output } = this.actor.getSnapshot();
    const { outcome } = context;
    const inAttempt = context.phase;
    return {
      place: pathOf(value),
      status,
      tags: [...tags],
      session: context.session,
      phase: this.model.place.startsWith('CONNECTING') ? inAttempt : '',
      endExpected: context.endExpected,
      cause: textOf(context.cause) ?? '',
      suppressed: context.suppressed.map(textOf),
      outcome: outcome && outcomeText(outcome),
      output: output === undefined ? '' : outcomeText(output),
      emitted: this.#emitted.map(told),
      // Sorted, because which of two loops is started first is nobody's business.
      live: this.link.live.map(({ method }) => method).sort(),
      // A machine that has ended keeps the references of what it has stopped.
      actors: status === 'done' ? 0 : Object.keys(children).length,
      abandoned: this.#abandoned.map(({ method }) => method).sort(),
      timers: this.clock.timers,
      lastTimer: this.clock.timers > 0 ? this.clock.delays.at(-1) : 0,
      settled: this.link.settledWith.length,
      released: this.link.released,
      deaths: this.#deaths,
    };
  }

  #foreseen(): object {
    const { place, session, phase, endExpected, cause, suppressed, outcome, abandoned } =
      this.model;
    const { runstate, methods, deadline } = PLACES[place];
    const isOver = place === 'ENDED';
    const tags = { IDLE: [], CONNECTING: ['busy'], RUNNING: ['up'], DISCONNECTING: ['busy'] };
    return {
      place,
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
      actors: isOver ? 0 : methods.length + 1,
      abandoned: [...abandoned].sort(),
      ...this.#timersFor(deadline),
      settled: runstate === 'IDLE' ? session : session - 1,
      released: isOver ? 1 : 0,
      deaths: [],
    };
  }

  get #undelivered(): string {
    return this.world.queued ? '3 undelivered' : '0 undelivered';
  }

  #timersFor(deadline: keyof typeof DEADLINES | undefined): object {
    if (deadline === undefined) return { timers: 0, lastTimer: 0 };
    if (this.world.finite) return { timers: 1, lastTimer: DEADLINES[deadline] };
    // A timer that is not to pass may be set, for as long as timers last, or not at all.
    const { timers } = this.clock;
    return { timers: Math.min(timers, 1), lastTimer: timers > 0 ? MAX_TIMER_MS : 0 };
  }

  /** The short way home from wherever it is, and what must be true of every machine that has come home. */
  async goHome(how: 'destroy done' | 'destroy reset' | 'deadline' = 'destroy done'): Promise<void> {
    if (PLACES[this.model.place].runstate !== 'IDLE') {
      if (this.model.place !== 'DISCONNECTING.destroying') await this.take('DISCONNECT force');
      await this.take(how === 'deadline' && !this.world.finite ? 'destroy done' : how);
    }
    await this.take('late done');
    this.check();
    expect(PLACES[this.model.place].runstate, this.story).toBe('IDLE');
    this.#checkLife();
    this.actor.stop();
    expect([this.link.released, this.clock.timers, this.link.live]).toEqual([1, 0, []]);
  }

  #checkLife(): void {
    const { maxLive, calls } = this.link;
    expect(
      [...maxLive].filter(([, most]) => most > 1),
      this.story,
    ).toEqual([]);
    const log = calls.map(({ method }) => method);
    for (const session of sessionsOf(log)) expect(session, this.story).toMatch(ONE_SESSION);
  }
}

/** What the link was asked for, session by session. */
const sessionsOf = (log: readonly LinkMethod[]): string[] =>
  log.join(' ').split(/ ?(?=\b(?:dial|listen)\b)/);

/** Opened once; loops only on an open stream; ended once, destroyed once, and no loop after that. */
const ONE_SESSION =
  /^$|^(dial|listen( accept)?)( establish)?(( (read|write|flush))+)?( close)?( destroy)?$/;
