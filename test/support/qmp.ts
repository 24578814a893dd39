/** QMP clients, and monitors that a test operates by hand. */

import type { Duplex } from 'node:stream';
import { type JsonObject, streamPair } from '../../src/index.ts';
import { type OpenQapi, QmpClient, type QmpOptions } from '../../src/qmp/index.ts';
import { ScriptedQmpServer, type ScriptedQmpServerOptions } from '../../src/testing/index.ts';
import { cleanUp, track } from './cleanup.ts';

/** A command as it was sent. */
export interface WireCommand {
  readonly execute?: string;
  readonly 'exec-oob'?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Absent in a command that is alone in flight. */
  readonly id?: number;
}

/** A greeting that offers these capabilities. */
export const greetingOf = (capabilities: readonly string[] = ['oob'], micro = 22): JsonObject => ({
  QMP: {
    version: { qemu: { major: 7, minor: 2, micro }, package: 'by hand' },
    capabilities: [...capabilities],
  },
});

/** An event as QEMU sends it. */
export const eventOf = (event: string, data?: JsonObject): JsonObject => ({
  event,
  ...(data && { data }),
  timestamp: { seconds: 1, microseconds: 2 },
});

/** A monitor that a test operates by hand, at the other end of a stream pair. */
export class ManualMonitor {
  /** The client's end. */
  readonly stream: Duplex;
  /** Our end. It ends when the client's end does. */
  readonly peer: Duplex;
  /** Everything received, as text. */
  text = '';
  /** What was received and does not form a command yet. */
  #rest = '';
  readonly #commands: WireCommand[] = [];
  readonly #takers: ((command: WireCommand) => void)[] = [];

  /** @param ends - The client's end, and ours. */
  constructor(ends: readonly [stream: Duplex, peer: Duplex] = streamPair()) {
    [this.stream, this.peer] = ends;
    this.peer.on('error', () => undefined);
    this.peer.on('end', () => this.peer.end());
    this.peer.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
      this.#rest += chunk.toString();
      this.#split();
    });
    cleanUp(() => this.peer.destroy());
  }

  /** The next command. */
  take(): Promise<WireCommand> {
    const command = this.#commands.shift();
    if (command !== undefined) return Promise.resolve(command);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Sends messages (text and bytes as they are) in one chunk. */
  send(...messages: readonly (object | string | Uint8Array)[]): void {
    this.peer.write(Buffer.concat(messages.map(bytesOf)));
  }

  /** Replies to a command. */
  reply({ id }: WireCommand, value: unknown = {}): void {
    this.send({ return: value, id });
  }

  /** Sends the greeting and replies to the negotiation, with which it resolves. */
  async establish(capabilities?: readonly string[]): Promise<WireCommand> {
    this.send(greetingOf(capabilities));
    const command = await this.take();
    this.reply(command);
    return command;
  }

  /**
   * Splits the text into objects by their braces, so that a command must not have braces in
   * strings.
   */
  #split(): void {
    let depth = 0;
    let from = 0;
    for (let at = 0; at < this.#rest.length; at += 1) {
      if (this.#rest[at] === '{') depth += 1;
      if (this.#rest[at] !== '}') continue;
      depth -= 1;
      if (depth > 0) continue;
      this.#deliver(JSON.parse(this.#rest.slice(from, at + 1)) as WireCommand);
      from = at + 1;
    }
    this.#rest = this.#rest.slice(from);
  }

  #deliver(command: WireCommand): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#commands.push(command);
    else taker(command);
  }
}

const bytesOf = (message: object | string | Uint8Array): Uint8Array => {
  if (message instanceof Uint8Array) return message;
  return Buffer.from(typeof message === 'string' ? message : `${JSON.stringify(message)}\r\n`);
};

/** Creates a client that must be IDLE at the end of the test. */
export function createClient(options?: QmpOptions): QmpClient<OpenQapi> {
  return track(new QmpClient<OpenQapi>(options));
}

/** Connects a client to a monitor that the test operates. */
export async function session(
  options?: QmpOptions,
  client = createClient(options),
  monitor = new ManualMonitor(),
): Promise<{ client: QmpClient<OpenQapi>; monitor: ManualMonitor; negotiation: WireCommand }> {
  const established = monitor.establish();
  await client.connect({ stream: monitor.stream });
  return { client, monitor, negotiation: await established };
}

/** Connects a client to a scripted server, which is closed after the test. */
export async function scripted(
  options: ScriptedQmpServerOptions = {},
): Promise<{ server: ScriptedQmpServer; client: QmpClient<OpenQapi> }> {
  const server = createServer(options);
  const client = createClient();
  await client.connect(await server.listen());
  return { server, client };
}

/** Creates a scripted server, which is closed after the test. */
export function createServer(options?: ScriptedQmpServerOptions): ScriptedQmpServer {
  const server = new ScriptedQmpServer(options);
  cleanUp(() => server.close());
  return server;
}

/** Reads so many events, and resolves with their names. */
export async function namesOf(
  events: AsyncIterator<{ readonly event: string }>,
  count: number,
): Promise<readonly string[]> {
  const names: string[] = [];
  while (names.length < count) {
    const next = await events.next();
    if (next.done === true) throw new Error(`The events ended after ${names.join()}`);
    names.push(next.value.event);
  }
  return names;
}
