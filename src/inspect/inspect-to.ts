/**
 * Reports to an inspector over a WebSocket.
 *
 * The connection does not keep the process alive, never blocks the event loop and never fails: it
 * retries with growing delays, and every new connection starts with all living actors. Messages from
 * before the outcome of the first attempt are kept for it, within a bound; after that, nothing is
 * recorded while no inspector is connected. A slow inspector misses messages and then gets the current
 * states.
 */

import { connect, type Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { defer } from '../async/deferred.ts';
import { ArgumentError } from '../core/errors.ts';
import { checkNames, type Names } from '../core/options.ts';
import { offExit, onExit } from './exit-hooks.ts';
import { Feed, now } from './feed.ts';
import { type Inspection, introduction, type ReportOptions } from './report.ts';
import type { InspectorCommand } from './wire.ts';

/** The options of a report to an inspector. */
export interface InspectOptions extends ReportOptions {
  /**
   * Whether the inspector may send events to the program's actors. It does so only if it was itself
   * started with control. Default `true`.
   */
  readonly control?: boolean | undefined;
}

const OPTIONS: Names<InspectOptions> = { name: true, sanitize: true, control: true };

/** Messages are left out while more than this waits to be sent. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
/** Messages of one tick are sent together, up to this size. */
const MAX_BATCH_BYTES = 64 * 1024;
/** Messages kept for the first connection. */
const MAX_BACKLOG_MESSAGES = 5_000;
/** The delay between two attempts: doubled each time, up to the maximum. */
const MIN_RECONNECT_MS = 250;
const MAX_RECONNECT_MS = 4_000;
/** The deadline of one attempt, and of the closing handshake. */
const CONNECTION_TIMEOUT_MS = 2_000;
/** How long the process may be kept alive to send the last messages. */
const MAX_EXIT_DELAY_MS = 500;
/** A larger message from the inspector closes the connection. */
const MAX_COMMAND_BYTES = 1024 * 1024;

/**
 * Starts reporting to an inspector, which need not be running yet. The connection is retried for ever, does
 * not keep the process alive, and never causes an error in it.
 *
 * @param url - The URL that the inspector prints, such as `http://127.0.0.1:4444/?token=…`.
 * @returns The report, at once. Pass its `inspect` to what you want to watch.
 * @throws {ArgumentError} When `url` is not an `http:` or `ws:` URL.
 */
export function inspectTo(url: string | URL, options: InspectOptions = {}): Inspection {
  checkNames('inspectTo()', options, OPTIONS);
  return inspectOver(() => import('ws'), url, options);
}

/**
 * Loads the WebSocket client, which is not loaded in a program that is not inspected.
 *
 * @internal The declarations must not need the types of ws.
 */
export type ClientLoader = () => Promise<{ readonly WebSocket: typeof WebSocket }>;

/**
 * `inspectTo()` with a WebSocket client that is loaded by `loadClient`.
 *
 * @internal
 */
export function inspectOver(
  loadClient: ClientLoader,
  url: string | URL,
  options: InspectOptions = {},
): Inspection {
  const feed = new Feed(options.sanitize);
  const report = new InspectorConnection(loadClient, endpointOf(url), feed, options);
  const close = () => report.close();
  return { inspect: feed.inspect, close, [Symbol.asyncDispose]: close };
}

/** @throws {ArgumentError} When the URL cannot be that of an inspector. */
function endpointOf(url: string | URL): URL {
  const text = String(url);
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  if (endpoint === undefined || !/^(?:http|ws):$/.test(endpoint.protocol)) {
    // The query has the token.
    throw new ArgumentError(
      `'${text.replace(/\?.*$/s, '?…')}' is not the URL of an inspector; pass the one that it prints, such as http://127.0.0.1:4444/?token=…`,
    );
  }
  endpoint.protocol = 'ws:';
  endpoint.pathname = '/program';
  endpoint.hash = ''; // The WebSocket client rejects a fragment.
  return endpoint;
}

/** Connects one feed to an inspector, again and again, until it is closed. */
class InspectorConnection {
  readonly #loadClient: ClientLoader;
  readonly #endpoint: URL;
  readonly #feed: Feed;
  readonly #name: string | undefined;
  readonly #control: boolean;
  #websocket: WebSocket | undefined;
  #socket: Socket | undefined;
  /** The socket that is corked for the rest of this tick. */
  #corkedSocket: Socket | undefined;
  /** Messages kept for the first connection; `undefined` once they were sent or dropped. */
  #backlog: string[] | undefined = [];
  #missedMessages = 0;
  #reconnectMs = MIN_RECONNECT_MS;
  #timer: NodeJS.Timeout | undefined;
  /** Resolves when the first attempt has succeeded or failed. */
  readonly #firstAttempt = defer<undefined>();
  /** The result of `close()`, once it was called. */
  #closed: Promise<void> | undefined;

  constructor(
    loadClient: ClientLoader,
    endpoint: URL,
    feed: Feed,
    { name, control = true }: InspectOptions,
  ) {
    this.#loadClient = loadClient;
    this.#endpoint = endpoint;
    this.#feed = feed;
    this.#name = name;
    this.#control = control;
    onExit('beforeExit', this.#delayExit);
    onExit('exit', this.#uncork);
    feed.add(this.#sink);
    this.#attempt();
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    offExit('beforeExit', this.#delayExit);
    offExit('exit', this.#uncork);
    clearTimeout(this.#timer);
    this.#feed.remove(this.#sink);
    const timer = setTimeout(() => {
      this.#websocket?.terminate();
    }, CONNECTION_TIMEOUT_MS);
    if (this.#hasBacklog) await this.#firstAttempt.promise;
    await this.#closeWebSocket();
    clearTimeout(timer);
  }

  async #closeWebSocket(): Promise<void> {
    const websocket = this.#websocket;
    if (websocket === undefined || websocket.readyState === websocket.CLOSED) return;
    const closed = new Promise((resolve) => websocket.once('close', resolve));
    websocket.close();
    await closed;
  }

  get #hasBacklog(): boolean {
    return this.#backlog !== undefined && this.#backlog.length > 0;
  }

  #attempt(): void {
    this.#connect().catch(() => {
      this.#onDisconnected();
    });
  }

  async #connect(): Promise<void> {
    const { WebSocket: Client } = await this.#loadClient();
    if (this.#closed !== undefined && !this.#hasBacklog) return;
    const websocket = new Client(this.#endpoint, {
      handshakeTimeout: CONNECTION_TIMEOUT_MS,
      maxPayload: MAX_COMMAND_BYTES,
      perMessageDeflate: false,
      createConnection: () => this.#dial(),
    });
    this.#websocket = websocket;
    websocket.on('error', () => undefined); // A `close` follows.
    websocket.on('open', () => {
      this.#onConnected(websocket);
    });
    websocket.on('message', (data, isBinary) => {
      if (!isBinary) this.#handleCommand(data);
    });
    websocket.on('close', () => {
      this.#onDisconnected();
    });
  }

  /** Opens a socket that does not keep the process alive. */
  #dial(): Socket {
    const { hostname, port } = this.#endpoint;
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.#socket = connect({ host, port: Number(port === '' ? 80 : port), noDelay: true }).unref();
    return this.#socket;
  }

  #onConnected(websocket: WebSocket): void {
    this.#reconnectMs = MIN_RECONNECT_MS;
    websocket.send(JSON.stringify(introduction(this.#name, this.#control)));
    for (const line of this.#backlog ?? []) websocket.send(line);
    this.#backlog = undefined;
    this.#replayMissed();
    this.#firstAttempt.resolve(undefined);
  }

  /** The feed's sink during all connections, and before the first one. */
  readonly #sink = (line: string): void => {
    const websocket = this.#websocket;
    if (this.#backlog !== undefined) {
      if (this.#backlog.length < MAX_BACKLOG_MESSAGES) this.#backlog.push(line);
      else this.#missedMessages += 1;
    } else if (this.#missedMessages > 0 || (websocket?.bufferedAmount ?? 0) > MAX_UNSENT_BYTES) {
      if (this.#missedMessages === 0) this.#socket?.once('drain', this.#replayMissed);
      this.#missedMessages += 1;
    } else {
      this.#send(line);
    }
  };

  /** Sends the messages of one tick together: a system call costs as much as a message. */
  #send(line: string): void {
    if (this.#corkedSocket === undefined) {
      this.#corkedSocket = this.#socket;
      this.#socket?.cork();
      process.nextTick(this.#uncork);
    }
    this.#websocket?.send(line);
    if ((this.#corkedSocket?.writableLength ?? 0) >= MAX_BATCH_BYTES) this.#uncork();
  }

  readonly #uncork = (): void => {
    this.#corkedSocket?.uncork();
    this.#corkedSocket = undefined;
  };

  /** Reports how many messages were left out, and sends the current states of all actors. */
  readonly #replayMissed = (): void => {
    if (this.#missedMessages === 0) return;
    const text = `The inspector was too slow; it missed ${String(this.#missedMessages)} messages`;
    this.#missedMessages = 0;
    this.#sink(JSON.stringify({ type: 'wirechart.problem', text, at: now() }));
    this.#feed.replay(this.#sink);
  };

  #handleCommand(data: RawData): void {
    if (this.#closed !== undefined) return;
    const command = commandOf(data);
    if (command?.type === 'xstate.inspecting') {
      if (this.#feed.isWatched) this.#feed.replay(this.#sink);
      else this.#feed.add(this.#sink);
    } else if (command?.type === 'wirechart.wire') {
      this.#feed.setTapping(command.on);
    } else if (command !== undefined && this.#control) {
      this.#feed.send(command);
    }
  }

  /** A connection has ended, or an attempt has failed: tries again after a delay. */
  #onDisconnected(): void {
    this.#backlog = undefined;
    this.#missedMessages = 0;
    this.#firstAttempt.resolve(undefined);
    if (this.#closed !== undefined) return;
    this.#feed.remove(this.#sink);
    this.#timer = setTimeout(() => {
      this.#attempt();
    }, this.#reconnectMs).unref();
    this.#reconnectMs = Math.min(2 * this.#reconnectMs, MAX_RECONNECT_MS);
  }

  /** The process is about to exit: keeps it alive for a moment to send the last messages. */
  readonly #delayExit = (): void => {
    const websocket = this.#websocket;
    const isSending = websocket !== undefined && websocket.bufferedAmount > 0;
    if (!isSending && !this.#hasBacklog) return;
    offExit('beforeExit', this.#delayExit);
    this.#socket?.ref();
    const timer = setTimeout(() => {
      this.#socket?.unref();
    }, MAX_EXIT_DELAY_MS);
    const release = () => {
      clearTimeout(timer);
      this.#socket?.unref();
    };
    void this.#firstAttempt.promise.then(() => {
      const websocket = this.#websocket;
      // The pong comes after everything sent before the ping has arrived.
      const isOpen = websocket !== undefined && websocket.readyState === websocket.OPEN;
      if (isOpen) websocket.once('pong', release).ping();
      else release();
    });
  };
}

/** The inspector's command; `undefined` for anything unknown. */
function commandOf(data: RawData): InspectorCommand | undefined {
  try {
    // The client is configured to deliver Buffers.
    const command: unknown = Buffer.isBuffer(data) ? JSON.parse(data.toString()) : undefined;
    return isCommand(command) ? command : undefined;
  } catch {
    return undefined;
  }
}

function isCommand(value: unknown): value is InspectorCommand {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  if (value.type === 'xstate.inspecting') return true;
  if (value.type === 'wirechart.wire') return 'on' in value && typeof value.on === 'boolean';
  return value.type === 'xstate.event' && 'event' in value && typeof value.event === 'string';
}
