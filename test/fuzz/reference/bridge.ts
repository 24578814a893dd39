/** The reference of a bridge to NATS: which replies and which commands it accepts. */

import { streamReference } from './stream.ts';

const read = streamReference({
  limit: 16 * 1024 * 1024,
  maxDepth: 1024,
  objects: false,
  exact: true,
});

/** Whether a reply may be sent there: to a subject below `_INBOX.`, of plain text without wildcards. */
export function isReplySubject(subject: string): boolean {
  const [first, ...others] = subject.split('.');
  if (first !== '_INBOX' || others.length === 0 || subject.length > 256) return false;
  const isPlain = Array.from(subject).every((character) => character > ' ' && character <= '~');
  return isPlain && others.every((token) => token !== '' && !/[*>]/.test(token));
}

/** What the monitor is sent for a request. */
export interface Command {
  readonly execute: string;
  readonly arguments?: object;
}

/** The command of a request; `undefined` if the request is not one. */
export function commandOf(payload: Buffer): Command | undefined {
  const outcomes = read({ bytes: payload.toString('latin1'), ended: true });
  const [outcome] = outcomes;
  if (outcomes.length !== 1 || outcome === undefined || !('message' in outcome)) return undefined;
  const { message } = outcome;
  if (!isObject(message)) return undefined;
  const names = Object.keys(message);
  const execute = Reflect.get(message, 'command') as unknown;
  const args: unknown = names.includes('arguments') ? Reflect.get(message, 'arguments') : undefined;
  if (!names.includes('command') || typeof execute !== 'string' || execute === '') return undefined;
  if (names.some((name) => !['command', 'arguments'].includes(name))) return undefined;
  if (!names.includes('arguments')) return { execute };
  return isObject(args) ? { execute, arguments: args } : undefined;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
