/** Binary messages, which programs report as hexadecimal digits. */

/** A binary message: its first bytes, and how many it has. */
export interface ReportedBytes {
  readonly size: number;
  readonly bytes: readonly number[];
}

const REPORTED = /^\[(\d+) bytes ((?:[0-9a-f]{2})+)…?\]$/;
const PER_LINE = 16;

/** The bytes that a message of a program shows; `undefined` when it is not a binary one. */
export function bytesIn(text: string): ReportedBytes | undefined {
  const [, size, digits] = REPORTED.exec(text) ?? [];
  if (size === undefined || digits === undefined) return undefined;
  const bytes = digits.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return { size: Number(size), bytes };
}

/** Lines of 16 bytes: the offset, the bytes in hexadecimal, and as ASCII. */
export function hexDump(bytes: readonly number[]): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const line = bytes.slice(at, at + PER_LINE);
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = line.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    const offset = at.toString(16).padStart(4, '0');
    lines.push(`${offset}  ${hex.padEnd(3 * PER_LINE - 1)}  ${ascii.join('')}`);
  }
  return lines.join('\n');
}
