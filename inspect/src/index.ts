/**
 * wirechart-inspect: reports any XState 5 actor system of a Node program to an inspector or to a file, and
 * draws machines as Mermaid or Graphviz text. It is `wirechart/inspect` without the rest of that package.
 *
 * @module wirechart-inspect
 */

export { inspectTo, type InspectOptions } from '../../src/inspect/inspect-to.ts';
export { recordTo, type RecordOptions } from '../../src/inspect/record-to.ts';
export type { Inspect } from '../../src/inspect/actor-feed.ts';
export type { Inspection, ReportOptions } from '../../src/inspect/report.ts';
export type { Sanitize } from '../../src/inspect/plain.ts';
export { setSanitize } from '../../src/inspect/sanitize.ts';
export { toMermaid } from '../../src/inspect/mermaid.ts';
export { toDot } from '../../src/inspect/dot.ts';
export { toSource } from '../../src/inspect/source.ts';
