/** What is sent: events like QMP's, of a chosen size, all different in what is parsed of them. */

/** How messages are written: on lines, on lines as QEMU does it, or as vscode-jsonrpc does it. */
export type Framing = 'lines' | 'qemu' | 'rpc';

/** An event, padded to its size. */
export type Event = Readonly<Record<string, unknown>>;

/** Messages that are written together, about 64 KiB of them. */
export interface Block {
  readonly data: Buffer;
  readonly messages: number;
}

const BLOCK_BYTES = 64 * 1024;

/** The name of all events. */
export const EVENT = 'BLOCK_JOB_READY';

const VERSION = { qemu: { major: 9, minor: 2, micro: 0 }, package: '' };
/** What a monitor says first. */
export const GREETING = JSON.stringify({ QMP: { version: VERSION, capabilities: [] } });

/** The sizes that are compared, in bytes with the line end. */
export const SIZES = [150, 1024] as const;

/** How a size is written. */
export const sizeName = (size: number): string =>
  size < 1024 ? `${String(size)} B` : `${String(size / 1024)} KB`;

/** As many events of a size as fill a block. */
export function events(size: number, framing?: Framing): readonly Event[] {
  return Array.from({ length: Math.floor(BLOCK_BYTES / size) }, (_, at) =>
    event(at, size, framing === 'qemu' ? 'qemu' : 'lines'),
  );
}

/** An event that takes `size` bytes with its line end. */
export function event(seq: number, size: number, framing: 'lines' | 'qemu' = 'lines'): Event {
  const padded = (padding: string): Event => ({
    timestamp: { seconds: 1_700_000_000 + seq, microseconds: 100_000 + seq },
    event: EVENT,
    data: { device: padding, len: 1_000_000 + seq },
  });
  const bare = frame(padded(''), framing).length;
  return padded('x'.repeat(Math.max(0, size - bare)));
}

/** A message with its framing. */
export function frame(message: Event, framing: Framing): string {
  if (framing === 'qemu') return `${spaced(message)}\r\n`;
  const text = JSON.stringify(message);
  return framing === 'lines'
    ? `${text}\n`
    : rpcFrame(`{"jsonrpc":"2.0","method":"event","params":${text}}`);
}

/** JSON with the blanks that QEMU puts into it. */
const spaced = (message: Event): string =>
  JSON.stringify(message, undefined, 1)
    .replace(/\{\n */g, '{')
    .replace(/\n *\}/g, '}')
    .replace(/\n */g, ' ');

/** The framing of vscode-jsonrpc, for ASCII. */
export const rpcFrame = (body: string): string =>
  `Content-Length: ${String(body.length)}\r\n\r\n${body}`;

/** A block of framed messages. */
export function block(size: number, framing: Framing): Block {
  const messages = events(size, framing);
  const text = messages.map((message) => frame(message, framing)).join('');
  return { data: Buffer.from(text), messages: messages.length };
}
