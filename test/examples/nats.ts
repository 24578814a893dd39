/** NATS servers, subscribers and bridges for tests; all of them are closed after the test. */

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

/** A message of the bridge. */
export type Json = Readonly<Record<string, unknown>>;

/** The bridges of the current test. */
const bridges = new Set<Bridge>();

/** Called before the server is killed: a bridge publishes when it is closed, and waits for the server. */
async function closeBridges(): Promise<void> {
  await Promise.allSettled([...bridges].map((bridge) => bridge.close()));
  bridges.clear();
}

/** A server on a TCP port of 127.0.0.1. The port stays the same across restarts. */
export class NatsServer {
  readonly port: number;
  readonly #path: string;
  readonly #file: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  /** @param config - Lines of the configuration file. */
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

  /** Resolves when the server accepts connections. Default configuration: that of the last start. */
  async start(config?: string): Promise<void> {
    if (config !== undefined) await writeFile(this.#file, config);
    const child = spawn(this.#path, this.#args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    // In case a clean-up hangs.
    const killAtExit = () => child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.once('close', () => process.off('exit', killAtExit));
    let output = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => {
        reject(new Error(`nats-server has exited: ${output}`));
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('Server is ready')) resolve();
      });
    });
  }

  /** Sends SIGKILL, and waits for the exit. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}

/** Collects items, such as lines or messages; a test awaits them in order. */
export class Received<T> {
  readonly #all: T[] = [];
  #nextIndex = 0;
  #onPush: (() => void) | undefined;

  readonly push = (item: T): void => {
    this.#all.push(item);
    this.#onPush?.();
  };

  /** Resolves with the next item that is accepted, and skips the items before it. */
  async next(accepts: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = this.#all[this.#nextIndex];
      if (item === undefined) {
        await new Promise<void>((resolve) => (this.#onPush = resolve));
      } else {
        this.#nextIndex += 1;
        if (accepts(item)) return item;
      }
    }
  }

  /** Skips all items so far. */
  skipAll(): void {
    this.#nextIndex = this.#all.length;
  }

  /** All items so far. */
  get all(): readonly T[] {
    return this.#all;
  }
}

/** A relay between a bridge and a server that simulates a network failure. */
export class Network {
  /** One item for each connection of the bridge. */
  readonly dialled = new Received<'dialled'>();
  readonly #target: number;
  /** The two sockets of each connection: to the bridge, to the server. */
  readonly #connections = new Map<Socket, Socket>();
  #server: Server | undefined;
  #port = 0;
  #isHeld = false;

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

  /** Accepts connections (again). */
  async join(): Promise<void> {
    this.release();
    this.#server = createServer((near) => {
      this.#connect(near);
    });
    await listen(this.#server, { host: '127.0.0.1', port: this.#port });
  }

  /** Holds back the bytes from the server. */
  hold(): void {
    this.#isHeld = true;
    for (const far of this.#connections.values()) far.pause();
  }

  /** Forwards the bytes from the server again. */
  release(): void {
    this.#isHeld = false;
    for (const far of this.#connections.values()) far.resume();
  }

  /** Destroys all connections. */
  drop(): void {
    for (const near of this.#connections.keys()) near.destroy();
    this.dialled.skipAll();
  }

  /** Destroys all connections, and accepts no new ones. */
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
    if (this.#isHeld) far.pause();
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

/** A NATS client that subscribes to the events, states and losses of all machines. */
export class Listener {
  readonly nc: NatsConnection;
  readonly messages = new Received<{ readonly subject: string; readonly data: Json }>();
  readonly statuses = new Received<string>();

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
    // Not `vm.>`: to NATS, a subscriber for commands counts as a responder.
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

  /** Resolves with the next message on this subject. */
  async next(subject: string): Promise<Json> {
    return (await this.messages.next((message) => message.subject === subject)).data;
  }

  /** Resolves with the next message that reports this state of the machine. */
  async state(name: string, state: 'UP' | 'DOWN'): Promise<Json> {
    const accepts = ({ subject, data }: { subject: string; data: Json }) =>
      subject === `vm.${name}.state` && data['state'] === state;
    return (await this.messages.next(accepts)).data;
  }

  /** Requests the execution of a command. */
  execute(name: string, command: string, args?: object): Promise<Json> {
    return this.ask(name, JSON.stringify({ command, arguments: args }));
  }

  /** Sends a request with any content. */
  async ask(name: string, text: string | Uint8Array): Promise<Json> {
    const reply = await this.nc.request(`vm.${name}.execute`, text, { timeout: 10_000 });
    return reply.json<Json>();
  }

  /** Resolves when the client is connected again, and its subscriptions are active. */
  async reconnected(): Promise<void> {
    await this.statuses.next((status) => status === 'reconnect');
    await this.nc.flush();
  }
}

/** Starts a bridge, which is closed before its server is killed. `log` has its log lines. */
export async function startBridge(
  url: string,
  vms: Readonly<Record<string, string>>,
  options: Partial<BridgeOptions> = {},
): Promise<{ bridge: Bridge; log: Received<string> }> {
  const log = new Received<string>();
  const bridge = await Bridge.start({
    servers: [url],
    vms: new Map(Object.entries(vms)),
    log: log.push,
    ...options,
  });
  bridges.add(bridge);
  return { bridge, log };
}

/** Polls a condition in each turn of the event loop, where no event reports that it is true. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

/** Starts a scripted monitor at a path; it is closed after the test. */
export async function startMonitor(
  path: string,
  options: ScriptedQmpServerOptions = {},
): Promise<ScriptedQmpServer> {
  const monitor = new ScriptedQmpServer({ address: path, ...options });
  cleanUp(() => monitor.close());
  await monitor.listen();
  return monitor;
}

/** Returns a path for a socket in a new temporary directory. */
export async function socketPath(): Promise<string> {
  return join(await tempDir(), 'qmp.sock');
}
