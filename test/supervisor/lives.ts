/** Supervisors that are stored and restored, or stopped and started again, wherever they are in a tree of actors. */

import { type Actor, type AnyActorRef, createActor, setup, type Snapshot } from 'xstate';
import {
  type AddressSource,
  createSupervisorMachine,
  type SuperviseOptions,
  type SupervisorActorRef,
  type SupervisorMachine,
} from '../../src/index.ts';
import { CountingClock, FakeLink, type LinkMethod } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { type Client, clientClassOver, systemError, withoutJitter } from './support.ts';

/** A parent that invokes a supervisor for as long as it runs. */
const parentOf = (supervisor: SupervisorMachine<string>, address: AddressSource) =>
  setup({ actors: { supervisor } }).createMachine({
    invoke: { id: 'supervisor', src: 'supervisor', input: { address } },
  });

/** A parent of such a parent. */
const grandparentOf = (supervisor: SupervisorMachine<string>, address: AddressSource) =>
  setup({ actors: { parent: parentOf(supervisor, address) } }).createMachine({
    invoke: { id: 'parent', src: 'parent' },
  });

type RootMachine =
  SupervisorMachine<string> | ReturnType<typeof parentOf> | ReturnType<typeof grandparentOf>;

/** Where a supervisor is in a tree of actors. */
export interface Place {
  readonly machineWith: (
    supervisor: SupervisorMachine<string>,
    address: AddressSource,
  ) => RootMachine;
  /** The ids of the actors on the way from the root to the supervisor. */
  readonly path: readonly string[];
}

export const PLACES = {
  'the root actor': { machineWith: (supervisor) => supervisor, path: [] },
  'a child': { machineWith: parentOf, path: ['supervisor'] },
  'a child of a child': { machineWith: grandparentOf, path: ['parent', 'supervisor'] },
} as const satisfies Record<string, Place>;

/** An actor with all that it has started. */
const withDescendants = (actor: AnyActorRef): AnyActorRef[] => {
  const { children = {} } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
  return [actor, ...Object.values(children).flatMap(withDescendants)];
};

/** A root actor. */
export type Hideable = AnyActorRef & { stop(): unknown };

/** Stops a root actor and starts it again: the steps that `@xstate/react` takes for `<Activity>` and StrictMode. */
export function hideAndShow(root: Hideable): void {
  const kept = withDescendants(root).map(
    (actor) => [actor, actor.getSnapshot() as unknown] as const,
  );
  for (const [actor] of kept) Reflect.set(actor, 'observers', new Set());
  const system = root.system.getSnapshot();
  root.stop();
  Reflect.set(root.system, '_snapshot', system);
  for (const [actor, snapshot] of kept) {
    Reflect.set(actor, '_processingStatus', 0);
    Reflect.set(actor, '_snapshot', snapshot);
  }
  root.start();
}

/** What happens to a supervisor that its next life follows. */
export const REVIVALS = ['JSON', 'structuredClone()', '<Activity>'] as const;
export type Revival = (typeof REVIVALS)[number];

const copied = (way: Revival, value: unknown): unknown =>
  way === 'JSON' ? JSON.parse(JSON.stringify(value)) : structuredClone(value);

/** A supervisor over fake links, each life with one of its own. It is stopped after the test. */
export class Lives {
  readonly links: FakeLink[] = [];
  readonly clock = new CountingClock();
  readonly #place: Place;
  readonly #machine: RootMachine;
  #root: Actor<RootMachine>;

  constructor(
    place: Place,
    {
      address = '/run/x',
      ...options
    }: SuperviseOptions<Client> & { readonly address?: AddressSource } = {},
  ) {
    const createLink = (): FakeLink => {
      const link = new FakeLink();
      this.links.push(link);
      return link;
    };
    this.#place = place;
    this.#machine = place.machineWith(
      createSupervisorMachine(clientClassOver(createLink), { backoff: withoutJitter, ...options }),
      address,
    );
    this.#root = createActor(this.#machine, { clock: this.clock, input: { address } }).start();
    cleanUp(() => {
      this.#root.stop();
      if (this.clock.timers !== 0) throw new Error('A timer is left');
      if (this.links.some(({ live }) => live.length > 0)) throw new Error('A call is pending');
    });
  }

  get supervisor(): SupervisorActorRef<string> {
    let actor: AnyActorRef = this.#root;
    for (const id of this.#place.path) {
      const child = (actor.getSnapshot() as { children: Record<string, AnyActorRef> }).children[id];
      if (child === undefined) throw new Error(`There is no ${id}`);
      actor = child;
    }
    return actor as SupervisorActorRef<string>;
  }

  get state(): string {
    return pathOf(this.supervisor.getSnapshot().value);
  }

  get context() {
    return this.supervisor.getSnapshot().context;
  }

  /** The link of the present life. */
  get link(): FakeLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error('There is no link');
    return link;
  }

  /** What is stored of the supervisor. */
  get stored(): unknown {
    return this.supervisor.getPersistedSnapshot();
  }

  /** Resolves the live calls of these methods, one after the other. */
  async fulfil(...methods: readonly LinkMethod[]): Promise<void> {
    for (const method of methods) {
      await turn();
      this.link.call(method).resolve();
      await turn();
    }
  }

  /** Lets the live call of a method fail. */
  async fail(method: LinkMethod): Promise<void> {
    await turn();
    this.link.call(method).reject(systemError('ECONNREFUSED'));
    await turn();
  }

  /** Ends the life of the whole tree, and begins the next. */
  revive(way: Revival): void {
    if (way === '<Activity>') {
      hideAndShow(this.#root);
      return;
    }
    const snapshot = copied(way, this.#root.getPersistedSnapshot()) as Snapshot<unknown>;
    this.#root.stop();
    // The input is what XState's types ask for; an actor that is restored has its own.
    const input = { address: '/not/used' };
    this.#root = createActor(this.#machine, { clock: this.clock, input, snapshot }).start();
  }
}
