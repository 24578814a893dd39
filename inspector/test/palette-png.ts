/** Makes the PNG of a screenshot smaller: at most 256 colours, which its few grounds and texts do with. */

import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const MOST_COLORS = 256;

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** The colour of each pixel, as 0xRRGGBB. */
  readonly colors: Uint32Array;
}

/** The same picture as a PNG with a palette. Takes what Chromium writes: 8 bits, RGB or RGBA, not interlaced. */
export function withPalette(png: Buffer): Buffer {
  const { width, height, colors } = decoded(png);
  const palette = paletteOf(colors);
  const indexes = new Map(palette.map((color, at) => [color, at]));
  const lines = Buffer.alloc((width + 1) * height);
  for (const [at, color] of colors.entries()) {
    let index = indexes.get(color);
    if (index === undefined) indexes.set(color, (index = nearest(palette, color)));
    lines[Math.floor(at / width) * (width + 1) + 1 + (at % width)] = index;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const entries = palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(entries)),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function decoded(png: Buffer): Pixels {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const size = png[25] === 6 ? 4 : 3;
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const data = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(data);
  }
  const bytes = unfiltered(inflateSync(Buffer.concat(parts)), width * size, size);
  const colors = new Uint32Array(width * height);
  for (let at = 0; at < colors.length; at += 1) colors[at] = bytes.readUIntBE(at * size, 3);
  return { width, height, colors };
}

/** The lines of a picture without the filters by which they are stored. */
function unfiltered(stored: Buffer, length: number, size: number): Buffer {
  const lines = stored.length / (length + 1);
  const bytes = Buffer.alloc(lines * length);
  for (let line = 0; line < lines; line += 1) {
    const filter = stored[line * (length + 1)] ?? 0;
    for (let x = 0; x < length; x += 1) {
      const at = line * length + x;
      const left = x < size ? 0 : (bytes[at - size] ?? 0);
      const above = line === 0 ? 0 : (bytes[at - length] ?? 0);
      const corner = x < size || line === 0 ? 0 : (bytes[at - length - size] ?? 0);
      const value = stored[line * (length + 1) + 1 + x] ?? 0;
      bytes[at] = value + predicted(filter, left, above, corner);
    }
  }
  return bytes;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const guess = left + above - corner;
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value));
  if (a === undefined || b === undefined || c === undefined) return 0;
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** The most frequent colours, of which each is some way from the others. */
function paletteOf(colors: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1);
  const byCount = [...counts].sort(([, one], [, other]) => other - one).map(([color]) => color);
  const palette: number[] = [];
  for (const color of byCount.slice(0, 5_000)) {
    if (palette.length === MOST_COLORS) break;
    // Large areas keep their very colours.
    if (palette.length < 24 || distance(palette[nearest(palette, color)] ?? 0, color) > 150)
      palette.push(color);
  }
  return palette;
}

function nearest(palette: readonly number[], color: number): number {
  let [best, least] = [0, Infinity];
  for (const [at, one] of palette.entries()) {
    const apart = distance(one, color);
    if (apart < least) [best, least] = [at, apart];
  }
  return best;
}

const distance = (one: number, other: number): number =>
  [16, 8, 0].reduce((sum, bits) => sum + (((one >> bits) & 255) - ((other >> bits) & 255)) ** 2, 0);
