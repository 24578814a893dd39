/** What the tree knows of the actors at the selected moment. */

import type { ActorState, ActorView } from '../shared/view.ts';
import { actorName, valueText } from './format.ts';
import type { Model } from './model.ts';
import type { TreeActor, TreeWishes } from './tree-rows.ts';

/** The actors for `rowsOf()`. Their states and rates are looked up only if the wishes need them. */
export function* treeActors(
  model: Model,
  rates: ReadonlyMap<string, number>,
  wishes: TreeWishes & { readonly withEnded: boolean },
): Generator<TreeActor> {
  const needsState = wishes.order !== 'tree' || wishes.show !== 'all' || wishes.filter !== '';
  for (const actor of model.actors()) {
    const { id, program, parent } = actor;
    const state = needsState ? model.stateOf(id) : undefined;
    const isAlive = model.isAlive(id);
    const isExempt = parent === undefined || id === model.selected || wishes.withEnded;
    yield {
      id,
      program,
      parent,
      name: needsState ? actorName(actor) : actor.name,
      state: state === undefined ? '' : stateText(actor, state, isAlive),
      isActive: isAlive && state?.status === 'active' && isConnected(model, actor),
      isHidden: !isAlive && !isExempt,
      failures: model.failures.get(id) ?? 0,
      changedAt: state?.at ?? 0,
      rate: rates.get(id) ?? 0,
    };
  }
}

/** Whether its program is not known to have disconnected. */
export const isConnected = (model: Model, { program }: ActorView): boolean =>
  model.programs.get(program)?.source !== 'disconnected';

/** The status of an actor. One that ended without another status was stopped. */
export const statusOf = (state: ActorState, isAlive: boolean): string =>
  isAlive || state.status !== 'active' ? state.status : 'stopped';

const texts = new WeakMap<ActorState, string>();

/** The state of a machine, or the status of another actor. */
export function stateText(actor: ActorView, state: ActorState, isAlive: boolean): string {
  if (actor.kind !== 'machine') return statusOf(state, isAlive);
  const known = texts.get(state);
  if (known !== undefined) return known;
  const text = valueText(state.value);
  texts.set(state, text);
  return text;
}
