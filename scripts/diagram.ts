/** Updates the diagrams of statecharts in the documentation: `npm run diagram`. A test fails when one is stale. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnyStateMachine } from 'xstate';
import { lines } from '../src/codecs/lines.ts';
import { toMermaid } from '../src/inspect/mermaid.ts';
import type { Link } from '../src/machines/link.ts';
import { peerSessionChart } from '../src/machines/peer-session.ts';
import { createChart } from '../src/machines/protocol.ts';
import { createSupervisorMachine } from '../src/supervisor/machine.ts';

/** A page with one diagram. */
export interface Diagram {
  readonly file: string;
  readonly machine: AnyStateMachine;
}

const onPage = (name: string, machine: AnyStateMachine): Diagram => ({
  file: fileURLToPath(new URL(`../docs/${name}`, import.meta.url)),
  machine,
});

/** All diagrams of the documentation. */
export const DIAGRAMS: readonly Diagram[] = [
  // Drawing needs no link: links are created when actors start.
  onPage(
    'lifecycle.md',
    createChart((link: Link<unknown, unknown>) => link, { hasSession: true }),
  ),
  onPage('serving.md', peerSessionChart),
  onPage('supervising.md', createSupervisorMachine({ codec: lines() })),
];

const BEGIN = '<!-- diagram:begin -->';
const END = '<!-- diagram:end -->';

/** Returns the diagram of a machine with its markers, as it must be in the page. */
export function diagramBlock(machine: AnyStateMachine): string {
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
export function redraw({ file, machine }: Diagram): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(blockOf(text), () => diagramBlock(machine)),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const diagram of DIAGRAMS) {
    try {
      redraw(diagram);
    } catch (error) {
      console.error(`${diagram.file} was not updated. ${String(error)}`);
      process.exitCode = 1;
    }
  }
}
