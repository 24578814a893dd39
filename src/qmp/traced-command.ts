/** A command in flight whose way is published; see `protocol/diagnostics.ts`. */

import type { WirechartError } from '../core/errors.ts';
import type { CommandTracer } from '../protocol/diagnostics.ts';
import { ExecuteError } from './errors.ts';
import type { PendingCommand } from './pending-command.ts';
import type { QmpReply } from './types.ts';

/** Publishes how a command has ended, just before its caller learns it. */
export class TracedCommand implements PendingCommand {
  readonly name: string;
  readonly #command: PendingCommand;
  readonly #tracer: CommandTracer;

  constructor(command: PendingCommand, tracer: CommandTracer) {
    this.name = command.name;
    this.#command = command;
    this.#tracer = tracer;
  }

  settle(reply: QmpReply): void {
    this.#tracer.finish('error' in reply ? new ExecuteError(this.name, reply) : undefined);
    this.#command.settle(reply);
  }

  fail(error: WirechartError): void {
    this.#tracer.finish(error);
    this.#command.fail(error);
  }

  reject(error: unknown): void {
    this.#tracer.finish(error);
    this.#command.reject(error);
  }
}
