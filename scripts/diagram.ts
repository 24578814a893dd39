/** Draws the chart into README.md: `npm run diagram`. A test fails when the drawing is stale. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toMermaid } from '../src/inspect/mermaid.ts';
import type { Link } from '../src/machines/link.ts';
import { createChart } from '../src/machines/protocol.ts';

export const README = fileURLToPath(new URL('../README.md', import.meta.url));
const BEGIN = '<!-- diagram:begin -->';
const END = '<!-- diagram:end -->';

/** What stands in the README, from the one marker to the other. */
export function diagramBlock(): string {
  // To be drawn, a machine needs no link: that is made when an actor of it starts.
  const machine = createChart((link: Link<unknown, unknown>) => link);
  return [BEGIN, '', '```mermaid', toMermaid(machine), '```', '', END].join('\n');
}

/**
 * The block of a text, with its markers.
 *
 * @throws {Error} When the text has no markers, or has them in the wrong order.
 */
export function blockOf(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin);
  if (begin === -1 || end === -1)
    throw new Error(`The text lacks "${BEGIN}" or, after it, "${END}"`);
  return text.slice(begin, end + END.length);
}

/** Replaces the block of a file with the machine's present picture. */
export function redraw(file: string): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(blockOf(text), () => diagramBlock()),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    redraw(README);
  } catch (error) {
    console.error(`README.md was not redrawn. ${String(error)}`);
    process.exitCode = 1;
  }
}
