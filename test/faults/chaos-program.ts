/**
 * The chaos peer: a process of its own that listens, and misbehaves as it is told (see `steps.ts`). It is
 * told over a UNIX socket in the directory that is its argument, and ends with the process that began it.
 */

import { linkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Account, Answer, Place, Request, Script, Step, Wire } from './steps.ts';

const directory = process.argv[2] ?? '.';
const parent = process.ppid;
const FLOOD_BYTES = 64 * 1024;

/** One connection, and its script at work. */
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
  #passes = 0;
  #onPass: (() => void) | undefined;

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
    // Node reads ahead on a paused socket, unless it was never read from.
    if (script[0] !== 'stall') socket.resume();
    void this.#play(script);
  }

  get ended(): boolean {
    return this.#socket.readableEnded;
  }

  pass(): void {
    this.#passes += 1;
    this.#onPass?.();
  }

  async #play(script: Script): Promise<void> {
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
    if ('say' in step) await this.#say(step.say);
    else if ('trickle' in step) {
      for (const byte of step.trickle.replaceAll('$id', this.#id)) await this.#say(byte);
    } else {
      const times = Math.max(1, Math.ceil(FLOOD_BYTES / step.flood.length));
      const block = step.flood.repeat(times);
      for (let left = step.times ?? Infinity; left > 0 && !this.#socket.destroyed; left -= times) {
        await this.#say(left < times ? step.flood.repeat(left) : block);
      }
    }
  }

  /** Resolves when the kernel has it, in a later turn, or when there is nobody to have it. */
  #say(text: string): Promise<void> {
    const data = Buffer.from(text.replaceAll('$id', this.#id), 'latin1');
    return new Promise((resolve) => {
      this.#socket.write(data, (error) => {
        if (error == null && !this.#socket.destroyed) this.written += data.length;
        setImmediate(resolve);
      });
    });
  }

  async #take(): Promise<void> {
    for (;;) {
      const command = /"id":(\d+)[^{]*\}/.exec(this.#text);
      if (command !== null) {
        this.#id = command[1] ?? '';
        this.#text = this.#text.slice(command.index + command[0].length);
        return;
      }
      await new Promise<void>((resolve) => {
        this.#onData = resolve;
      });
    }
  }

  async #wait(): Promise<void> {
    while (this.#passes === 0) {
      await new Promise<void>((resolve) => {
        this.#onPass = resolve;
      });
    }
    this.#passes -= 1;
  }
}

/** A listener, and those who came. */
interface Listener {
  readonly connections: Connection[];
  readonly arrival: Promise<unknown>;
}

const listeners: Listener[] = [];
let places = 0;

async function listen(server: Server, wire: Wire): Promise<Place> {
  places += 1;
  const path = join(directory, String(places));
  server.listen(wire === 'unix' ? { path } : { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const bound = server.address();
  return bound === null || typeof bound === 'string'
    ? { path }
    : { host: bound.address, port: bound.port };
}

async function answer(request: Request): Promise<Answer> {
  switch (request.ask) {
    case 'listen':
      return open(request.wire, request.scripts);
    case 'leave':
      return { place: await left(request.wire) };
    case 'go':
      await listeners[request.listener]?.arrival;
      listeners[request.listener]?.connections.at(-1)?.pass();
      return {};
    case 'tell':
      return { account: await account(request.listener, request.closed) };
  }
}

async function open(wire: Wire, scripts: readonly Script[]): Promise<Answer> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  const connections: Connection[] = [];
  server.on('connection', (socket) => {
    const script = scripts[connections.length] ?? scripts.at(-1) ?? [];
    connections.push(new Connection(socket, script));
  });
  listeners.push({ connections, arrival: once(server, 'connection') });
  const listener = listeners.length - 1;
  return { listener, place: await listen(server, wire) };
}

/** Where nobody listens any more: of a UNIX socket the file is still there. */
async function left(wire: Wire): Promise<Place> {
  const server = createServer();
  const place = await listen(server, wire);
  const stale = join(directory, `${String(places)}-left`);
  if ('path' in place) linkSync(place.path, stale);
  server.close();
  return 'path' in place ? { path: stale } : place;
}

async function account(listener: number, whenClosed: boolean): Promise<Account> {
  const house = listeners[listener];
  if (whenClosed) await house?.arrival;
  const last = house?.connections.at(-1);
  if (whenClosed) await last?.closed;
  return {
    connections: house?.connections.length ?? 0,
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
    answer(request).then(
      (answered) => socket.end(JSON.stringify(answered)),
      (error: unknown) => socket.end(JSON.stringify({ failure: String(error) })),
    );
  });
});
control.listen(join(directory, 'control'));

// Nobody may be left behind, also when the tests are killed.
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 500);
