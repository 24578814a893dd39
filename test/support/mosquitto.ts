/** An MQTT broker, and `mosquitto_sub` as a subscriber; both are killed after the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Received } from '../examples/nats.ts';
import { cleanUp, tempDir } from './cleanup.ts';

/** A broker on a UNIX socket in a private directory. */
export class Broker {
  /** Where it listens. */
  readonly address: string;
  /** What it logs: each packet, without its time. */
  readonly log = new Received<string>();
  readonly directory: string;
  readonly #path: string;
  #child: ChildProcess | undefined;

  /**
   * Resolves when the broker listens.
   *
   * @param passwords - By the names of the users. Default: it accepts every client.
   */
  static async start(path: string, passwords: Readonly<Record<string, string>> = {}) {
    const directory = await tempDir();
    const broker = new Broker(path, directory);
    const entries = Object.entries(passwords).map(passwordEntry);
    await writeFile(join(directory, 'passwords'), entries.join(''));
    const access =
      entries.length === 0
        ? ['allow_anonymous true']
        : ['allow_anonymous false', `password_file ${join(directory, 'passwords')}`];
    // It would give up being root, and could then not create its socket.
    const lines = ['user root', `listener 0 ${broker.address}`, ...access];
    await writeFile(join(directory, 'broker.conf'), lines.join('\n'));
    cleanUp(() => broker.kill());
    await broker.start();
    return broker;
  }

  private constructor(path: string, directory: string) {
    this.#path = path;
    this.directory = directory;
    this.address = join(directory, 'broker.sock');
  }

  /** Starts it again, at the same address. */
  async start(): Promise<void> {
    const args = ['-v', '-c', join(this.directory, 'broker.conf')];
    this.#child = spawn(this.#path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    follow(this.#child, (line) => {
      this.log.push(line.replace(/^\d+: /, ''));
    });
    await this.logged(/mosquitto version .* running/);
  }

  /** Resolves when it has logged a line that matches; a later call continues behind that line. */
  logged(pattern: RegExp): Promise<string> {
    return this.log.next((line) => pattern.test(line));
  }

  /** Stops it with SIGSTOP, until it is killed: it is there, and does not answer. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Sends SIGKILL, and waits for the exit. */
  async kill(): Promise<void> {
    await kill(this.#child);
  }

  /** Starts a subscriber to all topics; resolves when the broker has accepted its subscription. */
  async subscribe(path: string): Promise<Received<string>> {
    const received = new Received<string>();
    const args = ['--unix', this.address, '-q', '1', '-t', '#', '-F', '%t %p'];
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    cleanUp(() => kill(child));
    follow(child, received.push);
    await this.logged(/^Sending SUBACK/);
    return received;
  }
}

/** As `mosquitto_passwd` writes it: PBKDF2 with SHA-512. */
function passwordEntry([user, password]: readonly [string, string]): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512');
  return `${user}:$7$101$${salt.toString('base64')}$${hash.toString('base64')}\n`;
}

function follow({ stdout, stderr }: ChildProcess, push: (line: string) => void): void {
  for (const input of [stdout, stderr]) if (input) createInterface({ input }).on('line', push);
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
