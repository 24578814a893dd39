/**
 * The chaos peer: a process that listens, and whose connections execute scripts (see `steps.ts`).
 * It is controlled over a UNIX socket in the directory that is its argument, and exits with its
 * parent.
 */

import { linkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type {
  ConnectionReport,
  PeerAddress,
  Request,
  Response,
  Script,
  Step,
  Transport,
} from './steps.ts';

const directory = process.argv[2] ?? '.';
const parent = process.ppid;
const FLOOD_BYTES = 64 * 1024;

/** One connection, which executes its script. */
class Connection {
  received = 0;
  written = 0;
  error: string | null = null;
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #text = '';
  #id = '';
  #lingers = false;
  #onData: (() => void) | undefined;
  #resumes = 0;
  #onResume: (() => void) | undefined;

  constructor(socket: Socket, script: Script) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
      });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      this.#text = (this.#text + chunk.toString('latin1')).slice(-10_000);
      this.#onData?.();
    });
    socket.on('end', () => {
      if (!this.#lingers) socket.end();
    });
    // Not if it stalls at once: Node reads ahead on a paused socket that was read from before.
    if (script[0] !== 'stall') socket.resume();
    void this.#run(script);
  }

  get ended(): boolean {
    return this.#socket.readableEnded;
  }

  resume(): void {
    this.#resumes += 1;
    this.#onResume?.();
  }

  async #run(script: Script): Promise<void> {
    for (const step of script) {
      if (this.#socket.destroyed) return;
      await (typeof step === 'string' ? this.#act(step) : this.#write(step));
    }
  }

  async #act(step: Extract<Step, string>): Promise<void> {
    const socket = this.#socket;
    if (step === 'take') await this.#take();
    else if (step === 'wait') await this.#wait();
    else if (step === 'stall') socket.pause();
    else if (step === 'read') socket.resume();
    else if (step === 'end') socket.end();
    else if (step === 'close') socket.destroy();
    else if (step === 'reset') socket.resetAndDestroy();
    else this.#lingers = true;
  }

  async #write(step: Exclude<Step, string>): Promise<void> {
    if ('send' in step) await this.#send(step.send);
    else if ('trickle' in step) {
      for (const byte of this.#fill(step.trickle)) await this.#send(byte);
    } else {
      const times = Math.max(1, Math.ceil(FLOOD_BYTES / step.flood.length));
      const block = step.flood.repeat(times);
      for (let left = step.times ?? Infinity; left > 0 && !this.#socket.destroyed; left -= times) {
        await this.#send(left < times ? step.flood.repeat(left) : block);
      }
    }
  }

  /**
   * Writes; resolves in a later turn when the kernel has the bytes, or when the write has failed.
   */
  #send(text: string): Promise<void> {
    const data = Buffer.from(this.#fill(text), 'latin1');
    return new Promise((resolve) => {
      this.#socket.write(data, (error) => {
        if (error == null && !this.#socket.destroyed) this.written += data.length;
        setImmediate(resolve);
      });
    });
  }

  /** Puts the id of the last command into a text, or takes the member out. The text never gets shorter. */
  #fill(text: string): string {
    const id = this.#id;
    return id === ''
      ? text.replaceAll(/, "id": \$id|"id": \$id, /g, (member) => ' '.repeat(member.length))
      : text.replaceAll('$id', id.padEnd('$id'.length));
  }

  async #take(): Promise<void> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      const command = parse(end === -1 ? this.#text : this.#text.slice(0, end));
      if (command !== undefined) {
        this.#id = command.id === undefined ? '' : String(command.id);
        this.#text = end === -1 ? '' : this.#text.slice(end + 1);
        return;
      }
      await new Promise<void>((resolve) => {
        this.#onData = resolve;
      });
    }
  }

  async #wait(): Promise<void> {
    while (this.#resumes === 0) {
      await new Promise<void>((resolve) => {
        this.#onResume = resolve;
      });
    }
    this.#resumes -= 1;
  }
}

/** A listener, and its connections. */
interface Listener {
  readonly connections: Connection[];
  /** Resolves at the first connection. */
  readonly connected: Promise<unknown>;
}

const listeners: Listener[] = [];
let addresses = 0;

async function listen(server: Server, transport: Transport): Promise<PeerAddress> {
  addresses += 1;
  const path = join(directory, String(addresses));
  server.listen(transport === 'unix' ? { path } : { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const bound = server.address();
  return bound === null || typeof bound === 'string'
    ? { path }
    : { host: bound.address, port: bound.port };
}

async function respond(request: Request): Promise<Response> {
  switch (request.kind) {
    case 'listen':
      return open(request.transport, request.scripts);
    case 'deadAddress':
      return { address: await deadAddress(request.transport) };
    case 'resume':
      await listeners[request.listener]?.connected;
      listeners[request.listener]?.connections.at(-1)?.resume();
      return {};
    case 'report':
      return { report: await report(request.listener, request.closed) };
  }
}

async function open(transport: Transport, scripts: readonly Script[]): Promise<Response> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  const connections: Connection[] = [];
  server.on('connection', (socket) => {
    const script = scripts[connections.length] ?? scripts.at(-1) ?? [];
    connections.push(new Connection(socket, script));
  });
  listeners.push({ connections, connected: once(server, 'connection') });
  const listener = listeners.length - 1;
  return { listener, address: await listen(server, transport) };
}

/** Listens and closes. The file of a UNIX socket stays. */
async function deadAddress(transport: Transport): Promise<PeerAddress> {
  const server = createServer();
  const address = await listen(server, transport);
  const stale = join(directory, `${String(addresses)}-stale`);
  if ('path' in address) linkSync(address.path, stale);
  server.close();
  return 'path' in address ? { path: stale } : address;
}

async function report(number: number, whenClosed: boolean): Promise<ConnectionReport> {
  const listener = listeners[number];
  if (whenClosed) await listener?.connected;
  const last = listener?.connections.at(-1);
  if (whenClosed) await last?.closed;
  return {
    connections: listener?.connections.length ?? 0,
    received: last?.received ?? 0,
    written: last?.written ?? 0,
    ended: last?.ended ?? false,
    error: last?.error ?? null,
  };
}

const control = createServer({ allowHalfOpen: true }, (socket) => {
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => {
    const request = JSON.parse(Buffer.concat(chunks).toString()) as Request;
    respond(request).then(
      (response) => socket.end(JSON.stringify(response)),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    );
  });
});
control.listen(join(directory, 'control'), () => {
  console.log('listening');
});

// Exits with the tests even if they are killed.
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 500);

/** A command; `undefined` while it is not complete. */
function parse(text: string): { readonly id?: number } | undefined {
  if (!text.endsWith('}')) return undefined;
  try {
    return JSON.parse(text) as { readonly id?: number };
  } catch {
    return undefined;
  }
}
