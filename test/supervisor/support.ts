/** Connections that are kept, whose every wait the test decides. */

import { expect } from 'vitest';
import { createActor } from 'xstate';
import { createChart } from '../../src/machines/protocol.ts';
import {
  type AddressSource,
  AsyncProtocol,
  type ClientClass,
  createSupervisorMachine,
  type ProtocolInput,
  supervise,
  type SuperviseOptions,
  type Supervisor,
  type SupervisorEmitted,
  type SupervisorState,
} from '../../src/index.ts';
import type { Link } from '../../src/machines/link.ts';
import { CountingClock, type LinkMethod, FakeLink } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';

/** A client of these tests: nothing of its own. */
export type Client = AsyncProtocol<string>;
export type Kind = ClientClass<Client, string, string>;

/** Clients over the links that a function makes, one for each connection. */
export const kindOver = (createLink: () => Link<string, string>): Kind => ({
  createMachine: () => createChart<string, string, ProtocolInput | undefined>(createLink),
  attach: (ref, options) => AsyncProtocol.attach(ref, options),
});

/** An error of the operating system. */
export const systemError = (code: string): Error =>
  Object.assign(new Error(`connect ${code}`), { code });

/** Without jitter: every wait is as long as it may be. */
export const steady = { random: () => 1 };

/** What the fake peer does with an attempt, or with a session. */
abstract class Peer {
  readonly link: FakeLink;
  readonly clock = new CountingClock();

  constructor(link: FakeLink) {
    this.link = link;
  }

  /** Resolves the live call of a method, and waits until the machine has handled it. */
  async fulfil(...methods: readonly LinkMethod[]): Promise<void> {
    for (const method of methods) {
      await turn();
      this.link.call(method).resolve();
      await turn();
    }
  }

  /** Rejects the live call of a method, and waits until the machine has handled it. */
  async fail(method: LinkMethod, reason: unknown): Promise<void> {
    await turn();
    this.link.call(method).reject(reason);
    await turn();
  }

  /** The attempt under way is refused. */
  async refuse(reason: unknown = systemError('ECONNREFUSED')): Promise<void> {
    await this.fail('dial', reason);
    await this.fulfil('destroy');
  }

  /** The attempt under way leads to a session. */
  accept(): Promise<void> {
    return this.fulfil('dial', 'establish');
  }

  /** The session breaks; it is not home yet. */
  breaks(reason: unknown = systemError('ECONNRESET')): Promise<void> {
    return this.fail('read', reason);
  }

  /** The session breaks, and is closed. */
  async die(reason?: unknown): Promise<void> {
    await this.breaks(reason);
    await this.fulfil('close');
  }

  async pass(ms: number): Promise<void> {
    this.clock.increment(ms);
    await turn();
  }
}

/** A supervision over a fake link. After the test it is stopped, and must then hold nothing. */
export class Kept extends Peer {
  readonly vm: Supervisor<Client>;
  /** Every state that was entered after the first. */
  readonly states: SupervisorState[] = [];

  constructor(
    options: SuperviseOptions<Client> = {},
    address: AddressSource = '/run/fake.sock',
    link = new FakeLink(),
  ) {
    super(link);
    this.vm = supervise(
      kindOver(() => link),
      address,
      { clock: this.clock, ...options },
    );
    void this.#record();
    cleanUp(() => this.#expectToEnd());
  }

  get client(): Client {
    return this.vm.client;
  }

  /** The causes of the reasons, as text. */
  get reasons(): string[] {
    return this.vm.failures.map(({ session, cause }) => `${String(session)}: ${cause.message}`);
  }

  async #record(): Promise<void> {
    for await (const state of this.vm.states()) this.states.push(state);
  }

  async #expectToEnd(): Promise<void> {
    const stopped = this.vm.stop({ force: true });
    for (const call of this.link.live) if (call.method === 'destroy') call.resolve();
    await stopped;
    expect(this.vm.state).toBe('STOPPED');
    expect(this.client.runstate).toBe('IDLE');
    expect(this.clock.timers).toBe(0);
    expect(this.link.live.map(({ method }) => method)).toEqual([]);
  }
}

/** The same as a bare machine, with all that it emits. After the test it is stopped. */
export class Machine extends Peer {
  readonly actor;
  readonly emitted: SupervisorEmitted[] = [];

  constructor(
    options: SuperviseOptions<Client> = {},
    address: AddressSource = '/run/fake.sock',
    link = new FakeLink(),
  ) {
    super(link);
    const kind = kindOver(() => link);
    const machine = createSupervisorMachine(kind, address, options);
    this.actor = createActor(machine, { clock: this.clock });
    this.actor.on('*', (emitted) => this.emitted.push(emitted));
    this.actor.start();
    cleanUp(() => {
      this.actor.stop();
      expect(this.clock.timers).toBe(0);
      expect(this.link.live.map(({ method }) => method)).toEqual([]);
      expect(this.link.released).toBe(1);
    });
  }

  /** The innermost state, as a path. */
  get state(): string {
    return pathOf(this.actor.getSnapshot().value);
  }

  get context() {
    return this.actor.getSnapshot().context;
  }

  /** How long the waits were, in ms. */
  get waits(): number[] {
    return this.emitted.flatMap((emitted) => (emitted.type === 'waiting' ? [emitted.ms] : []));
  }

  /** What was emitted of one type. */
  all<T extends SupervisorEmitted['type']>(type: T): Extract<SupervisorEmitted, { type: T }>[] {
    return this.emitted.filter(
      (emitted): emitted is Extract<SupervisorEmitted, { type: T }> => emitted.type === type,
    );
  }

  /** Lets the wait under way pass. */
  async wait(): Promise<void> {
    await this.pass(this.waits.at(-1) ?? 0);
  }
}
