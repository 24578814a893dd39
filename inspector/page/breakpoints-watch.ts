/** Compares what happens with the breakpoints, and freezes the view when one hits. */

import type { Entry } from '../shared/view.ts';
import { type Breakpoint, breakpointText, type Happening, Matcher } from './breakpoints-rules.ts';
import { actorName } from './format.ts';
import type { Model } from './model.ts';

/** A breakpoint that is set. */
export interface SetBreakpoint {
  breakpoint: Breakpoint;
  matcher: Matcher;
  /** How often it has hit, also while the view was frozen. */
  hits: number;
  /** The number of the entry of its latest hit. */
  lastHit: number | undefined;
  /** For `stay`: by the ids of actors, when the stay began for which it has hit. */
  readonly stays: Map<string, number>;
}

/** The set breakpoints. */
export class BreakpointWatch {
  readonly #model: Model;
  #set: SetBreakpoint[] = [];
  /** The one that froze the view, and the moment at which it did. */
  #frozen: { readonly by: SetBreakpoint; readonly moment: unknown } | undefined;

  constructor(model: Model) {
    this.#model = model;
    model.onEntry((entry) => {
      this.#onEntry(entry);
    });
  }

  get all(): readonly SetBreakpoint[] {
    return this.#set;
  }

  /** The breakpoint at whose hit the view is frozen. */
  get frozenBy(): SetBreakpoint | undefined {
    const { moment } = this.#model;
    return moment !== undefined && this.#frozen?.moment === moment ? this.#frozen.by : undefined;
  }

  add(breakpoint: Breakpoint): void {
    const matcher = new Matcher(breakpoint);
    this.#set.push({ breakpoint, matcher, hits: 0, lastHit: undefined, stays: new Map() });
  }

  remove(one: SetBreakpoint): void {
    this.#set = this.#set.filter((other) => other !== one);
  }

  /** Looks for actors that stay too long in a state, which no entry tells. To be called now and then. */
  checkStays(): void {
    for (const one of this.#set) {
      if (!one.breakpoint.isOn || one.breakpoint.kind !== 'stay') continue;
      for (const [id, { text, at }] of this.#model.stays) this.#checkStay(one, id, text, at);
    }
  }

  #checkStay(one: SetBreakpoint, id: string, text: string, since: number): void {
    const model = this.#model;
    const actor = model.history.actors.get(id)?.actor;
    if (actor?.kind !== 'machine' || one.stays.get(id) === since) return;
    if (model.programs.get(actor.program)?.source !== 'live') return;
    if (!one.matcher.stays(actorName(actor), text, Date.now() - since)) return;
    one.stays.set(id, since);
    this.#hit(one, model.history.newest, id);
  }

  #onEntry(entry: Entry): void {
    if (this.#set.length === 0 || !this.#model.isNew(entry)) return;
    const happening = happeningOf(entry, this.#model);
    for (const one of this.#set) {
      if (!one.breakpoint.isOn || !one.matcher.matches(happening)) continue;
      if (this.#isCounted(one, entry)) continue;
      this.#hit(one, entry.seq, entry.actor);
    }
  }

  /** Whether a stay, which ends with the entry, has hit while it lasted. */
  #isCounted({ breakpoint, stays }: SetBreakpoint, { actor, at }: Entry): boolean {
    if (breakpoint.kind !== 'stay') return false;
    const since = stays.get(actor);
    stays.delete(actor);
    return since !== undefined && since < at;
  }

  #hit(one: SetBreakpoint, seq: number, actor: string): void {
    const model = this.#model;
    one.hits += 1;
    one.lastHit = seq;
    if (!model.isLive) return;
    model.pin(seq, `breakpoint: ${breakpointText(one.breakpoint)}`);
    if (model.moment === undefined) return;
    this.#frozen = { by: one, moment: model.moment };
    if (model.history.actors.get(actor)?.actor.kind === 'machine') model.selected = actor;
  }
}

/** What breakpoints compare with. */
export function happeningOf(entry: Entry, model: Model): Happening {
  const actor = model.history.actors.get(entry.actor)?.actor;
  const change = model.changeOf(entry);
  return {
    entry,
    actorName: actor === undefined ? '' : actorName(actor),
    isFailure: model.isFailure(entry),
    before: model.stateBefore(entry),
    left: change?.from === undefined ? undefined : { from: change.from, ms: change.ms },
  };
}
