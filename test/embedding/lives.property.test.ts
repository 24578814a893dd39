/** Walks of a connection that ends one life and begins the next at any moment. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AnyActorRef, Snapshot } from 'xstate';
import {
  AsyncProtocol,
  ClosedError,
  type ProtocolEvent,
  type SessionOutcome,
} from '../../src/index.ts';
import type { Deadlines } from '../../src/core/limits.ts';
import { createMachineOf } from '../../src/machines/protocol-machine.ts';
import { FakeLink } from '../machines/fake-link.ts';
import { pathOf, turn } from '../machines/support.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { connectionIn, type Place, PLACES, startIn, storedConnection } from './placed.ts';
import { showMachine } from './react-support.ts';

expectIdleAfterEach();

/** No timer runs, so that nothing happens between the steps. */
const NEVER = { connect: Infinity, accept: Infinity, handshake: Infinity, drain: Infinity };
const DEADLINES: Partial<Deadlines> = { ...NEVER, flush: Infinity, close: Infinity };
const ADDRESS = '/run/fake.sock';

/** A running tree of actors, and the way into its next life. */
interface Tree {
  readonly root: AnyActorRef;
  readonly nextLife: () => Tree;
  readonly end: () => void;
}

type Step =
  | { readonly do: 'send'; readonly event: ProtocolEvent<string> }
  | { readonly do: 'settle'; readonly which: number; readonly fails: boolean }
  | { readonly do: 'set'; readonly property: 'isHandling' | 'hasFarewell' | 'allowHalfOpen' }
  | { readonly do: 'begin the next life' };

const events = fc.constantFrom<ProtocolEvent<string>>(
  { type: 'CONNECT', address: ADDRESS },
  { type: 'LISTEN', address: ADDRESS },
  { type: 'ACCEPT' },
  { type: 'DISCONNECT' },
  { type: 'DISCONNECT', force: true },
  { type: 'EXPECT_END' },
  { type: 'FAIL', error: new ClosedError('The peer does not answer') },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), event: events }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(),
      fails: fc.integer({ min: 0, max: 4 }).map((number) => number === 0),
    }),
  },
  fc.record({
    do: fc.constant('set' as const),
    property: fc.constantFrom(
      'isHandling' as const,
      'hasFarewell' as const,
      'allowHalfOpen' as const,
    ),
  }),
  { weight: 2, arbitrary: fc.constant({ do: 'begin the next life' as const }) },
);

/** One walk. Each life has a link of its own. */
class Walk {
  readonly links: FakeLink[] = [];
  readonly machine = createMachineOf<string, string>(() => {
    const link = new FakeLink(DEADLINES);
    this.links.push(link);
    return link;
  }, {});
  readonly #place: Place;
  readonly #isDialing: boolean;
  /** What the facades of earlier lives have said of their ends. */
  readonly #ends: Promise<SessionOutcome>[] = [];
  #tree: Tree | undefined;

  constructor(place: Place, isDialing: boolean) {
    this.#place = place;
    this.#isDialing = isDialing;
  }

  get address(): string | undefined {
    return this.#isDialing ? ADDRESS : undefined;
  }

  begin(tree: Tree): void {
    this.#tree = tree;
    this.#expectNewLife();
  }

  get #current(): { readonly tree: Tree; readonly link: FakeLink } {
    const [tree, link] = [this.#tree, this.links.at(-1)];
    if (tree === undefined || link === undefined) throw new Error('The walk has not begun');
    return { tree, link };
  }

  async take(step: Step): Promise<void> {
    const { tree, link } = this.#current;
    const ref = connectionIn(tree.root, this.#place);
    if (step.do === 'send') ref.send(step.event);
    if (step.do === 'set') link[step.property] = true;
    if (step.do === 'settle') {
      const call = link.live[step.which % Math.max(1, link.live.length)];
      if (step.fails) call?.reject(new ClosedError('It broke'));
      else call?.resolve();
    }
    if (step.do === 'begin the next life') {
      this.#ends.push(AsyncProtocol.attach(ref).closed);
      this.#tree = tree.nextLife();
      this.#expectNewLife();
    }
    await turn();
    const stored = storedConnection(this.#current.tree.root.getPersistedSnapshot(), this.#place);
    expect(stored).toStrictEqual(JSON.parse(JSON.stringify(stored)));
  }

  /** Expects everything of the lives before to be over, and the present one to begin as the first has begun. */
  #expectNewLife(): void {
    const { tree, link } = this.#current;
    const { value, context } = connectionIn(tree.root, this.#place).getSnapshot();
    expect(pathOf(value)).toBe(this.#isDialing ? 'CONNECTING.dialing' : 'IDLE');
    expect(context).toMatchObject({ session: this.#isDialing ? 1 : 0, outcome: undefined });
    expect(link.live.map(({ method }) => method)).toEqual(this.#isDialing ? ['dial'] : []);
    expect(link.released).toBe(0);
    this.#expectOver(this.links.slice(0, -1));
  }

  #expectOver(links: readonly FakeLink[]): void {
    expect(links.map(({ released }) => released)).toEqual(links.map(() => 1));
    expect(links.flatMap(({ live }) => live)).toEqual([]);
  }

  async end(): Promise<void> {
    this.#current.tree.end();
    this.#expectOver(this.links);
    // Every facade of an earlier life knows its end.
    await Promise.all(this.#ends);
  }
}

/** Checks walks in all places. `plant` starts a tree of actors. */
const checkWalks = (plant: (walk: Walk, place: Place) => Promise<Tree>, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PLACES.map(([, place]) => place)),
      fc.boolean(),
      fc.array(steps, { maxLength: 25, size: 'max' }),
      async (place, isDialing, taken) => {
        const walk = new Walk(place, isDialing);
        walk.begin(await plant(walk, place));
        for (const step of taken) await walk.take(step);
        await walk.end();
      },
    ),
    { numRuns },
  );

it('a connection that is stored and restored begins anew, whatever it did', () => {
  const treeOf = (walk: Walk, place: Place, snapshot?: Snapshot<unknown>): Tree => {
    const { root, persist } = startIn(place, walk.machine, snapshot ? { snapshot } : walk);
    return {
      root,
      nextLife: () => {
        const stored = JSON.stringify(persist());
        root.stop();
        return treeOf(walk, place, JSON.parse(stored) as Snapshot<unknown>);
      },
      end: () => {
        root.stop();
      },
    };
  };
  return checkWalks((walk, place) => Promise.resolve(treeOf(walk, place)), 100);
});

it('a connection in a component that is hidden and shown begins anew, whatever it did', () =>
  checkWalks(async (walk, place) => {
    const page = await showMachine(walk.machine, { place, address: walk.address });
    const tree: Tree = {
      root: page.root(),
      nextLife: () => {
        page.hide();
        page.show();
        return tree;
      },
      end: page.remove,
    };
    return tree;
  }, 40));
