/** NATS servers, clients that listen to them, and bridges, each for one test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect as dial, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';
import { Bridge, type BridgeOptions } from '../../examples/nats-bridge.ts';
import { ScriptedQmpServer, type ScriptedQmpServerOptions } from '../../src/testing/index.ts';
import { cleanUp, tempDir } from '../support/cleanup.ts';
import { listen } from '../support/peers.ts';
import { freePort } from '../support/real-peers.ts';
import { turn } from '../support/signal.ts';

/** What the bridge says, as JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Those of the test. */
const bridges = new Set<Bridge>();

/** They have things to say when they end, and want a server then. */
async function closeBridges(): Promise<void> {
  await Promise.allSettled([...bridges].map((bridge) => bridge.close()));
  bridges.clear();
}

/** A server on a port of 127.0.0.1, which stays the same when it is killed and started again. */
export class NatsServer {
  readonly port: number;
  readonly #path: string;
  readonly #file: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  /** @param config - Lines of its configuration. */
  static async start(path: string, config = '', args: readonly string[] = []): Promise<NatsServer> {
    const file = join(await tempDir(), 'nats.conf');
    const server = new NatsServer(path, await freePort(), file, args);
    await server.start(config);
    cleanUp(async () => {
      await closeBridges();
      await server.kill();
    });
    return server;
  }

  private constructor(path: string, port: number, file: string, args: readonly string[]) {
    this.#path = path;
    this.port = port;
    this.#file = file;
    this.#args = ['-a', '127.0.0.1', '-p', String(port), '-c', file, ...args];
  }

  get url(): string {
    return `nats://127.0.0.1:${String(this.port)}`;
  }

  /** Resolves when it can be dialled. Without a configuration it has the one of the last time. */
  async start(config?: string): Promise<void> {
    if (config !== undefined) await writeFile(this.#file, config);
    const child = spawn(this.#path, this.#args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    // The last resort, where a clean-up hangs.
    const abandon = () => child.kill('SIGKILL');
    process.once('exit', abandon);
    child.once('close', () => process.off('exit', abandon));
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => {
        reject(new Error(`nats-server has ended: ${said}`));
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Server is ready')) resolve();
      });
    });
  }

  /** Ends it by SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}

/** Lines, or messages, as they come; each is waited for once, in order. */
export class Heard<T> {
  readonly #all: T[] = [];
  #at = 0;
  #waiting: (() => void) | undefined;

  readonly push = (one: T): void => {
    this.#all.push(one);
    this.#waiting?.();
  };

