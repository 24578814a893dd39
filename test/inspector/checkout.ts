/** A program without this library: the checkout of a shop. Its bank accepts or declines a card when it is told to. */

import { assign, createActor, fromPromise, setup } from 'xstate';

interface Context {
  readonly items: readonly string[];
  readonly total: number;
  readonly attempts: number;
  readonly receipt: string | undefined;
  readonly problem: unknown;
}

type CheckoutEvent =
  | { readonly type: 'ADD'; readonly item: string; readonly price: number }
  | { readonly type: 'PAY'; readonly card: { readonly brand: string; readonly last4: string } }
  | { readonly type: 'CLEAR' };

/** The machine of a checkout. @param answer - What its bank answers, to one authorization after the other. */
const checkoutOf = (answer: () => Promise<string>) =>
  setup({
    types: { context: {} as Context, events: {} as CheckoutEvent },
    actors: { bank: fromPromise(answer) },
    guards: {
      isEmpty: ({ context }) => context.items.length === 0,
      isBelowMinimum: ({ context }) => context.total < 5,
      mayRetry: ({ context }) => context.attempts < 2,
    },
    actions: {
      reserveStock: () => undefined,
      releaseStock: () => undefined,
      countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    },
  }).createMachine({
    id: 'checkout',
    context: { items: [], total: 0, attempts: 0, receipt: undefined, problem: undefined },
    initial: 'cart',
    states: {
      cart: {
        description: 'The customer chooses. After ten minutes, the cart is given up.',
        on: {
          ADD: {
            actions: assign({
              items: ({ context, event }) => [...context.items, event.item],
              total: ({ context, event }) => context.total + event.price,
            }),
          },
          PAY: [
            { guard: 'isEmpty', target: 'cart' },
            { guard: 'isBelowMinimum', target: 'abandoned' },
            { target: 'payment', actions: 'reserveStock' },
          ],
        },
        after: { 600_000: 'abandoned' },
      },
      payment: {
        initial: 'authorizing',
        tags: 'busy',
        states: {
          authorizing: {
            entry: 'countAttempt',
            invoke: {
              src: 'bank',
              id: 'bank',
              onDone: {
                target: 'captured',
                actions: assign({ receipt: ({ event }) => event.output }),
              },
              onError: [
                { guard: 'mayRetry', target: 'retrying' },
                {
                  target: '#checkout.declined',
                  actions: ['releaseStock', assign({ problem: ({ event }) => event.error })],
                },
              ],
            },
            after: { 30_000: '#checkout.declined' },
          },
          retrying: { always: 'authorizing' },
          captured: { type: 'final' },
        },
        onDone: 'paid',
      },
      paid: { type: 'final' },
      declined: {
        tags: 'failed',
        on: { PAY: 'payment', CLEAR: 'abandoned' },
      },
      abandoned: { type: 'final' },
    },
  });

/** A checkout that is not started. @param answers - Those of its bank, one after the other: a receipt or an error. */
export function checkout(answers: readonly (string | Error)[]) {
  const left = [...answers];
  const answer = (): Promise<string> => {
    const next = left.shift() ?? '';
    return typeof next === 'string' ? Promise.resolve(next) : Promise.reject(next);
  };
  return createActor(checkoutOf(answer));
}

/** What a bank says of a card whose limit is exceeded. */
export function declined(): Error {
  const cause = withStack(new Error('limit exceeded'), 'checkLimit (bank.ts:21:11)');
  return withStack(new Error('card declined', { cause }), 'authorize (bank.ts:34:9)');
}

/** Stacks have the paths of a computer, which pictures of the page must not show. */
function withStack(error: Error, at: string): Error {
  error.stack = `Error: ${error.message}\n    at ${at}`;
  return error;
}
