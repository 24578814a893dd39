/** Starts and controls the chaos peer, a process whose connections execute scripts of a test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { COMPILED } from '../support/compiled.ts';
import type {
  ConnectionReport,
  PeerAddress,
  Request,
  Response,
  Script,
  Transport,
} from './steps.ts';

const PROGRAM = 'test/faults/chaos-program.js';

/** A listener of the peer. */
export interface ChaosListener {
  readonly address: PeerAddress;
  /** Ends one `wait` of its last connection. */
  readonly resume: () => Promise<void>;
  /** Reports on its last connection. */
  readonly report: () => Promise<ConnectionReport>;
  /** Reports on its last connection when that has closed. */
  readonly finalReport: () => Promise<ConnectionReport>;
}

/** The process, which is controlled over a UNIX socket. */
export class ChaosPeer {
  readonly #directory: string;
  readonly #child: ChildProcess;

  private constructor(directory: string, child: ChildProcess) {
    this.#directory = directory;
    this.#child = child;
  }

  /** Starts the process; resolves when its control socket listens. */
  static async start(): Promise<ChaosPeer> {
    const directory = await mkdtemp(join(tmpdir(), 'wirechart-chaos-'));
    const child = spawn(process.execPath, [PROGRAM, directory], {
      cwd: COMPILED,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // It prints a line when it listens: the file of a socket exists before that.
    const failed = once(child, 'exit').then(() => Promise.reject(new Error('It has not started')));
    failed.catch(() => undefined);
    await Promise.race([once(child.stdout, 'data'), failed]);
    // An open pipe would count as a handle that a test has left open.
    child.stdout.destroy();
    await once(child.stdout, 'close');
    return new ChaosPeer(directory, child);
  }

  /** Kills the process, and removes its directory. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  /**
   * Listens. The first connection gets the first script, and so on; the last script is repeated.
   */
  async listen(transport: Transport, ...scripts: readonly Script[]): Promise<ChaosListener> {
    const { listener = -1, address } = await this.#request({ kind: 'listen', transport, scripts });
    const report = async (closed: boolean): Promise<ConnectionReport> => {
      const response = await this.#request({ kind: 'report', listener, closed });
      if (response.report === undefined) throw new Error('The chaos peer sent no report');
      return response.report;
    };
    return {
      address: required(address),
      resume: async () => {
        await this.#request({ kind: 'resume', listener });
      },
      report: () => report(false),
      finalReport: () => report(true),
    };
  }

  /** Returns an address at which nothing listens any more. */
  async deadAddress(transport: Transport): Promise<PeerAddress> {
    return required((await this.#request({ kind: 'deadAddress', transport })).address);
  }

  async #request(request: Request): Promise<Response> {
    const socket = connect({ path: join(this.#directory, 'control'), allowHalfOpen: true });
    socket.end(JSON.stringify(request));
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    const response = JSON.parse(text) as Response;
    if (response.error !== undefined) throw new Error(response.error);
    return response;
  }
}

/**
 * Ends the `wait` of a script when everything that it sends before has been written. (When a reset
 * arrives together with bytes, Node reports an end of stream, because libuv does.)
 */
export async function resumeAfterData(listener: ChaosListener, script: Script): Promise<void> {
  const before = script.slice(0, script.indexOf('wait'));
  // `$id` is replaced by an id that is at least as long.
  const bytes = sentText(before).length;
  while ((await listener.report()).written < bytes);
  await listener.resume();
}

/** The text of all `send` steps. */
export const sentText = (script: Script): string =>
  script.map((step) => (typeof step === 'object' && 'send' in step ? step.send : '')).join('');

function required(address: PeerAddress | undefined): PeerAddress {
  if (address === undefined) throw new Error('The chaos peer sent no address');
  return address;
}

/** To be called once in a test file: one peer for all of its tests. */
export function useChaosPeer(): Pick<ChaosPeer, 'listen' | 'deadAddress'> {
  let peer: ChaosPeer | undefined;
  const started = (): ChaosPeer => {
    if (peer === undefined) throw new Error('The chaos peer has not started');
    return peer;
  };
  beforeAll(async () => {
    peer = await ChaosPeer.start();
  });
  afterAll(() => peer?.kill());
  return {
    listen: (transport, ...scripts) => started().listen(transport, ...scripts),
    deadAddress: (transport) => started().deadAddress(transport),
  };
}
