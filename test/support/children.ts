/** Child processes that a test spawns as peers, with scripts for them. */

import type { Duplex } from 'node:stream';
import {
  type AsyncProtocol,
  lines,
  type ProtocolDefinition,
  spawnPeer,
  type SpawnedPeer,
  type SpawnPeerOptions,
} from '../../src/index.ts';
import { cleanUp, createProtocol } from './cleanup.ts';
import { closing } from './sockets.ts';

/** Kills a peer and destroys its stream after the test. */
export function killAfterTest(peer: SpawnedPeer): SpawnedPeer {
  cleanUp(async () => {
    peer.kill('SIGKILL');
    peer.address.stream.destroy();
    await peer.exited;
  });
  return peer;
}

/** No deadlines, because a machine that is busy with other tests is slow. */
const NEVER = { exit: Infinity, terminate: Infinity };

/** A peer that runs a shell script; descriptor 3 is the socket. By default it has no deadlines. */
export function shell(script: string, options?: SpawnPeerOptions): SpawnedPeer {
  return killAfterTest(spawnPeer('/bin/sh', ['-c', script], { timeouts: NEVER, ...options }));
}

/** A peer that runs a Node program, which has `fs`, and does not exit by itself. */
export function node(program: string, options?: SpawnPeerOptions): SpawnedPeer {
  const script = `${program}; setTimeout(() => {}, 60_000);`;
  return killAfterTest(
    spawnPeer(process.execPath, ['--eval', script], { timeouts: NEVER, ...options }),
  );
}

/**
 * Scripts for `shell()`. They `exec`, because a process that the shell forks would hold the socket.
 */
export const scripts = {
  /** Echoes its input, and exits at its end. */
  echo: 'exec cat <&3 >&3',
  /** Writes "ready"; exits neither at the end of the stream nor at SIGTERM. */
  exitsOnSigkill: "trap '' TERM; echo ready >&3; exec sleep 60",
  /** Writes "ready"; does not exit at the end of the stream, but at SIGTERM. */
  exitsOnSigterm: 'echo ready >&3; exec sleep 60',
} as const;

/** Reads until a line is complete, and leaves the stream paused. */
export async function lineOf(stream: Duplex): Promise<string> {
  let text = '';
  while (!text.includes('\n')) text += String(await chunkOf(stream));
  return text.trimEnd();
}

/** Reads the next chunk, and leaves the stream paused. */
export function chunkOf(stream: Duplex): Promise<unknown> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('data', (chunk: unknown) => {
      stream.off('error', reject).pause();
      resolve(chunk);
    });
    stream.resume();
  });
}

/** Writes; resolves with the error of the write, if there is one. */
export function writing(stream: Duplex, data: string | Uint8Array): Promise<unknown> {
  return new Promise((resolve) => {
    stream.write(data, resolve);
  });
}

/** Reads the stream until it has closed; resolves with its error, if there is one. */
export async function failure(stream: Duplex): Promise<Error | null> {
  stream.resume();
  await closing(stream);
  return stream.errored;
}

/**
 * Whether a process exists. Another's child may also be a zombie that its parent has not reaped.
 */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A protocol whose peer has to send a first line, "ready". */
export const readyProtocol: ProtocolDefinition<string> = {
  codec: lines(),
  handshake: async (session) => {
    await session.receive();
  },
};

/** Opens a session with a child that sends "ready". */
export async function sessionWith(
  peer: SpawnedPeer,
  definition = readyProtocol,
): Promise<AsyncProtocol<string>> {
  const protocol = createProtocol(definition);
  await protocol.connect(peer.address);
  return protocol;
}
