/** The logic that a protocol's author has put into a slot is shown as what it is. */

import { describe, expect, it } from 'vitest';
import { createActor, setup, waitFor } from 'xstate';
import { createProtocolMachine, lines, type Session, streamPair } from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { toDot, toMermaid } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { type MessageLog, nodeOf, stateOf, watch } from './support.ts';

expectIdleAfterEach();

interface Input {
  readonly session: Session<string>;
}

/** A machine with two states, which is done when it is told. */
const partOf = (id: string) =>
  setup({
    types: { input: {} as Input, context: {} as Input, events: {} as { type: 'NEXT' } },
  }).createMachine({
    id,
    context: ({ input }) => input,
    initial: 'first',
    states: {
      first: { on: { NEXT: 'second' } },
      second: { on: { NEXT: 'over' } },
      over: { type: 'final' },
    },
  });

const slots = { handshake: partOf('login'), session: partOf('work'), farewell: partOf('goodbye') };

const machines = {
  'of the definition': createProtocolMachine({ codec: lines(), ...slots }),
  'given to provide()': createProtocolMachine({ codec: lines() }).provide({ actors: slots }),
};

/** Sends NEXT to the actor that is shown by this name, as an inspector may. */
function next(feed: Feed, log: MessageLog, id: string): void {
  const event = JSON.stringify({ data: { type: 'NEXT' }, origin: log.registered(id).sessionId });
  feed.send({ type: 'xstate.event', event });
}

/** The names of a late watcher's actors, each with that of its parent. */
function tree(feed: Feed): string[] {
  const registered = watch(feed).of('service.register');
  const nameOf = (sessionId: string | undefined) =>
    registered.find((one) => one.sessionId === sessionId)?.id ?? '';
  return registered.map(({ id, parent }) => `${nameOf(parent)}/${id}`);
}

describe.each(Object.entries(machines))('the logic in the slots, %s,', (_, machine) => {
  it('is shown as machines with their states, also to a watcher that comes later', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(machine, { id: 'c', inspect: feed.inspect }).start();
    cleanUp(() => actor.stop());
    const [near, far] = streamPair();
    far.resume().on('end', () => far.end());
    actor.send({ type: 'CONNECT', address: { stream: near } });

    const parts = [
      ['handshake', 'login', 'CONNECTING'],
      ['session', 'work', 'RUNNING'],
      ['farewell', 'goodbye', 'DISCONNECTING'],
    ] as const;
    for (const [slot, id, state] of parts) {
      await log.until((all) => all.summary.includes(`register ${id} in ${slot} first`));
      await waitFor(actor, ({ value }) => JSON.stringify(value).includes(state));
      expect(tree(feed)).toEqual(expect.arrayContaining([`c/${slot}`, `${slot}/${id}`]));
      const { machine: definition, wirechart } = log.registered(id);
      expect(Object.keys(nodeOf(definition).states)).toEqual(['first', 'second', 'over']);
      expect(wirechart.kind).toBe('machine');
      next(feed, log, id);
      next(feed, log, id);
      const shown = log.statesOf(id).map((one) => stateOf(one).value);
      expect(shown).toEqual(['first', 'second', 'over']);
      await log.until((all) => all.summary.includes(`stop ${id}`));
    }
    await waitFor(actor, ({ value }) => value === 'IDLE');
    expect(tree(feed)).toEqual(['/c', 'c/owner']);
    expect(log.of('wirechart.problem')).toEqual([]);
  });

  it('is run by states of the drawing', () => {
    for (const text of [toMermaid(machine), toDot(machine)]) {
      expect(text).toContain('runs reader, writer, session');
      expect(text).toContain('runs handshake');
      expect(text).toContain('runs farewell');
      expect(text).toContain('session done');
    }
  });
});
