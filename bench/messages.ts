/** What is sent: events like QMP's, of a chosen size, all different in what is parsed of them. */

/** How messages are told apart: by lines, or as vscode-jsonrpc does it. */
export type Framing = 'lines' | 'rpc';

/** An event, padded to its size. */
export type Event = Readonly<Record<string, unknown>>;

/** Messages that are written together, about 64 KiB of them. */
export interface Block {
  readonly data: Buffer;
  readonly messages: number;
}

const BLOCK_BYTES = 64 * 1024;

/** The sizes that are compared, in bytes with the line end. */
export const SIZES = [150, 1024] as const;

/** How a size is written. */
export const sizeName = (size: number): string =>
  size < 1024 ? `${String(size)} B` : `${String(size / 1024)} KB`;

/** As many events of a size as fill a block. */
export function events(size: number): readonly Event[] {
  return Array.from({ length: Math.floor(BLOCK_BYTES / size) }, (_, at) => event(at, size));
}

/** An event that takes `size` bytes with its line end. */
export function event(seq: number, size: number): Event {
  const padded = (padding: string): Event => ({
    timestamp: { seconds: 1_700_000_000 + seq, microseconds: 100_000 + seq },
    event: 'BLOCK_JOB_READY',
    data: { device: padding, len: 1_000_000 + seq },
  });
  const bare = frame(padded(''), 'lines').length;
  return padded('x'.repeat(Math.max(0, size - bare)));
}

/** A message with its framing. */
export function frame(message: Event, framing: Framing): string {
  const text = JSON.stringify(message);
  return framing === 'lines'
    ? `${text}\n`
    : rpcFrame(`{"jsonrpc":"2.0","method":"event","params":${text}}`);
}

/** The framing of vscode-jsonrpc, for ASCII. */
export const rpcFrame = (body: string): string =>
  `Content-Length: ${String(body.length)}\r\n\r\n${body}`;

/** A block of framed messages. */
export function block(size: number, framing: Framing): Block {
  const messages = events(size);
  const text = messages.map((message) => frame(message, framing)).join('');
  return { data: Buffer.from(text), messages: messages.length };
}
