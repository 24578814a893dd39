/** A raw client, for tests of the bytes that a server sends. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { BoundAddress } from '../../src/index.ts';
import { job, type ScriptedJobOptions, type ScriptedQmpServer } from '../../src/testing/index.ts';
import { cleanUp } from '../support/cleanup.ts';
import { createServer } from '../support/qmp.ts';

/** A connected socket, and the text that it has received. */
export interface RawClient {
  readonly socket: Socket;
  /** Resolves with the next received text, up to and including the mark (the `count`th one). */
  until(mark: string, count?: number): Promise<string>;
}

/** Connects; the socket is destroyed after the test. */
export async function dialRaw(address: BoundAddress): Promise<RawClient> {
  const socket = connect({ ...address });
  socket.on('error', () => undefined);
  cleanUp(() => socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'connect');
  const until = async (mark: string, count = 1): Promise<string> => {
    while (text.split(mark).length <= count) await once(socket, 'data');
    const taken = text.split(mark).slice(0, count).join(mark) + mark;
    text = text.slice(taken.length);
    return taken;
  };
  return { socket, until };
}

/** A client that has negotiated, and shows what it receives. */
export interface RawSession {
  readonly raw: RawClient;
  /** Sends a text, and resolves with the messages up to the reply, in words. */
  readonly ask: (text: string) => Promise<readonly string[]>;
  /** Resolves with the next messages, in words. */
  readonly take: (count: number) => Promise<readonly string[]>;
}

/** Connects and negotiates. */
export async function rawSession(
  address: BoundAddress,
  enable: readonly string[] = [],
): Promise<RawSession> {
  const raw = await dialRaw(address);
  await raw.until('\r\n');
  raw.socket.write(JSON.stringify({ execute: 'qmp_capabilities', arguments: { enable } }));
  while (isGreeting(await raw.until('\r\n')));
  const take = async (count: number): Promise<readonly string[]> => {
    const words: string[] = [];
    while (words.length < count) words.push(inWords(await raw.until('\r\n')));
    return words;
  };
  const ask = async (text: string): Promise<readonly string[]> => {
    raw.socket.write(text);
    const words: string[] = [];
    for (;;) {
      const [word = ''] = await take(1);
      words.push(word);
      if (isReply(word)) return words;
    }
  };
  return { raw, ask, take };
}

/** A client that QEMU accepts while it starts may be greeted twice. */
export const isGreeting = (line: string): boolean => line.startsWith('{"QMP"');

const isReply = (word: string): boolean => !/^[A-Z_]+ /.test(`${word} `);

/** A message in words: `JOB_STATUS_CHANGE running`, `{}`, `GenericError: Job not found`. */
export function inWords(line: string): string {
  const { event, data, error, ...reply } = JSON.parse(line) as Record<string, unknown> & {
    readonly data?: { readonly status?: string; readonly error?: string };
    readonly error?: { readonly class: string; readonly desc: string };
  };
  if (typeof event === 'string') {
    return [event, data?.status, data?.error].filter((word) => word !== undefined).join(' ');
  }
  if (error !== undefined) return `${error.class}: ${error.desc}`;
  return JSON.stringify(reply['return']);
}

/** The text of a command without an id. */
export const commandOf = (execute: string, args?: object): string =>
  JSON.stringify({ execute, ...(args && { arguments: args }) });

/** The arguments of a command that starts a job with the id `j`. */
export const BACKUP = {
  device: 'disk0',
  target: 'backup0',
  sync: 'full',
  'job-id': 'j',
} as const;

/** Starts a server whose jobs advance by hand, and a raw client. */
export async function byHand(
  options: ScriptedJobOptions = {},
): Promise<RawSession & { readonly server: ScriptedQmpServer }> {
  const script = job({ total: 100, steps: 2, interval: Infinity, ...options });
  const server = createServer({
    commands: { 'blockdev-backup': script, 'blockdev-mirror': script, 'blockdev-create': script },
  });
  return { server, ...(await rawSession(await server.listen())) };
}

/** The event of a status of a job, in words. */
export const statusOf = (status: string): string => `JOB_STATUS_CHANGE ${status}`;
