/** Publishes the way of a command; see `protocol/diagnostics.ts`. */

import { CommandTracer } from '../../protocol/diagnostics.ts';
import type { CallTrace } from '../../rpc/call-options.ts';
import { redactQmp } from '../redact.ts';
import type { QmpCommand } from '../types.ts';

type Source = ConstructorParameters<typeof CommandTracer>[0];

/** One command, from its creation on. */
export class CommandTrace implements CallTrace {
  readonly #tracer: CommandTracer;
  #failure: unknown;

  constructor(protocol: Source, command: string, message: QmpCommand) {
    this.#tracer = new CommandTracer(protocol, {
      command,
      message,
      definition: { redact: redactQmp },
    });
  }

  /** The command has failed, and its caller will get that as a reply. */
  noteFailure(failure: unknown): void {
    this.#failure = failure;
  }

  finish(error: unknown = this.#failure): void {
    this.#tracer.finish(error);
  }
}
