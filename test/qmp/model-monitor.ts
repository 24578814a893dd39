/** A monitor that answers as QEMU does, at the moments that a test chooses. */

import type { ManualMonitor, WireCommand } from '../support/qmp.ts';

/** What a monitor has received and not answered yet, by the rules of QEMU. */
export class ModelMonitor {
  /** What breaks the rules of the wire. */
  readonly violations: string[] = [];
  readonly #monitor: ManualMonitor;
  readonly #window: number;
  /** In the order in which they were received, with what could not be parsed of either band. */
  readonly #inBand: WireCommand[] = [];
  readonly #outOfBand: WireCommand[] = [];

  constructor(monitor: ManualMonitor, window: number) {
    this.#monitor = monitor;
    this.#window = window;
    void this.#receive();
  }

  /** Answers the oldest in-band command; returns whether there was one. */
  answer(): boolean {
    return this.#answer(this.#inBand.shift());
  }

  /** Answers an in-band command with an id out of order, as other servers do, or else the oldest. */
  answerLast(): boolean {
    const last = this.#inBand.findLastIndex(({ id }) => id !== undefined);
    return last > 0 ? this.#answer(...this.#inBand.splice(last, 1)) : this.answer();
  }

  /** Answers the oldest out-of-band command. */
  answerOutOfBand(): boolean {
    return this.#answer(this.#outOfBand.shift());
  }

  /** Answers everything. */
  answerAll(): void {
    while (this.answer() || this.answerOutOfBand());
  }

  #answer(command?: WireCommand): boolean {
    if (command === undefined) return false;
    const { arguments: args, id } = command;
    if (args?.['isGarbled'] === true) {
      // QEMU answers out of band as soon as it reads the command, long before this one has its turn.
      while (this.answerOutOfBand());
      this.#monitor.send({ error: { class: 'GenericError', desc: 'JSON parse error, stray' } });
    } else if (args?.['fails'] === true) {
      this.#monitor.send({ error: { class: 'GenericError', desc: String(args['n']) }, id });
    } else this.#monitor.send({ return: args?.['n'], id });
    return true;
  }

  async #receive(): Promise<void> {
    for (;;) {
      const command = await this.#monitor.take();
      const isGarbled = command.arguments?.['isGarbled'] === true;
      // QEMU answers what it cannot parse in its turn, whatever it was meant to be.
      if ('exec-oob' in command && !isGarbled) this.#outOfBand.push(command);
      else this.#inBand.push(command);
      this.#check();
    }
  }

  #check(): void {
    const commands = this.#inBand.filter((command) => 'execute' in command);
    const ids = commands.map(({ id }) => id);
    if (new Set(ids).size < ids.length) this.violations.push(`ids twice: ${ids.join()}`);
    if (commands.length > this.#window) this.violations.push(`${String(ids.length)} in flight`);
  }
}
