/** What must hold of a page that gets the messages of an inspector: its data, which has no DOM. */

import { Model } from '../../../inspector/page/model.ts';
import { HISTORY_BOUNDS, programOf, RECORDING_BOUNDS } from '../../../inspector/shared/history.ts';
import type { ActorView, Entry, ServerMessage } from '../../../inspector/shared/view.ts';
import { BOUNDS } from '../../../inspector/src/bounds.ts';
import { Mismatch } from '../engine/target.ts';
import { expectEqual } from './monitor.ts';

/** @throws {Mismatch} When a page was not told everything, or more than the bounds allow. */
export function checkPage(messages: readonly ServerMessage[]): void {
  const entries = messages.filter((message) => message.type === 'entry');
  checkNumbers(messages, entries);
  checkSizes(messages, entries);
  for (const entry of entries) checkEntry(entry);
  checkModel(messages, entries);
}

/** What pages got in their order: a page that is open takes each message, and each full state after others. */
export function replay(sent: readonly unknown[]): void {
  const model = new Model(() => undefined);
  for (const message of (sent as ServerMessage[][]).flat()) {
    model.receive(message);
    if (message.type === 'entry' && message.seq % 5 === 0) model.pause();
  }
  for (const actor of [...model.actors()]) readAll(model, actor);
}

/** Numbers ascend. They have gaps only where a program was forgotten. */
function checkNumbers(messages: readonly ServerMessage[], entries: readonly Entry[]): void {
  const numbers = entries.map(({ seq }) => seq);
  const hello = messages.find((message) => message.type === 'hello');
  expectEqual(
    'The numbers do not ascend',
    numbers,
    [...new Set(numbers)].toSorted((a, b) => a - b),
  );
  const isWhole = hello?.newest === entries.length;
  if (isWhole) expectEqual('Entries are missing', numbers.at(-1) ?? 0, entries.length);
}

function checkSizes(messages: readonly ServerMessage[], entries: readonly Entry[]): void {
  for (const message of messages) {
    if (message.type !== 'program') continue;
    const own = entries.filter((entry) => programOf(entry) === message.id);
    const bounds = message.source === 'recording' ? RECORDING_BOUNDS : HISTORY_BOUNDS;
    const size = own.reduce((sum, entry) => sum + entry.size, 0);
    expectAtMost('The history has too many entries', own.length, bounds.entries);
    expectAtMost('The history is too large', size, bounds.size);
  }
}

function checkEntry(entry: Entry): void {
  if (!Number.isFinite(entry.at)) throw new Mismatch('A time is no number', 'a number', entry.at);
  if (entry.kind === 'problem')
    expectAtMost('A problem is too long', entry.text.length, BOUNDS.problemCharacters);
  if (entry.kind === 'event')
    expectAtMost('The name of an event is too long', entry.name.length, BOUNDS.nameCharacters);
}

/** @throws {Mismatch} When the page shows something else. Nothing that it reads may throw. */
function checkModel(messages: readonly ServerMessage[], entries: readonly Entry[]): void {
  const model = new Model(() => undefined);
  for (const message of messages) model.receive(message);
  expectEqual('The page keeps other entries', [...model.history.entries()], entries);
  const latest = latestStates(messages);
  for (const actor of [...model.actors()]) {
    expectEqual('The page shows another state', model.stateOf(actor.id), latest.get(actor.id));
    readAll(model, actor);
  }
  for (const { seq } of entries) {
    model.pin(seq);
    expectEqual('The page shows another moment', model.seq, seq);
    for (const actor of [...model.actors()]) readAll(model, actor);
  }
  model.goLive();
  for (const program of [...model.programs.keys()]) model.receive({ type: 'forgotten', program });
  expectEqual('A forgotten program has actors', [...model.actors()], []);
}

function latestStates(messages: readonly ServerMessage[]): Map<string, unknown> {
  const latest = new Map<string, unknown>();
  for (const message of messages) {
    if (message.type === 'actor') latest.set(message.id, message.base);
    if (message.type === 'entry' && message.kind === 'state')
      latest.set(message.actor, message.state);
  }
  return latest;
}

/** Reads what the panes show of an actor. */
function readAll(model: Model, actor: ActorView): void {
  model.selected = actor.id;
  model.sinceOf(actor.id);
  model.isAlive(actor.id);
  model.clockOf(actor.program);
  model.chartOf(actor);
  for (const entry of model.statesOf(actor.id)) {
    model.changeOf(entry);
    model.causeOf(entry);
    model.isFailure(entry);
    model.stateBefore(entry);
  }
  const { entry } = model;
  if (entry !== undefined) model.isUnhandled(entry);
}

function expectAtMost(what: string, actual: number, most: number): void {
  if (actual > most) throw new Mismatch(what, most, actual);
}
