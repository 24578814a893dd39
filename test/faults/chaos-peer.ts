/** The chaos peer, as a test sees it: a process of its own, told over a socket what to do. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { COMPILED } from '../support/compiled.ts';
import type { Account, Answer, Place, Request, Script, Wire } from './steps.ts';

const PROGRAM = 'test/faults/chaos-program.js';
/** How long a process may take to start on a busy machine. */
const PATIENCE_MS = 15_000;

/** A listener of the peer's. */
export interface Lair {
  readonly address: Place;
  /** Lets its last connection pass one `wait`. */
  readonly go: () => Promise<void>;
  /** What became of its last connection, now. */
  readonly tell: () => Promise<Account>;
  /** The same, when that has closed. */
  readonly end: () => Promise<Account>;
}

/** See the module's comment. */
export class ChaosPeer {
  readonly #directory: string;
  readonly #child: ChildProcess;

  private constructor(directory: string, child: ChildProcess) {
    this.#directory = directory;
    this.#child = child;
  }

  /** Starts the process; resolves when it listens to us. */
  static async start(): Promise<ChaosPeer> {
    const directory = await mkdtemp(join(tmpdir(), 'wirechart-chaos-'));
    const child = spawn(process.execPath, [PROGRAM, directory], {
      cwd: COMPILED,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const deadline = performance.now() + PATIENCE_MS;
    while (!existsSync(join(directory, 'control'))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error('The chaos peer does not start');
      }
      await pause(10);
    }
    return new ChaosPeer(directory, child);
  }

  /** Ends the process. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Listens; each connection plays its own script, those after the last play the last. */
  async play(wire: Wire, ...scripts: readonly Script[]): Promise<Lair> {
    const { listener = -1, place } = await this.#ask({ ask: 'listen', wire, scripts });
    const account = async (closed: boolean): Promise<Account> => {
      const told = await this.#ask({ ask: 'tell', listener, closed });
      if (told.account === undefined) throw new Error('The chaos peer tells nothing');
      return told.account;
    };
    return {
      address: placeOf(place),
      go: async () => {
        await this.#ask({ ask: 'go', listener });
      },
      tell: () => account(false),
      end: () => account(true),
    };
  }

  /** An address where somebody listened once. */
  async left(wire: Wire): Promise<Place> {
    const { place } = await this.#ask({ ask: 'leave', wire });
    return placeOf(place);
  }

  async #ask(request: Request): Promise<Answer> {
    const socket = connect({ path: join(this.#directory, 'control'), allowHalfOpen: true });
    socket.end(JSON.stringify(request));
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    const answer = JSON.parse(text) as Answer;
    if (answer.failure !== undefined) throw new Error(answer.failure);
    return answer;
  }
}

/**
 * Lets a connection pass its `wait` when what the script says before is with us: Node takes a reset
 * that comes together with bytes for an end, as libuv reports it so.
 */
export async function goOn({ tell, go }: Lair, script: Script): Promise<void> {
  const before = script.slice(0, script.indexOf('wait'));
  const said = before.map((step) => (typeof step === 'object' && 'say' in step ? step.say : ''));
  // An id is at least as long as its name.
  const bytes = said.join('').length;
  while ((await tell()).written < bytes);
  await go();
}

function placeOf(place: Place | undefined): Place {
  if (place === undefined) throw new Error('The chaos peer has no place');
  return place;
}

/** To be called once in a test file: one peer for all of its tests. */
export function useChaosPeer(): Pick<ChaosPeer, 'play' | 'left'> {
  let peer: ChaosPeer | undefined;
  const started = (): ChaosPeer => {
    if (peer === undefined) throw new Error('The chaos peer is not started');
    return peer;
  };
  beforeAll(async () => {
    peer = await ChaosPeer.start();
  });
  afterAll(() => peer?.kill());
  return {
    play: (wire, ...scripts) => started().play(wire, ...scripts),
    left: (wire) => started().left(wire),
  };
}
