/** Updates the diagram of the statechart in docs/lifecycle.md: `npm run diagram`. A test fails when it is stale. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toMermaid } from '../src/inspect/mermaid.ts';
import type { Link } from '../src/machines/link.ts';
import { createChart } from '../src/machines/protocol.ts';

export const PAGE = fileURLToPath(new URL('../docs/lifecycle.md', import.meta.url));
const BEGIN = '<!-- diagram:begin -->';
const END = '<!-- diagram:end -->';

/** Returns the diagram with its markers, as it must be in the page. */
export function diagramBlock(): string {
  // Drawing needs no link: links are created when actors start.
  const machine = createChart((link: Link<unknown, unknown>) => link);
  return [BEGIN, '', '```mermaid', toMermaid(machine), '```', '', END].join('\n');
}

/**
 * Returns the diagram in a text, with its markers.
 *
 * @throws {Error} When a marker is missing, or the markers are in the wrong order.
 */
export function blockOf(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin);
  if (begin === -1 || end === -1)
    throw new Error(`The text lacks "${BEGIN}" or, after it, "${END}": restore the markers`);
  return text.slice(begin, end + END.length);
}

/** Replaces the diagram in a file with that of the current machine. */
export function redraw(file: string): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(blockOf(text), () => diagramBlock()),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    redraw(PAGE);
  } catch (error) {
    console.error(`docs/lifecycle.md was not updated. ${String(error)}`);
    process.exitCode = 1;
  }
}
