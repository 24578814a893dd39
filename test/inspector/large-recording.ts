/** Recordings as large as those of a program that ran for long: many actors, many states. */

import { assign, createActor, setup } from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';

/** An order, with a context of about a kilobyte, as charts of applications have. */
const order = setup({
  types: {
    context: {} as { id: number; attempts: number; items: object[]; last: object | undefined },
    events: {} as { type: 'NEXT' | 'RETRY' | 'HOLD'; payload: object },
  },
  actions: {
    remember: assign({ last: ({ event }) => event.payload }),
    count: assign({ attempts: ({ context }) => context.attempts + 1 }),
  },
}).createMachine({
  id: 'order',
  context: {
    id: 0,
    attempts: 0,
    items: Array.from({ length: 12 }, (_, at) => ({
      ...{ sku: `SKU-${String(at).padStart(6, '0')}`, price: at * 1.25, isGift: at % 2 === 0 },
    })),
    last: undefined,
  },
  initial: 'cart',
  on: { HOLD: { actions: 'count' } },
  states: {
    cart: { on: { NEXT: { target: 'paying', actions: ['remember', 'count'] } } },
    paying: {
      initial: 'asking',
      after: { 30_000: 'cart' },
      states: { asking: { on: { RETRY: 'waiting' } }, waiting: { on: { RETRY: 'asking' } } },
      on: { NEXT: { target: 'shipping', actions: 'remember' } },
    },
    shipping: { on: { NEXT: { target: 'cart', actions: ['remember', 'count'] } } },
  },
});

const HEAD = {
  ...{ type: 'wirechart.program', version: 1, name: 'large', pid: 1, instance: '' },
  ...{ control: false, at: 1_000 },
};

const EVENTS = ['NEXT', 'RETRY', 'HOLD', 'RETRY', 'NEXT', 'NEXT'] as const;

/** The lines of a recording of at least this many bytes, as `recordTo()` writes them. */
export function largeRecording(bytes: number, actorCount = 200): string {
  const lines = [JSON.stringify(HEAD)];
  let size = 0;
  const feed = new Feed();
  feed.add((line) => {
    lines.push(line);
    size += line.length + 1;
  });
  const actors = Array.from({ length: actorCount }, (_, at) => {
    const actor = createActor(order, { id: `order ${String(at)}` });
    feed.inspect.attach(actor);
    return actor.start();
  });
  for (let at = 0; size < bytes; at += 1) {
    const type = EVENTS[Math.floor(at / actorCount) % EVENTS.length] ?? 'NEXT';
    actors[at % actorCount]?.send({ type, payload: { at, note: 'as it comes from a service' } });
  }
  for (const actor of actors) actor.stop();
  return `${lines.join('\n')}\n`;
}
