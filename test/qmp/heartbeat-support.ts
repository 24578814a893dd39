/** A client with a heartbeat, on a clock that stands still, and a monitor that a test operates. */

import type { HeartbeatOptions, OpenQapi, QmpClient, QmpOptions } from '../../src/qmp/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { createClient, ManualMonitor, type WireCommand } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';

export const EVERY = 1_000;
export const WITHIN = 100;

/** The name of a command. */
export const nameOf = (command: WireCommand): string | undefined =>
  command.execute ?? command['exec-oob'];

/** One session. */
export class BeatingSession {
  readonly clock = new CountingClock();
  readonly monitor = new ManualMonitor();
  readonly client: QmpClient<OpenQapi>;
  /** The states that `onChange` was told. */
  readonly changes: string[] = [];
  readonly #capabilities: readonly string[];

  constructor(
    heartbeat: HeartbeatOptions = {},
    { capabilities = ['oob'], ...options }: QmpOptions & { capabilities?: readonly string[] } = {},
  ) {
    this.#capabilities = capabilities;
    this.client = createClient({
      clock: this.clock,
      heartbeat: {
        every: EVERY,
        within: WITHIN,
        onChange: ({ state }) => this.changes.push(state),
        ...heartbeat,
      },
      ...options,
    });
  }

  async begin(): Promise<this> {
    const established = this.monitor.establish(this.#capabilities);
    await this.client.connect({ stream: this.monitor.stream });
    await established;
    return this;
  }

  get state(): string | undefined {
    return this.client.heartbeat?.state;
  }

  async pass(ms: number): Promise<void> {
    this.clock.increment(ms);
    await turn();
  }

  /** Passes the rest before a heartbeat, and returns what it asks, as many commands as are expected. */
  async beat(count = 2): Promise<WireCommand[]> {
    await this.pass(EVERY);
    const commands: WireCommand[] = [];
    while (commands.length < count) commands.push(await this.monitor.take());
    return commands;
  }

  async reply(...commands: readonly WireCommand[]): Promise<void> {
    for (const command of commands) this.monitor.reply(command);
    await turn();
  }

  /** Passes a whole heartbeat in which nothing is answered. */
  async missed(): Promise<void> {
    await this.pass(EVERY);
    await this.pass(WITHIN);
    // The operating system is asked about the process, which takes some turns; then the next rest begins.
    while (this.clock.delays.at(-1) !== EVERY && this.client.runstate === 'RUNNING') await turn();
  }
}
