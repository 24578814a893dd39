/** A Redis server, and clients of it; all of them are closed after the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from '../../examples/redis/client.ts';
import type { Push } from '../../examples/redis/codec.ts';
import { Received } from '../examples/nats.ts';
import { cleanUp, tempDir, track } from './cleanup.ts';

/** A client that keeps what the server pushes. */
class Watcher extends Redis {
  readonly pushes = new Received<Push>();
  override onPush = this.pushes.push;
}

/** Creates a client that must be IDLE at the end of the test. */
export const redis = (): Watcher => track(new Watcher());

/** A server on a UNIX socket in a private directory, where it keeps its data. */
export class RedisServer {
  /** Where it listens. */
  readonly address: string;
  readonly directory: string;
  readonly #path: string;
  #child: ChildProcess | undefined;

  /** Resolves when the server accepts connections; it may still load its data. */
  static async start(path: string, ...args: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(path, await tempDir());
    cleanUp(() => server.kill());
    await server.start(...args);
    return server;
  }

  private constructor(path: string, directory: string) {
    this.#path = path;
    this.directory = directory;
    this.address = join(directory, 'redis.sock');
  }

  /** Starts it again, at the same address. */
  async start(...args: readonly string[]): Promise<void> {
    const fixed = ['--port', '0', '--unixsocket', this.address, '--dir', this.directory];
    const all = [...fixed, '--save', '', ...args];
    const child = spawn(this.#path, all, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    let output = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => {
        reject(new Error(`redis-server has exited: ${output}`));
      });
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        // It says this before it loads its data, and "Ready to accept connections" afterwards.
        if (output.includes('Server initialized')) resolve();
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
