/**
 * A bridge between a NATS server and the QMP monitors of this host: executes commands from NATS, and
 * publishes events and states.
 *
 *   npx tsx examples/nats-bridge.ts --server nats://127.0.0.1:4222 vm1=/run/vm1/qmp.sock vm2=…
 *
 *   vm.<name>.execute        request { command, arguments }; reply { return } or { error: { class, desc } }
 *   vm.<name>.event.<EVENT>  { seq, event, data, timestamp }
 *   vm.<name>.state          { seq, state: "UP" | "DOWN", reason }
 *   vm.<name>.lost           { count, total }: messages dropped since the last such message, and in total
 *
 * `--server` may be repeated, for the servers of a cluster; `tls://` requires TLS. The credentials are in
 * `NATS_USER` and `NATS_PASSWORD`. While the server is unreachable, messages are queued up to `--room`
 * bytes. `--allow query-*,cont,stop` restricts the commands. See docs/fleet.md.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';
import { ArgumentError, printable } from '../src/index.ts';
import { type BridgeContext, BridgedVm } from './bridged-vm.ts';
import { Outbox } from './outbox.ts';

/** The options of a bridge. */
export interface BridgeOptions {
  /** URLs such as `nats://127.0.0.1:4222`; several are the servers of one cluster. */
  readonly servers: readonly string[];
  /** The path of each monitor's socket, by the name of the machine. */
  readonly vms: ReadonlyMap<string, string>;
  /** How many bytes of messages may be queued until the server confirms them. Default 16 MiB. */
  readonly room?: number | undefined;
  /**
   * The names of the commands that clients may execute; one that ends with `*` stands for all that begin
   * like it. Default: all, so that the permissions of the NATS server alone decide.
   */
  readonly allow?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Called with incidents that are not published. Default: prints to standard error. */
  readonly log?: ((line: string) => void) | undefined;
}

const USAGE =
  'Usage: nats-bridge [--server nats://host:port]… [--room bytes] [--allow command,…] ' +
  '<name>=<path of the QMP socket>…';
const DEFAULT_ROOM_BYTES = 16 * 1024 * 1024;
/** How long each step of `close()` may wait for the server. */
const CLOSE_STEP_MS = 2000;

/** A running bridge. */
export class Bridge {
  /** Resolves when the bridge was closed; rejects when an error has ended it. */
  readonly ended: Promise<void>;

  readonly #nc: NatsConnection;
  readonly #outbox: Outbox;
  readonly #log: (line: string) => void;
  readonly #vms: readonly BridgedVm[];
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** @throws {Error} When no server can be reached, or the server rejects the credentials. */
  static async start(options: BridgeOptions): Promise<Bridge> {
    const { servers, user, password } = options;
    const isTls = servers.some((server) => server.startsWith('tls:'));
    const connectionOptions: ConnectionOptions = {
      servers: [...servers],
      name: `wirechart bridge on ${hostname()}`,
      ...(user !== undefined && { user, pass: password ?? '' }),
      ...(isTls && { tls: {} }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      // A silent server is detected within 15 seconds; with the default it takes six minutes.
      pingInterval: 5000,
    };
    return new Bridge(await connect(connectionOptions), options);
  }

  private constructor(
    nc: NatsConnection,
    { vms, room = DEFAULT_ROOM_BYTES, allow = ['*'], log = console.error }: BridgeOptions,
  ) {
    this.#nc = nc;
    this.#log = log;
    this.#outbox = new Outbox(nc, room, vms.keys());
    void this.#logStatus();
    const [outbox, fail] = [this.#outbox, this.#fail];
    const isAllowed = allowed(allow);
    const context: BridgeContext = { nc, outbox, run: randomUUID(), isAllowed, log, fail };
    this.#vms = [...vms].map(([name, path]) => new BridgedVm(name, path, context));
    this.ended = this.#awaitEnd();
  }

  /** How many messages the server has not confirmed. */
  get waiting(): number {
    return this.#outbox.size;
  }

  /** How many messages were dropped. */
  get lost(): number {
    return this.#outbox.lost;
  }

  /** Stops accepting commands, ends the sessions, and disconnects when the server has all messages. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#nc.isClosed()) {
      await settleWithin(Promise.all(this.#vms.map((vm) => vm.stopCommands())));
      await this.#stopAll();
      await settleWithin(this.#outbox.sent);
      await this.#nc.close();
    }
    await this.ended;
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#vms.map((vm) => vm.stop()));
  }

  /** The client reconnects for ever, except when the server rejects its credentials. */
  async #awaitEnd(): Promise<void> {
    const error = (await this.#nc.closed()) ?? this.#failure;
    if (error !== undefined) await this.#stopAll();
    const { size } = this.#outbox;
    if (size > 0) this.#log(`${String(size)} messages were lost: the NATS server was unreachable`);
    if (error !== undefined) throw error;
  }

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
    void this.#nc.close();
  };

  async #logStatus(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'error') this.#log(`NATS: ${printable(status.error.message)}`);
      if (/^(dis|re)connect$/.test(status.type)) this.#log(`NATS: ${status.type}`);
    }
  }
}

