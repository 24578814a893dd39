/**
 * A QMP server that answers by a script, for tests of what talks to QEMU, on machines without QEMU.
 *
 * It serves one client at a time, as a monitor of QEMU does: the next one is connected at once and
 * greeted when the first has gone.
 */

import type { JsonObject } from '../codecs/json.ts';
import { ClosedError, ConnectError } from '../core/errors.ts';
import type { ProtocolOptions } from '../protocol/machine.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { ProtocolServer } from '../server/protocol-server.ts';
import type { QmpCommand } from '../qmp/types.ts';
import type { Address, BoundAddress } from '../core/types.ts';
import { Monitor, type Wire } from './monitor.ts';
import type { Answer, Fault, Script } from './script.ts';
import { builtInCommands, GREETING } from './virtual-machine.ts';

/** What a scripted server is made of; everything has a default. */
export interface ScriptedQmpServerOptions extends ProtocolOptions {
  /** Where it listens. Default: a port of 127.0.0.1 that the system chooses. */
  readonly address?: Address | undefined;
  /** What it says first, or the fault that it shows instead. Default: a greeting that offers `oob`. */
  readonly greeting?: Answer | undefined;
  /**
   * Commands by name, beside and before the built-in ones: `query-version`, `query-status`,
   * `query-name`, `query-commands`, `query-yank`, `cont`, `stop`, `quit`. A script for
   * `qmp_capabilities` answers the negotiation.
   */
  readonly commands?: Readonly<Record<string, Script>> | undefined;
  /** Whether each object is spread over several lines, as by a monitor with `pretty=on`. */
  readonly pretty?: boolean | undefined;
}

/**
 * See the module's comment.
 *
 * @example
 *   await using server = new ScriptedQmpServer({
 *     commands: {
 *       'query-block': [],
 *       eject: new CommandFailure("Device 'cd0' is locked"),
 *       migrate: faults.silence(),
 *     },
 *   });
 *   await qmp.connect(await server.listen());
 */
export class ScriptedQmpServer implements AsyncDisposable {
  /** Every command that was received, those of the negotiation included, in order. */
  readonly received: QmpCommand[] = [];

  readonly #options: ScriptedQmpServerOptions;
  readonly #commands: ReadonlyMap<string, Script>;
  readonly #server: ProtocolServer<JsonObject, Wire>;
  readonly #closing = new AbortController();
  #bound: Promise<BoundAddress> | undefined;
  #served: Monitor | undefined;

  /** @param options - What it answers, and where. */
  constructor(options: ScriptedQmpServerOptions = {}) {
    this.#options = options;
    const builtIn = builtInCommands(
      (event, data) => {
        this.emit(event, data);
      },
      () => [...this.#commands.keys()],
    );
    this.#commands = new Map(Object.entries({ ...builtIn, ...options.commands }));
    this.#server = this.#serving(options);
  }

  /**
   * Starts to serve. Resolves with the address, for a client's `connect()`. To be called once.
   *
   * @throws {ConnectError} When it cannot listen there, or was closed.
   */
  async listen(): Promise<BoundAddress> {
    if (this.#closing.signal.aborted) {
      throw new ConnectError('connection', new ClosedError('The server was closed'));
    }
    this.#bound ??= this.#server.listen(this.#options.address ?? { port: 0 });
    return this.#bound;
  }

  /** Sends an event to the client that is served, if any. */
  emit(event: string, data?: JsonObject): void {
    this.#served?.emit(event, data);
  }

  /** Shows a fault to the client that is served, if any. */
  show(fault: Fault): void {
    this.#served?.show(fault);
  }

  /** Stops to serve, and ends the session under way. Resolves when nothing is left open. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#server.close({ force: true });
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #serving({ limits, timeouts, ...options }: ScriptedQmpServerOptions) {
    return new ProtocolServer<JsonObject, Wire>(
      (_, peer) => {
        this.#served = this.#monitor(peer);
        return this.#served.definition;
      },
      {
        ...options,
        limits: { ...limits, maxPeers: 1, maxBacklog: Infinity },
        // It waits for clients, and lets them wait for each other, as long as the test does.
        timeouts: { handshake: Infinity, ...timeouts, backlog: Infinity },
      },
    );
  }

  #monitor(peer: () => AsyncProtocol<JsonObject, Wire>): Monitor {
    const { greeting = GREETING, pretty = false } = this.#options;
    return new Monitor(
      {
        greeting,
        pretty,
        find: (name) => this.#commands.get(name),
        onCommand: (command) => this.received.push(command),
      },
      peer,
    );
  }
}
