/** Connects a report from Node: with the package ws, and without keeping the process alive. */

import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Endpoint } from './endpoint.ts';
import { offExit, onExit } from './exit-hooks.ts';
import { introduction } from './node-program.ts';
import { ProvenSocket } from './proven-socket.ts';
import type { Connection, ConnectionListener, Transport } from './transport.ts';
import type { ProgramMessage } from './wire.ts';

/** Messages of one tick are sent together, up to this size. */
const MAX_BATCH_BYTES = 64 * 1024;
/** How long the process may be kept alive to send the last messages. */
const MAX_EXIT_DELAY_MS = 500;

/** Loads the WebSocket client, which is not loaded in a program that is not inspected. */
export type ClientLoader = () => Promise<{ readonly WebSocket: typeof WebSocket }>;

/** What a transport asks of its report when the process is about to exit. */
interface Sending {
  readonly isSending: boolean;
  readonly firstAttempt: Promise<undefined>;
}

/** Opens connections from Node. */
export class NodeTransport implements Transport {
  readonly #loadClient: ClientLoader;
  readonly #endpoint: Endpoint;
  #Client: typeof WebSocket | undefined;
  #connection: NodeConnection | undefined;
  #delayExit: () => void = () => undefined;

  constructor(loadClient: ClientLoader, endpoint: Endpoint) {
    this.#loadClient = loadClient;
    this.#endpoint = endpoint;
    onExit('exit', this.#uncork);
  }

  get name(): string {
    return this.#endpoint.name;
  }

  async ready(): Promise<void> {
    this.#Client = (await this.#loadClient()).WebSocket;
  }

  /** @throws {TypeError} Before `ready()` has resolved. */
  connect(listener: ConnectionListener): Connection {
    if (this.#Client === undefined) throw new TypeError('The WebSocket client is not loaded');
    const connection = new NodeConnection(this.#Client, this.#endpoint, listener);
    this.#connection = connection;
    return connection;
  }

  introduction(name: string | undefined, control: boolean): ProgramMessage {
    return introduction(name, control);
  }

  warn(text: string): void {
    process.emitWarning(text, 'WirechartWarning');
  }

  later(run: () => void, ms: number): () => void {
    const timer = setTimeout(run, ms).unref();
    return () => {
      clearTimeout(timer);
    };
  }

  dispose(): void {
    offExit('beforeExit', this.#delayExit);
    offExit('exit', this.#uncork);
  }

  /** Keeps the process alive for a moment when it is about to exit, to send the last messages. */
  delayExitOf(report: Sending): void {
    this.#delayExit = () => {
      if (!report.isSending) return;
      offExit('beforeExit', this.#delayExit);
      this.#connection?.hold(report.firstAttempt);
    };
    onExit('beforeExit', this.#delayExit);
  }

  readonly #uncork = (): void => {
    this.#connection?.uncork();
  };
}

/** One connection from Node. */
class NodeConnection implements Connection {
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  /** Whether the socket is corked for the rest of this tick. */
  #isCorked = false;

  constructor(Client: typeof WebSocket, endpoint: Endpoint, listener: ConnectionListener) {
    const { websocket, socket } = new ProvenSocket(Client, endpoint, listener);
    this.#websocket = websocket;
    this.#socket = socket;
  }

  get unsentBytes(): number {
    return this.#websocket.bufferedAmount;
  }

  /** Sends the messages of one tick together: a system call costs as much as a message. */
  send(line: string): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(this.uncork);
    }
    this.#websocket.send(line);
    if (this.#socket.writableLength >= MAX_BATCH_BYTES) this.uncork();
  }

  /** Hands over what was sent in this tick. */
  readonly uncork = (): void => {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  };

  onceDrained(listener: () => void): void {
    this.#socket.once('drain', listener);
  }

  async close(): Promise<void> {
    const websocket = this.#websocket;
    if (websocket.readyState === websocket.CLOSED) return;
    const closed = new Promise((resolve) => websocket.once('close', resolve));
    websocket.close();
    await closed;
  }

  terminate(): void {
    this.#websocket.terminate();
  }

  /** Keeps the process alive until what was sent has arrived, but for a bounded time. */
  hold(firstAttempt: Promise<undefined>): void {
    const websocket = this.#websocket;
    const socket = this.#socket;
    socket.ref();
    const timer = setTimeout(() => {
      socket.unref();
    }, MAX_EXIT_DELAY_MS);
    const release = () => {
      clearTimeout(timer);
      socket.unref();
    };
    void firstAttempt.then(() => {
      // The pong comes after everything sent before the ping has arrived.
      if (websocket.readyState === websocket.OPEN) websocket.once('pong', release).ping();
      else release();
    });
  }
}
