/**
 * wirechart/inspect: reports any XState 5 actor system to an inspector or to a file, and draws machines
 * as Mermaid or Graphviz text.
 *
 * @module wirechart/inspect
 */

export { inspectTo, type InspectOptions } from './inspect-to.ts';
export { recordTo, type RecordOptions } from './record-to.ts';
export type { Inspect } from './actor-feed.ts';
export type { Inspection, ReportOptions } from './report.ts';
export type { Sanitize } from './plain.ts';
export { setSanitize } from './sanitize.ts';
export { toMermaid } from './mermaid.ts';
export { toDot } from './dot.ts';
export { toSource } from './source.ts';
