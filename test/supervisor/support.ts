/** Supervisors over a fake link, whose calls settle only when the test settles them. */

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

/** The client class of these tests: a plain protocol. */
export type Client = AsyncProtocol<string>;
export type TestClientClass = ClientClass<Client, string, string>;

/** A client class whose connections have the links that a function creates. */
export const clientClassOver = (createLink: () => Link<string, string>): TestClientClass => ({
  createMachine: () => createChart<string, string, ProtocolInput | undefined>(createLink),
  attach: (ref, options) => AsyncProtocol.attach(ref, options),
});

/** An error of the operating system. */
export const systemError = (code: string): Error =>
  Object.assign(new Error(`connect ${code}`), { code });

/** A backoff without jitter: every wait has its full length. */
export const withoutJitter = { random: () => 1 };

/** Plays the peer: settles the calls of the link, and advances the clock. */
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

  /** Refuses the current attempt. */
  async refuse(reason: unknown = systemError('ECONNREFUSED')): Promise<void> {
    await this.fail('dial', reason);
    await this.fulfil('destroy');
  }

  /** Lets the current attempt lead to a session. */
  accept(): Promise<void> {
    return this.fulfil('dial', 'establish');
  }

  /** Breaks the session; the connection is then closing. */
  breakSession(reason: unknown = systemError('ECONNRESET')): Promise<void> {
    return this.fail('read', reason);
  }

  /** Breaks the session, and lets the connection close. */
  async loseSession(reason?: unknown): Promise<void> {
    await this.breakSession(reason);
    await this.fulfil('close');
  }

  /** Advances the clock, and waits until the machine has handled it. */
  async advance(ms: number): Promise<void> {
    this.clock.increment(ms);
    await turn();
  }
}

/** A supervisor over a fake link. It is stopped after the test, and must then have nothing open. */
export class SupervisorHarness extends Peer {
  readonly supervisor: Supervisor<Client>;
  /** The states that were entered after the first, in order. */
  readonly states: SupervisorState[] = [];

  constructor(
    options: SuperviseOptions<Client> = {},
    address: AddressSource = '/run/fake.sock',
    link = new FakeLink(),
  ) {
    super(link);
    this.supervisor = supervise(
      clientClassOver(() => link),
      address,
      { clock: this.clock, ...options },
    );
    void this.#record();
    cleanUp(() => this.#expectStoppable());
  }

  get client(): Client {
    return this.supervisor.client;
  }

  /** The outages, each as the session and the message of its latest failure. */
  get failureTexts(): string[] {
    return this.supervisor.failures.map(
      ({ session, cause }) => `${String(session)}: ${cause.message}`,
    );
  }

  async #record(): Promise<void> {
    for await (const state of this.supervisor.states()) this.states.push(state);
  }

  async #expectStoppable(): Promise<void> {
    const stopped = this.supervisor.stop({ force: true });
    for (const call of this.link.live) if (call.method === 'destroy') call.resolve();
    await stopped;
    expect(this.supervisor.state).toBe('STOPPED');
    expect(this.client.runstate).toBe('IDLE');
    expect(this.clock.timers).toBe(0);
    expect(this.link.live.map(({ method }) => method)).toEqual([]);
  }
}

/**
 * The same as a bare machine, with the events that it has emitted. It is stopped after the test.
 */
export class Machine extends Peer {
  readonly actor;
  readonly emitted: SupervisorEmitted[] = [];

  constructor(
    options: SuperviseOptions<Client> = {},
    address: AddressSource = '/run/fake.sock',
    link = new FakeLink(),
  ) {
    super(link);
    const clientClass = clientClassOver(() => link);
    const machine = createSupervisorMachine(clientClass, options);
    this.actor = createActor(machine, { clock: this.clock, input: { address } });
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

  /** The lengths of the waits so far, in ms. */
  get waits(): number[] {
    return this.emitted.flatMap((emitted) => (emitted.type === 'waiting' ? [emitted.ms] : []));
  }

  /** The emitted events of one type, in order. */
  emittedOf<T extends SupervisorEmitted['type']>(
    type: T,
  ): Extract<SupervisorEmitted, { type: T }>[] {
    return this.emitted.filter(
      (emitted): emitted is Extract<SupervisorEmitted, { type: T }> => emitted.type === type,
    );
  }

  /** Advances the clock to the end of the current wait. */
  async passWait(): Promise<void> {
    await this.advance(this.waits.at(-1) ?? 0);
  }
}
