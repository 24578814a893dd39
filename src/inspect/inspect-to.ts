/**
 * Reports to an inspector over a WebSocket.
 *
 * Nothing is reported before the inspector has proved that it knows the token. The connection does not keep the process alive, never blocks the event loop and never fails: it
 * retries with growing delays, and every new connection starts with all living actors. Messages from
 * before the outcome of the first attempt are kept for it, within a bound; after that, nothing is
 * recorded while no inspector is connected. A slow inspector misses messages and then gets the current
 * states.
 */

import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { defer } from '../async/deferred.ts';
import { checkNames, type Names } from '../core/options.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { offExit, onExit } from './exit-hooks.ts';
import { Feed, now } from './feed.ts';
import { HANDSHAKE_TIMEOUT_MS, ProvenSocket } from './proven-socket.ts';
import { refusalOf } from './remote-events.ts';
import { type Inspection, introduction, type ReportOptions } from './report.ts';
import type { InspectorCommand } from './wire.ts';

/** The options of a report to an inspector. */
export interface InspectOptions extends ReportOptions {
  /**
   * Whether the inspector may send events to the program's actors. It does so only if it was itself
   * started with control. Refused all the same: the events that XState itself sends, and all events for
   * connections, servers and supervisors except those that end them (DISCONNECT, CLOSE, STOP), START and
   * RETRY. Default `false`.
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
/** The deadline of the closing handshake. */
const CLOSE_TIMEOUT_MS = HANDSHAKE_TIMEOUT_MS;
/** How long the process may be kept alive to send the last messages. */
const MAX_EXIT_DELAY_MS = 500;

/**
 * Starts reporting to an inspector, which need not be running yet. The connection is retried for ever, does
 * not keep the process alive, and never causes an error in it.
 *
 * The token is never sent. Before anything is reported, the inspector must prove that it knows the token,
 * and that the connection leads to it and not to a relay; otherwise one process warning says so, and the
 * connection is retried as if no inspector were there. The messages themselves are not encrypted.
 *
 * @param url - The URL that the inspector prints: `http://127.0.0.1:4444/?token=…`, or
 *   `unix:/path?token=…` for a UNIX socket.
 * @returns The report, at once. Pass its `inspect` to what you want to watch.
 * @throws {ArgumentError} When `url` is not an `http:`, `ws:` or `unix:` URL, or a `unix:` URL has no token.
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

/** Connects one feed to an inspector, again and again, until it is closed. */
class InspectorConnection {
  readonly #loadClient: ClientLoader;
  readonly #endpoint: Endpoint;
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
  #hasWarned = false;
  #reconnectMs = MIN_RECONNECT_MS;
  #timer: NodeJS.Timeout | undefined;
  /** Resolves when the first attempt has succeeded or failed. */
  readonly #firstAttempt = defer<undefined>();
  /** The result of `close()`, once it was called. */
  #closed: Promise<void> | undefined;

  constructor(
    loadClient: ClientLoader,
    endpoint: Endpoint,
    feed: Feed,
    { name, control = false }: InspectOptions,
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
    }, CLOSE_TIMEOUT_MS);
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
    const { websocket, socket } = new ProvenSocket(Client, this.#endpoint, {
      onProved: () => {
        this.#onProved(websocket);
      },
      onCommand: (command) => {
        this.#handleCommand(command);
      },
      onClosed: (refusal) => {
        if (refusal !== undefined) this.#warn(refusal);
        this.#onDisconnected();
      },
    });
    this.#websocket = websocket;
    this.#socket = socket;
  }

  /** Warns once: a wrong token stays wrong, and every attempt ends in the same way. */
  #warn(refusal: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    process.emitWarning(
      `Nothing is reported to the inspector at ${this.#endpoint.name}: ${refusal}. ` +
        'Use the URL that the running inspector prints, and for a forwarded port the same address and number on both hosts',
      'WirechartWarning',
    );
  }

  #onProved(websocket: WebSocket): void {
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

  #handleCommand(command: unknown): void {
    if (this.#closed !== undefined || !isCommand(command)) return;
    if (command.type === 'xstate.inspecting') {
      if (this.#feed.isWatched) this.#feed.replay(this.#sink);
      else this.#feed.add(this.#sink);
    } else if (command.type === 'wirechart.wire') {
      this.#feed.setTapping(command.on);
    } else if (this.#control) {
      this.#feed.send(command, refusalOf);
    } else {
      this.#feed.report(NO_CONTROL);
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

const NO_CONTROL =
  'The program refused an event: it takes none from an inspector without `control: true` of inspectTo()';

function isCommand(value: unknown): value is InspectorCommand {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  if (value.type === 'xstate.inspecting') return true;
  if (value.type === 'wirechart.wire') return 'on' in value && typeof value.on === 'boolean';
  return value.type === 'xstate.event' && 'event' in value && typeof value.event === 'string';
}
