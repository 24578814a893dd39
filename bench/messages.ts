/** The messages: events like those of QMP, of a given size, with different values in each. */

/** How messages are written: as lines, as lines with QEMU's white space, or as vscode-jsonrpc does. */
export type Framing = 'lines' | 'qemu' | 'rpc';

/** An event, padded to the requested size. */
export type Event = Readonly<Record<string, unknown>>;

/** About 64 KiB of messages that are written together. */
export interface Block {
  readonly data: Buffer;
  readonly messages: number;
}

const BLOCK_BYTES = 64 * 1024;

/** The name of all events. */
export const EVENT = 'BLOCK_JOB_READY';

const VERSION = { qemu: { major: 9, minor: 2, micro: 0 }, package: '' };
/** The greeting of a monitor. */
export const GREETING = JSON.stringify({ QMP: { version: VERSION, capabilities: [] } });

/** The message sizes of the comparisons, in bytes, line end included. */
export const SIZES = [150, 1024] as const;

/** Returns a size as text. */
export const sizeName = (size: number): string =>
  size < 1024 ? `${String(size)} B` : `${String(size / 1024)} KB`;

/** Returns as many events of this size as fill a block. */
export function events(size: number, framing?: Framing): readonly Event[] {
  return Array.from({ length: Math.floor(BLOCK_BYTES / size) }, (_, at) =>
    event(at, size, framing === 'qemu' ? 'qemu' : 'lines'),
  );
}

/** Returns an event that takes `size` bytes, line end included. */
export function event(seq: number, size: number, framing: 'lines' | 'qemu' = 'lines'): Event {
  const padded = (padding: string): Event => ({
    timestamp: { seconds: 1_700_000_000 + seq, microseconds: 100_000 + seq },
    event: EVENT,
    data: { device: padding, len: 1_000_000 + seq },
  });
  const bare = frame(padded(''), framing).length;
  return padded('x'.repeat(Math.max(0, size - bare)));
}

/** Returns a message as text, framing included. */
export function frame(message: Event, framing: Framing): string {
  if (framing === 'qemu') return `${spaced(message)}\r\n`;
  const text = JSON.stringify(message);
  return framing === 'lines'
    ? `${text}\n`
    : rpcFrame(`{"jsonrpc":"2.0","method":"event","params":${text}}`);
}

/** JSON with the white space that QEMU writes. */
const spaced = (message: Event): string =>
  JSON.stringify(message, undefined, 1)
    .replace(/\{\n */g, '{')
    .replace(/\n *\}/g, '}')
    .replace(/\n */g, ' ');

/** Adds the framing of vscode-jsonrpc; `body` must be ASCII. */
export const rpcFrame = (body: string): string =>
  `Content-Length: ${String(body.length)}\r\n\r\n${body}`;

/** Returns a block of framed messages. */
export function block(size: number, framing: Framing): Block {
  const messages = events(size, framing);
  const text = messages.map((message) => frame(message, framing)).join('');
  return { data: Buffer.from(text), messages: messages.length };
}