  /** The next that is accepted; those before it are passed over. */
  async next(accepts: (one: T) => boolean): Promise<T> {
    for (;;) {
      const one = this.#all[this.#at];
      if (one === undefined) {
        await new Promise<void>((resolve) => (this.#waiting = resolve));
      } else {
        this.#at += 1;
        if (accepts(one)) return one;
      }
    }
  }

  /** Passes over all that have come. */
  forget(): void {
    this.#at = this.#all.length;
  }

  /** All that have come. */
  get all(): readonly T[] {
    return this.#all;
  }
}

/** A network between a bridge and a server, which can fail. */
export class Network {
  /** Each connection that comes from now on. */
  readonly dialled = new Heard<'dialled'>();
  readonly #target: number;
  /** Both ends of each. */
  readonly #connections = new Map<Socket, Socket>();
  #server: Server | undefined;
  #port = 0;
  #holds = false;

  static async to(server: NatsServer): Promise<Network> {
    const network = new Network(server.port);
    network.#port = await freePort();
    await network.join();
    cleanUp(async () => {
      await closeBridges();
      await network.cut();
    });
    return network;
  }

  private constructor(target: number) {
    this.#target = target;
  }

  get url(): string {
    return `nats://127.0.0.1:${String(this.#port)}`;
  }

  /** Lets connections through, again. */
  async join(): Promise<void> {
    this.release();
    this.#server = createServer((near) => {
      this.#connect(near);
    });
    await listen(this.#server, { host: '127.0.0.1', port: this.#port });
  }

  /** What the server says does not arrive. */
  hold(): void {
    this.#holds = true;
    for (const far of this.#connections.values()) far.pause();
  }

  /** It does, again. */
  release(): void {
    this.#holds = false;
    for (const far of this.#connections.values()) far.resume();
  }

  /** Ends all connections. */
  drop(): void {
    for (const near of this.#connections.keys()) near.destroy();
    this.dialled.forget();
  }

  /** Ends all connections, and lets none through. */
  async cut(): Promise<void> {
    const server = this.#server;
    if (server?.listening !== true) return;
    const closed = once(server, 'close');
    server.close();
    this.drop();
    await closed;
  }

  #connect(near: Socket): void {
    const far = dial({ host: '127.0.0.1', port: this.#target });
    this.#connections.set(near, far);
    far.on('data', (chunk) => near.write(chunk));
    if (this.#holds) far.pause();
    near.pipe(far);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#connections.delete(near);
        near.destroy();
        far.destroy();
      });
    }
    this.dialled.push('dialled');
  }
}

/** A client of a server, which hears everything about every machine. */
export class Listener {
  readonly nc: NatsConnection;
  readonly messages = new Heard<{ readonly subject: string; readonly data: Json }>();
  readonly statuses = new Heard<string>();

  static async at(url: string, options: ConnectionOptions = {}): Promise<Listener> {
    const nc = await connect({
      ...options,
      servers: url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 20,
      reconnectJitter: 0,
    });
    cleanUp(() => nc.close());
    const listener = new Listener(nc);
    await nc.flush();
    return listener;
  }

  private constructor(nc: NatsConnection) {
    this.nc = nc;
    // Not `vm.>`: who hears commands is somebody who may answer them, to NATS.
    for (const subject of ['vm.*.event.*', 'vm.*.state', 'vm.*.lost']) {
      nc.subscribe(subject, {
        callback: (_, message) => {
          this.messages.push({ subject: message.subject, data: message.json<Json>() });
        },
      });
    }
    void (async () => {
      for await (const { type } of nc.status()) this.statuses.push(type);
    })();
  }

  /** The next message of a subject. */
  async next(subject: string): Promise<Json> {
    return (await this.messages.next((message) => message.subject === subject)).data;
  }

  /** Waits until the machine is in a state, and resolves with what was said. */
  async state(name: string, state: 'UP' | 'DOWN'): Promise<Json> {
    const accepts = ({ subject, data }: { subject: string; data: Json }) =>
      subject === `vm.${name}.state` && data['state'] === state;
    return (await this.messages.next(accepts)).data;
  }

  /** Has a command executed. */
  execute(name: string, command: string, args?: object): Promise<Json> {
    return this.ask(name, JSON.stringify({ command, arguments: args }));
  }

  /** The same with any text. */
  async ask(name: string, text: string | Uint8Array): Promise<Json> {
    const reply = await this.nc.request(`vm.${name}.execute`, text, { timeout: 10_000 });
    return reply.json<Json>();
  }

  /** Is connected again, and hears again. */
  async back(): Promise<void> {
    await this.statuses.next((status) => status === 'reconnect');
    await this.nc.flush();
  }
}

/** A bridge, which is closed before the server is ended, and what it logs. */
export async function startBridge(
  url: string,
  vms: Readonly<Record<string, string>>,
  options: Partial<BridgeOptions> = {},
): Promise<{ bridge: Bridge; log: Heard<string> }> {
  const log = new Heard<string>();
  const bridge = await Bridge.start({
    servers: [url],
    vms: new Map(Object.entries(vms)),
    log: log.push,
    ...options,
  });
  bridges.add(bridge);
  return { bridge, log };
}

/** Waits until something is true that nobody tells, a turn of the event loop at a time. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

/** A monitor at a path; it is closed after the test. */
export async function startMonitor(
  path: string,
  options: ScriptedQmpServerOptions = {},
): Promise<ScriptedQmpServer> {
  const monitor = new ScriptedQmpServer({ address: path, ...options });
  cleanUp(() => monitor.close());
  await monitor.listen();
  return monitor;
}

/** A path in a directory of its own. */
export async function socketPath(): Promise<string> {
  return join(await tempDir(), 'qmp.sock');
}
