/**
 * wirechart/inspect: any XState 5 actor system, reported to an inspector or to a file; and machines as
 * pictures in text.
 *
 * @packageDocumentation
 */

export { inspectTo, type InspectOptions } from './inspect-to.ts';
export { recordTo, type RecordOptions } from './record-to.ts';
export type { Inspect } from './feed.ts';
export type { Inspection, ReportOptions } from './report.ts';
export type { Sanitize } from './plain.ts';
export { toMermaid } from './mermaid.ts';
export { toDot } from './dot.ts';
