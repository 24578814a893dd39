/** A PostgreSQL cluster with TLS and passwords, in a directory of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { appendFile, chmod, chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Certificates, makeCertificates } from './certificates.ts';
import { freePort } from './real-peers.ts';

/** An ordinary user of every Linux: PostgreSQL refuses to run as root. */
const OTHER_ID = 65_534;
const isRoot = process.getuid?.() === 0;

/** The role that owns everything, and its password. */
export const OWNER = { user: 'ada', password: 'päss, word=1' } as const;

/** How a login is checked: by password with TLS, not at all over the UNIX socket, and never in plaintext. */
const ACCESS = `
hostssl all all 127.0.0.1/32 scram-sha-256
local all all trust
`;

/** A server that can be stopped and started again. */
export class Cluster {
  readonly port: number;
  readonly certificates: Certificates;
  readonly #directory: string;
  readonly #programs: string;

  /**
   * Makes a cluster and starts its server; resolves when it accepts connections. Call `remove()` in the end.
   *
   * @param postgres - The path of the program, next to which the others are.
   */
  static async start(postgres: string): Promise<Cluster> {
    const directory = await mkdtemp(join(tmpdir(), 'wirechart-pg-'));
    const certificates = await makeCertificates();
    const cluster = new Cluster(postgres, directory, await freePort(), certificates);
    try {
      await cluster.#initialize();
      await cluster.start();
    } catch (error) {
      await cluster.remove();
      throw error;
    }
    return cluster;
  }

  private constructor(
    postgres: string,
    directory: string,
    port: number,
    certificates: Certificates,
  ) {
    // The PATH may have only links to some of the programs.
    this.#programs = dirname(realpathSync(postgres));
    this.#directory = directory;
    this.port = port;
    this.certificates = certificates;
  }

  /** The path of its UNIX socket, which asks for no password. */
  get socket(): string {
    return join(this.#directory, `.s.PGSQL.${String(this.port)}`);
  }

  async #initialize(): Promise<void> {
    await this.#give(this.#directory);
    const password = await this.#write('password', OWNER.password);
    const options = ['--no-sync', '--no-instructions', '--encoding=UTF8', '--no-locale'];
    const login = [`--username=${OWNER.user}`, `--pwfile=${password}`, '--auth=scram-sha-256'];
    await this.#run('initdb', ...options, ...login);
    const settings = {
      ...{ port: this.port, listen_addresses: '127.0.0.1', fsync: 'off', max_connections: 12 },
      unix_socket_directories: this.#directory,
      hba_file: await this.#write('access', ACCESS),
      ssl: 'on',
      ssl_ca_file: await this.#write('ca.pem', this.certificates.ca),
      ssl_cert_file: await this.#write('cert.pem', this.certificates.server.cert),
      ssl_key_file: await this.#write('key.pem', this.certificates.server.key),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${String(value)}'\n`);
    await appendFile(join(this.#directory, 'data/postgresql.conf'), lines.join(''));
  }

  /** Runs a program of PostgreSQL, as an ordinary user. What it starts keeps none of our streams. */
  async #run(program: string, ...options: readonly string[]): Promise<void> {
    const path = join(this.#programs, program);
    const [command, ...args] = asOther([path, ...options, `--pgdata=${this.#directory}/data`]);
    const file = await open(join(this.#directory, 'output'), 'a');
    try {
      const child = spawn(command, args, { cwd: '/', stdio: ['ignore', file.fd, file.fd] });
      const [code] = (await once(child, 'close')) as [number | null];
      if (code === 0) return;
    } finally {
      await file.close();
    }
    const output = await readFile(join(this.#directory, 'output'), 'utf8');
    throw new Error(`${program} has failed:\n${output}`);
  }

  /** What the server has logged. */
  async log(): Promise<string> {
    return readFile(join(this.#directory, 'log'), 'utf8');
  }

  /** The path of the certificate of its authority. */
  get caFile(): string {
    return join(this.#directory, 'ca.pem');
  }

  /** Starts the server; resolves when it accepts connections. */
  async start(): Promise<void> {
    await this.#run('pg_ctl', 'start', '--wait', `--log=${join(this.#directory, 'log')}`);
  }

  /**
   * Stops the server. `fast` ends all sessions at once, and `immediate` does so as after a crash; `smart` lets
   * them go on, refuses new ones, and is not waited for.
   */
  async stop(mode: 'fast' | 'immediate' | 'smart' = 'fast'): Promise<void> {
    const wait = mode === 'smart' ? '--no-wait' : '--wait';
    await this.#run('pg_ctl', 'stop', wait, `--mode=${mode}`);
  }

  /** Stops the server, and removes all files. */
  async remove(): Promise<void> {
    await this.stop('immediate').catch(() => undefined); // It may not run.
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Writes a file that only the server can read. */
  async #write(name: string, text: string): Promise<string> {
    const file = join(this.#directory, name);
    await writeFile(file, text);
    await chmod(file, 0o600);
    await this.#give(file);
    return file;
  }

  async #give(path: string): Promise<void> {
    if (isRoot) await chown(path, OTHER_ID, OTHER_ID);
  }
}

/** A command line that runs another one as an ordinary user. */
function asOther(command: readonly string[]): readonly [string, ...string[]] {
  const [program = '', ...args] = command;
  const ids = [`--reuid=${String(OTHER_ID)}`, `--regid=${String(OTHER_ID)}`, '--clear-groups'];
  return isRoot ? ['setpriv', ...ids, program, ...args] : [program, ...args];
}
