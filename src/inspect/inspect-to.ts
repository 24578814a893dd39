/**
 * The way from a program to an inspector: a WebSocket that asks for nothing.
 *
 * It keeps no program alive, holds up no event loop, and never fails: an inspector that is not there
 * is tried again, ever more slowly, and one that comes back is told of everything anew. What happens
 * before the first attempt has succeeded or failed is kept for it, within a bound; after that, an
 * absent inspector means that nobody watches. An inspector too slow to keep up misses messages and is
 * then told of the present states.
 */

import { connect, type Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { defer } from '../async/deferred.ts';
import { ArgumentError } from '../core/errors.ts';
import { Feed, now } from './feed.ts';
import { type Inspection, introduction, type ReportOptions } from './report.ts';
import type { InspectorCommand } from './wire.ts';

/** How a program reports to an inspector. */
export interface InspectOptions extends ReportOptions {
  /**
   * Whether an inspector may send events to the program's actors, which it does only where it was
   * itself started with control. Default `true`.
   */
  readonly control?: boolean | undefined;
}

/** Of what waits to be sent, in bytes; beyond it, messages are left out. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
/** What goes out together, in bytes. */
const BATCH_BYTES = 64 * 1024;
/** Before the first connection, in messages. */
const MAX_KEPT_LINES = 5_000;
/** Between two attempts, in ms; doubled from one to the next. */
const MIN_RECONNECT_MS = 250;
const MAX_RECONNECT_MS = 4_000;
/** Of one attempt, and of a farewell, in ms. */
const TIMEOUT_MS = 2_000;
/** How long the end of the program may be held up for the last messages, in ms. */
const LINGER_MS = 500;
/** Of what an inspector says, in bytes. */
const MAX_COMMAND_BYTES = 1024 * 1024;

/**
 * Reports to an inspector, from now on.
 *
 * @param url - The address that the inspector printed, such as `http://127.0.0.1:4444/?token=…`.
 * @returns At once. Pass its `inspect` to what is to be watched.
 * @throws {ArgumentError} When `url` is not the URL of an inspector.
 */
export function inspectTo(url: string | URL, options: InspectOptions = {}): Inspection {
  const feed = new Feed(options.sanitize);
  const report = new InspectorConnection(endpointOf(url), feed, options);
  const close = () => report.close();
  return { inspect: feed.inspect, close, [Symbol.asyncDispose]: close };
}

/** @throws {ArgumentError} When it is not the URL of an inspector. */
function endpointOf(url: string | URL): URL {
  const text = String(url);
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  if (endpoint === undefined || !/^(?:http|ws):$/.test(endpoint.protocol)) {
    throw new ArgumentError(
      `'${text}' is not the URL of an inspector; it prints one, such as http://127.0.0.1:4444/?token=…`,
    );
  }
  endpoint.protocol = 'ws:';
  endpoint.pathname = '/program';
  endpoint.hash = ''; // The client refuses it.
  return endpoint;
}

/** See the module's comment. */
class InspectorConnection {
  readonly #endpoint: URL;
  readonly #feed: Feed;
  readonly #name: string | undefined;
  readonly #control: boolean;
  #websocket: WebSocket | undefined;
  #socket: Socket | undefined;
  /** The socket that waits for the rest of what is said at this moment. */
  #gathering: Socket | undefined;
  /** What is kept for the first connection; `undefined` once it was sent, or dropped. */
  #kept: string[] | undefined = [];
  #missed = 0;
  #pause = MIN_RECONNECT_MS;
  #timer: NodeJS.Timeout | undefined;
  /** The end of the first attempt, good or bad. */
  readonly #tried = defer<undefined>();
  /** The end of the report, once it was asked for. */
  #closed: Promise<void> | undefined;

  constructor(endpoint: URL, feed: Feed, { name, control = true }: InspectOptions) {
    this.#endpoint = endpoint;
    this.#feed = feed;
    this.#name = name;
    this.#control = control;
    process.on('beforeExit', this.#linger);
    process.on('exit', this.#dispatch);
    feed.add(this.#sink);
    this.#try();
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    process.off('beforeExit', this.#linger);
    process.off('exit', this.#dispatch);
    clearTimeout(this.#timer);
    this.#feed.remove(this.#sink);
    const late = setTimeout(() => {
      this.#websocket?.terminate();
    }, TIMEOUT_MS);
    if (this.#isKeeping) await this.#tried.promise;
    await this.#hangUp();
    clearTimeout(late);
  }

  async #hangUp(): Promise<void> {
    const websocket = this.#websocket;
    if (websocket === undefined || websocket.readyState === websocket.CLOSED) return;
    const closed = new Promise((resolve) => websocket.once('close', resolve));
    websocket.close();
    await closed;
  }

  get #isKeeping(): boolean {
    return this.#kept !== undefined && this.#kept.length > 0;
  }

  #try(): void {
    this.#connect().catch(() => {
      this.#again();
    });
  }

  async #connect(): Promise<void> {
    const { WebSocket: Client } = await import('ws');
    if (this.#closed !== undefined && !this.#isKeeping) return;
    const websocket = new Client(this.#endpoint, {
      handshakeTimeout: TIMEOUT_MS,
      maxPayload: MAX_COMMAND_BYTES,
      perMessageDeflate: false,
      createConnection: () => this.#dial(),
    });
    this.#websocket = websocket;
    websocket.on('error', () => undefined); // A `close` follows.
    websocket.on('open', () => {
      this.#greet(websocket);
    });
    websocket.on('message', (data, isBinary) => {
      if (!isBinary) this.#obey(data);
    });
    websocket.on('close', () => {
      this.#again();
    });
  }

  /** A connection that keeps no program alive. */
  #dial(): Socket {
    const { hostname, port } = this.#endpoint;
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.#socket = connect({ host, port: Number(port === '' ? 80 : port), noDelay: true }).unref();
    return this.#socket;
  }

  #greet(websocket: WebSocket): void {
    this.#pause = MIN_RECONNECT_MS;
    websocket.send(JSON.stringify(introduction(this.#name, this.#control)));
    for (const line of this.#kept ?? []) websocket.send(line);
    this.#kept = undefined;
    this.#catchUp();
    this.#tried.resolve(undefined);
  }

  /** One for all connections, and for what is kept for the first. */
  readonly #sink = (line: string): void => {
    const websocket = this.#websocket;
    if (this.#kept !== undefined) {
      if (this.#kept.length < MAX_KEPT_LINES) this.#kept.push(line);
      else this.#missed += 1;
    } else if (this.#missed > 0 || (websocket?.bufferedAmount ?? 0) > MAX_UNSENT_BYTES) {
      if (this.#missed === 0) this.#socket?.once('drain', this.#catchUp);
      this.#missed += 1;
    } else {
      this.#send(line);
    }
  };

  /** What is said at one moment goes out together: a system call costs as much as a message. */
  #send(line: string): void {
    if (this.#gathering === undefined) {
      this.#gathering = this.#socket;
      this.#socket?.cork();
      process.nextTick(this.#dispatch);
    }
    this.#websocket?.send(line);
    if ((this.#gathering?.writableLength ?? 0) >= BATCH_BYTES) this.#dispatch();
  }

  readonly #dispatch = (): void => {
    this.#gathering?.uncork();
    this.#gathering = undefined;
  };

  /** All that waited was sent, perhaps long after the last message that was left out. */
  readonly #catchUp = (): void => {
    if (this.#missed === 0) return;
    const text = `The inspector was too slow; it missed ${String(this.#missed)} messages`;
    this.#missed = 0;
    this.#sink(JSON.stringify({ type: 'wirechart.problem', text, at: now() }));
    this.#feed.replay(this.#sink);
  };

  #obey(data: RawData): void {
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

  #again(): void {
    this.#kept = undefined;
    this.#missed = 0;
    this.#tried.resolve(undefined);
    if (this.#closed !== undefined) return;
    this.#feed.remove(this.#sink);
    this.#timer = setTimeout(() => {
      this.#try();
    }, this.#pause).unref();
    this.#pause = Math.min(2 * this.#pause, MAX_RECONNECT_MS);
  }

  /** The program has nothing left to do; what it did last is still to be told. */
  readonly #linger = (): void => {
    const websocket = this.#websocket;
    const isSending = websocket !== undefined && websocket.bufferedAmount > 0;
    if (!isSending && !this.#isKeeping) return;
    process.off('beforeExit', this.#linger);
    this.#socket?.ref();
    const late = setTimeout(() => {
      this.#socket?.unref();
    }, LINGER_MS);
    const letGo = () => {
      clearTimeout(late);
      this.#socket?.unref();
    };
    void this.#tried.promise.then(() => {
      const websocket = this.#websocket;
      // The answer to it comes when all that was said before has arrived.
      const isOpen = websocket !== undefined && websocket.readyState === websocket.OPEN;
      if (isOpen) websocket.once('pong', letGo).ping();
      else letGo();
    });
  };
}

/** What an inspector said; `undefined` when it is nothing that is known. */
function commandOf(data: RawData): InspectorCommand | undefined {
  try {
    // Buffers are what the client is made to give.
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
