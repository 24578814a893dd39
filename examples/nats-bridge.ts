/**
 * Carries commands to the QMP monitors of this host, and their events to whoever wants them, over a NATS
 * server.
 *
 *   npx tsx examples/nats-bridge.ts --server nats://127.0.0.1:4222 vm1=/run/vm1/qmp.sock vm2=…
 *
 *   vm.<name>.execute        request { command, arguments }; reply { return } or { error: { class, desc } }
 *   vm.<name>.event.<EVENT>  { seq, event, data, timestamp }
 *   vm.<name>.state          { seq, state: "UP" | "DOWN", reason }
 *   vm.<name>.lost           { count, total }: how many messages had to be given up
 *
 * `--server` may be given several times; `tls://` insists on TLS. `NATS_USER` and `NATS_PASSWORD` are what
 * the server asks for. What may wait for a server that is away is bounded by `--room`, in bytes.
 * See docs/fleet.md.
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';
import { ArgumentError } from '../src/index.ts';
import { BridgedVm, type House } from './bridged-vm.ts';
import { Outbox } from './outbox.ts';

/** What a bridge joins. */
export interface BridgeOptions {
  /** Such as `nats://127.0.0.1:4222`; several of them are a cluster. */
  readonly servers: readonly string[];
  /** The monitors by the names of their machines. */
  readonly vms: ReadonlyMap<string, string>;
  /** How many bytes may wait for a server that is away. Default 16 MiB. */
  readonly room?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Told what nobody else is told. Default: standard error. */
  readonly log?: ((line: string) => void) | undefined;
}

const USAGE =
  'Usage: nats-bridge [--server nats://host:port]… [--room bytes] <name>=<path of the QMP socket>…';
const ROOM = 16 * 1024 * 1024;
/** How long the server may take to take leave, in ms. */
const LEAVE_MS = 2000;

/** See the module's comment. */
export class Bridge {
  /** Resolves when it was closed; rejects when there was no going on. */
  readonly ended: Promise<void>;

  readonly #nc: NatsConnection;
  readonly #outbox: Outbox;
  readonly #log: (line: string) => void;
  readonly #vms: readonly BridgedVm[];
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** @throws {Error} When there is no such server, or it does not let us in. */
  static async start(options: BridgeOptions): Promise<Bridge> {
    const { servers, user, password } = options;
    const isTls = servers.some((server) => server.startsWith('tls:'));
    const all: ConnectionOptions = {
      servers: [...servers],
      name: `wirechart bridge on ${hostname()}`,
      ...(user !== undefined && { user, pass: password ?? '' }),
      ...(isTls && { tls: {} }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      // A server that is silent is found out in 15 seconds; by default it takes six minutes.
      pingInterval: 5000,
    };
    return new Bridge(await connect(all), options);
  }

  private constructor(
    nc: NatsConnection,
    { vms, room = ROOM, log = console.error }: BridgeOptions,
  ) {
    this.#nc = nc;
    this.#log = log;
    this.#outbox = new Outbox(nc, room);
    void this.#logStatus();
    const house: House = { nc, outbox: this.#outbox, run: randomUUID(), log, fail: this.#fail };
    this.#vms = [...vms].map(([name, path]) => new BridgedVm(name, path, house));
    this.ended = this.#end();
  }

  /** How many messages the server may not have. */
  get waiting(): number {
    return this.#outbox.size;
  }

  /** How many messages were given up. */
  get lost(): number {
    return this.#outbox.lost;
  }

  /** Takes no more commands, ends the sessions, and leaves when the server has all that there was to say. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#nc.isClosed()) {
      await inTime(Promise.all(this.#vms.map((vm) => vm.deafen())));
      await this.#stopAll();
      await inTime(this.#outbox.sent);
      await this.#nc.close();
    }
    await this.ended;
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#vms.map((vm) => vm.stop()));
  }

  /** The client connects again for ever, but not where it is shut out. */
  async #end(): Promise<void> {
    const error = (await this.#nc.closed()) ?? this.#failure;
    if (error !== undefined) await this.#stopAll();
    const { size } = this.#outbox;
    if (size > 0) this.#log(`${String(size)} messages were lost: the NATS server was away`);
    if (error !== undefined) throw error;
  }

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
    void this.#nc.close();
  };

  async #logStatus(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'error') this.#log(`NATS: ${status.error.message}`);
      if (/^(dis|re)connect$/.test(status.type)) this.#log(`NATS: ${status.type}`);
    }
  }
}

/** Waits, but not for ever; whether it failed makes no difference. */
async function inTime(promise: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = pause(LEAVE_MS, undefined, { signal: timer.signal });
  await Promise.allSettled([Promise.race([promise, late])]);
  timer.abort();
  await Promise.allSettled([late]);
}

/**
 * What the command line asks for.
 *
 * @throws {ArgumentError} When something is missing or wrong.
 * @throws {TypeError} Of `parseArgs`, with a `code`, when there is no such option.
 */
export function optionsOf(args: string[], environment: NodeJS.ProcessEnv): BridgeOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      server: { type: 'string', multiple: true, default: ['nats://127.0.0.1:4222'] },
      room: { type: 'string', default: String(ROOM) },
    },
  });
  for (const server of values.server) {
    if (/^(nats|tls):\/\/[^\s/@]+$/.test(server)) continue;
    throw new ArgumentError(`${server} is no server: give nats://host:port, or tls://host:port`);
  }
  if (!/^[1-9]\d*$/.test(values.room))
    throw new ArgumentError(`${values.room} is no number of bytes`);
  return {
    servers: values.server,
    vms: vmsOf(positionals),
    room: Number(values.room),
    user: environment['NATS_USER'],
    password: environment['NATS_PASSWORD'],
  };
}

function vmsOf(texts: readonly string[]): ReadonlyMap<string, string> {
  if (texts.length === 0) throw new ArgumentError('No virtual machine was given');
  const vms = new Map<string, string>();
  for (const text of texts) {
    const [, name, path] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || path === undefined) {
      throw new ArgumentError(
        `${text} is not <name>=<path>, where a name has letters, digits, - and _`,
      );
    }
    if (vms.has(name)) throw new ArgumentError(`${name} was given twice`);
    vms.set(name, path);
  }
  return vms;
}

async function main(): Promise<void> {
  const bridge = await Bridge.start(optionsOf(process.argv.slice(2), process.env));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void bridge.close().catch(() => undefined)); // See `ended`.
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