/** Returns whether a command matches one of the patterns. */
function allowed(patterns: readonly string[]): (command: string) => boolean {
  const isMatch = (command: string, pattern: string) =>
    pattern.endsWith('*') ? command.startsWith(pattern.slice(0, -1)) : command === pattern;
  return (command) => patterns.some((pattern) => isMatch(command, pattern));
}

/** Waits for a promise, at most for `CLOSE_STEP_MS`. Ignores whether it resolves or rejects. */
async function settleWithin(promise: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = pause(CLOSE_STEP_MS, undefined, { signal: timer.signal });
  await Promise.allSettled([Promise.race([promise, late])]);
  timer.abort();
  await Promise.allSettled([late]);
}

/**
 * Parses the command line.
 *
 * @throws {ArgumentError} When an argument is missing or invalid.
 * @throws {TypeError} When an option is unknown; `parseArgs()` throws it, with a `code`.
 */
export function optionsOf(args: string[], environment: NodeJS.ProcessEnv): BridgeOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      server: { type: 'string', multiple: true, default: ['nats://127.0.0.1:4222'] },
      room: { type: 'string', default: String(DEFAULT_ROOM_BYTES) },
      allow: { type: 'string', multiple: true },
    },
  });
  for (const server of values.server) {
    if (/^(nats|tls):\/\/[^\s/@]+$/.test(server)) continue;
    throw new ArgumentError(`'${server}' is not a server: use nats://host:port or tls://host:port`);
  }
  if (!/^[1-9]\d*$/.test(values.room))
    throw new ArgumentError(`--room must be a number of bytes above 0, not '${values.room}'`);
  return {
    servers: values.server,
    vms: vmsOf(positionals),
    room: Number(values.room),
    allow: values.allow?.flatMap(commandsOf),
    user: environment['NATS_USER'],
    password: environment['NATS_PASSWORD'],
  };
}

function commandsOf(text: string): string[] {
  const names = text.split(',');
  for (const name of names) {
    if (/^(?=.)[\w.-]*\*?$/.test(name)) continue;
    throw new ArgumentError(
      `--allow takes names of commands, separated by commas, such as 'query-*,cont'; not '${name}'`,
    );
  }
  return names;
}

function vmsOf(texts: readonly string[]): ReadonlyMap<string, string> {
  if (texts.length === 0)
    throw new ArgumentError('Name at least one virtual machine, as <name>=<path>');
  const vms = new Map<string, string>();
  for (const text of texts) {
    const [, name, path] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || path === undefined) {
      throw new ArgumentError(
        `'${text}' is not <name>=<path>, where a name has letters, digits, - and _`,
      );
    }
    if (vms.has(name)) throw new ArgumentError(`The name '${name}' was given twice`);
    vms.set(name, path);
  }
  return vms;
}

async function main(): Promise<void> {
  const bridge = await Bridge.start(optionsOf(process.argv.slice(2), process.env));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void bridge.close().catch(() => undefined)); // `ended` reports failures.
  }
  await bridge.ended;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    const isUsage =
      error instanceof ArgumentError || (error instanceof TypeError && 'code' in error);
    console.error(error instanceof Error ? error.message : error);
    if (isUsage) console.error(USAGE);
    process.exitCode = isUsage ? 2 : 1;
  }
}
