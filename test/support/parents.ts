/** Programs that spawn peers, observed from a third process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanUp } from './cleanup.ts';
import { COMPILED } from './compiled.ts';

/**
 * The peer writes "ready", ends only by SIGKILL, and writes "alive" to standard error on SIGUSR2.
 */
const PEER = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  process.on('SIGUSR2', () => fs.writeSync(2, 'alive'));
  fs.writeSync(3, 'ready\\n');
  setTimeout(() => undefined, 60_000);
`;

/** A running program that spawns peers. */
export interface Parent {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  readonly line: () => Promise<string>;
  /** The arguments of its 'exit' event. */
  readonly exited: Promise<readonly unknown[]>;
  /** Waits until it or a peer has written `word` to standard error. */
  readonly stderrIncludes: (word: string) => Promise<void>;
  /** The whole standard error, once neither it nor a peer holds that: then none of them runs. */
  readonly allEnded: Promise<string>;
}

/** How a program is run. */
interface RunOptions {
  /** Arguments for Node. */
  readonly args?: readonly string[];
  /** Whether it has a process group of its own, as in a terminal. */
  readonly detached?: boolean;
  /** A command that runs Node. */
  readonly under?: readonly string[];
}

/**
 * Runs a program that has the library as `w`, a `protocol`, and `spawn(options)` to spawn a peer.
 */
export function run(
  program: string,
  { args = [], detached = false, under = [] }: RunOptions = {},
): Parent {
  const script = `
    import * as w from './src/index.js';
    const peerArgs = ['--eval', ${JSON.stringify(PEER)}];
    const spawn = (options) =>
      w.spawnPeer(process.execPath, peerArgs, { stderr: 'inherit', ...options });
    const protocol = new w.AsyncProtocol({
      codec: w.lines(),
      handshake: async (session) => void (await session.receive()),
    });
    ${program}
  `;
  const node = [process.execPath, ...args, '--input-type=module', '--eval', script];
  const [file = '', ...argv] = [...under, ...node];
  const child = spawn(file, argv, {
    cwd: COMPILED,
    detached,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { stderr } = child;
  cleanUp(() => {
    child.kill('SIGKILL');
    child.stdout.destroy();
    stderr.destroy();
  });
  const printed = child.stdout.setEncoding('utf8').iterator() as AsyncIterator<string, undefined>;
  let [unread, errors] = ['', ''];
  stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return {
    child,
    line: async () => {
      while (!unread.includes('\n')) {
        const next = await printed.next();
        if (next.done === true) throw new Error(`The program ended after ${unread}: ${errors}`);
        unread += next.value;
      }
      const [line = '', ...rest] = unread.split('\n');
      unread = rest.join('\n');
      return line;
    },
    exited: once(child, 'exit'),
    stderrIncludes: async (word) => {
      while (!errors.includes(word)) await once(stderr, 'data');
    },
    allEnded: once(stderr, 'end').then(() => errors),
  };
}

/** Code that opens a session with a peer, and prints the peer's process id. */
export const sessionWith = (options: string) => `
  const peer = spawn(${options});
  await protocol.connect(peer.address);
  console.log(peer.pid);
`;
export const SESSION = sessionWith('{}');

/** The same with a peer that a shell has started, and waits for. */
export const TREE = `
  const script = 'node=$1; shift; "$node" "$@"; true';
  const peer = w.spawnPeer('/bin/sh', ['-c', script, 'sh', process.execPath, ...peerArgs], {
    stderr: 'inherit',
  });
  await protocol.connect(peer.address);
  console.log(peer.pid);
`;

/** The signals that end a program of Node, and that it can listen to. */
export const DEADLY = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGVTALRM'] as const),
  ...(['SIGXCPU', 'SIGUSR2', 'SIGIO', 'SIGPWR', 'SIGSTKFLT'] as const),
];
