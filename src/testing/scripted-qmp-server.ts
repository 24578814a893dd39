/**
 * A QMP server with scripted answers, for tests of programs that talk to QEMU, without QEMU.
 *
 * Like a monitor of QEMU, it serves one client at a time: the next client is connected at once, and
 * greeted when the current one has left.
 */

import type { JsonObject } from '../codecs/json.ts';
import { ClosedError, ConnectError } from '../core/errors.ts';
import { type Names, pickOptions } from '../core/options.ts';
import type { ProtocolOptions } from '../protocol/machine.ts';
import { checkProtocolOptions, PROTOCOL_OPTIONS } from '../protocol/options.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { ProtocolServer } from '../server/protocol-server.ts';
import type { QmpCommand } from '../qmp/types.ts';
import type { Address, BoundAddress } from '../core/types.ts';
import { Monitor, type Output } from './monitor.ts';
import type { Answer, Fault, Script } from './script.ts';
import { builtInCommands, GREETING } from './virtual-machine.ts';

/** The options of a scripted server. */
export interface ScriptedQmpServerOptions extends ProtocolOptions {
  /** Where the server listens. Default: a free TCP port of 127.0.0.1. */
  readonly address?: Address | undefined;
  /** The greeting, or a fault in place of it. Default: a greeting that offers the capability `oob`. */
  readonly greeting?: Answer | undefined;
  /**
   * Scripts by the name of the command. They override the built-in commands: `query-version`,
   * `query-status`, `query-name`, `query-commands`, `query-yank`, `cont`, `stop` and `quit`. A script of
   * `qmp_capabilities` answers the negotiation. Any other command is answered with `CommandNotFound`.
   */
  readonly commands?: Readonly<Record<string, Script>> | undefined;
  /** Whether to write each object on several lines, as with `pretty=on` in QEMU. Default `false`. */
  readonly pretty?: boolean | undefined;
}

const OPTIONS: Names<ScriptedQmpServerOptions> = {
  ...PROTOCOL_OPTIONS,
  address: true,
  greeting: true,
  commands: true,
  pretty: true,
};

/**
 * A QMP server with scripted answers that serves one client at a time.
 *
 * @example
 * await using server = new ScriptedQmpServer({
 *   commands: {
 *     'query-block': [],
 *     eject: new CommandFailure("Device 'cd0' is locked"),
 *     migrate: faults.silence(),
 *   },
 * });
 * await qmp.connect(await server.listen());
 */
export class ScriptedQmpServer implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'ScriptedQmpServer';

  /** All commands received so far, in order, those of the negotiation included. */
  readonly received: QmpCommand[] = [];

  readonly #options: ScriptedQmpServerOptions;
  readonly #commands: ReadonlyMap<string, Script>;
  readonly #server: ProtocolServer<JsonObject, Output>;
  readonly #closing = new AbortController();
  #bound: Promise<BoundAddress> | undefined;
  #current: Monitor | undefined;

  /**
   * @param options - Its answers, its address, and the options of every protocol.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(options: ScriptedQmpServerOptions = {}) {
    checkProtocolOptions('new ScriptedQmpServer()', options, OPTIONS);
    this.#options = options;
    const builtIn = builtInCommands(
      (event, data) => {
        this.emit(event, data);
      },
      () => [...this.#commands.keys()],
    );
    this.#commands = new Map(Object.entries({ ...builtIn, ...options.commands }));
    this.#server = this.#createServer(options);
  }

  /**
   * Starts to listen, and resolves with the address for a client's `connect()`. Later calls resolve with
   * the same address.
   *
   * @throws {ConnectError} When the address cannot be bound, or the server was closed.
   */
  async listen(): Promise<BoundAddress> {
    if (this.#closing.signal.aborted) {
      throw new ConnectError('connection', new ClosedError('The scripted server was closed'));
    }
    this.#bound ??= this.#server.listen(this.#options.address ?? { port: 0 });
    return this.#bound;
  }

  /** Sends an event to the current client. Does nothing unless its session is in RUNNING. */
  emit(event: string, data?: JsonObject): void {
    this.#current?.emit(event, data);
  }

  /** Injects a fault into the session of the current client. Does nothing unless it is in RUNNING. */
  show(fault: Fault): void {
    this.#current?.show(fault);
  }

  /** Stops listening and destroys the streams of all clients. Resolves when nothing is left open. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#server.close({ force: true });
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #createServer({ limits, timeouts, ...options }: ScriptedQmpServerOptions) {
    return new ProtocolServer<JsonObject, Output>(
      (_, peer) => {
        this.#current = this.#monitor(peer);
        return this.#current.definition;
      },
      {
        ...pickOptions(options, PROTOCOL_OPTIONS),
        limits: { ...limits, maxPeers: 1, maxBacklog: Infinity },
        // No deadline of the server's own: a client may wait as long as the test does.
        timeouts: { handshake: Infinity, ...timeouts, backlog: Infinity },
      },
    );
  }

  #monitor(peer: () => AsyncProtocol<JsonObject, Output>): Monitor {
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
