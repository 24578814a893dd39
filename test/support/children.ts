/** Child processes that are spawned as peers, each for one test, and that do what a test says. */

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

/** Has a peer killed after the test, and its stream destroyed. */
export function killAfterTest(peer: SpawnedPeer): SpawnedPeer {
  cleanUp(async () => {
    peer.kill('SIGKILL');
    peer.address.stream.destroy();
    await peer.exited;
  });
  return peer;
}

/** No deadline passes: a machine that is busy with other tests is slow. */
const NEVER = { exit: Infinity, terminate: Infinity };

/** A peer that is a shell script; descriptor 3 is the socket. It has no deadlines but those given. */
export function shell(script: string, options?: SpawnPeerOptions): SpawnedPeer {
  return killAfterTest(spawnPeer('/bin/sh', ['-c', script], { timeouts: NEVER, ...options }));
}

/** The same, a Node program, which has `fs`, and goes on until it is ended. */
export function node(program: string, options?: SpawnPeerOptions): SpawnedPeer {
  const script = `${program}; setTimeout(() => {}, 60_000);`;
  return killAfterTest(
    spawnPeer(process.execPath, ['--eval', script], { timeouts: NEVER, ...options }),
  );
}

/** Scripts for `shell()`. A shell forks what it does not `exec`, and a fork would hold the socket, too. */
export const scripts = {
  /** Says again what it hears, and exits at the end of it. */
  echo: 'exec cat <&3 >&3',
  /** Says "ready", and then nothing; exits neither at the end of the stream nor at SIGTERM. */
  stubborn: "trap '' TERM; echo ready >&3; exec sleep 60",
  /** Says "ready", and then nothing; does not exit at the end of the stream, but at SIGTERM. */
  deaf: 'echo ready >&3; exec sleep 60',
} as const;

/** Waits until the stream has brought a line, and leaves the stream paused. */
export async function lineOf(stream: Duplex): Promise<string> {
  let text = '';
  while (!text.includes('\n')) text += String(await chunkOf(stream));
  return text.trimEnd();
}

/** The next chunk; the stream is left paused. */
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

/** Writes; resolves with what the write fails with, or with nothing. */
export function writing(stream: Duplex, data: string | Uint8Array): Promise<unknown> {
  return new Promise((resolve) => {
    stream.write(data, resolve);
  });
}

/** What the stream fails with, when it is read to its end. */
export async function failure(stream: Duplex): Promise<Error | null> {
  stream.resume();
  await closing(stream);
  return stream.errored;
}

/** Whether a child of ours runs; one of others may have ended and wait for them to notice. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A protocol whose peer says "ready" first. */
export const readyProtocol: ProtocolDefinition<string> = {
  codec: lines(),
  handshake: async (session) => {
    await session.receive();
  },
};

/** A session with a child that says "ready". */
export async function sessionWith(
  peer: SpawnedPeer,
  definition = readyProtocol,
): Promise<AsyncProtocol<string>> {
  const protocol = createProtocol(definition);
  await protocol.connect(peer.address);
  return protocol;
}
