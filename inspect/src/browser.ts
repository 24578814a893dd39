/**
 * wirechart-inspect in a browser: reports the XState 5 actor systems of a page or a worker to an inspector.
 * It has everything but `recordTo()`: a page has no files.
 */

export { inspectTo, type InspectOptions } from '../../src/inspect/inspect-to-browser.ts';
export type { Inspect } from '../../src/inspect/actor-feed.ts';
export type { Inspection, ReportOptions } from '../../src/inspect/report.ts';
export type { Sanitize } from '../../src/inspect/plain.ts';
export { setSanitize } from '../../src/inspect/sanitize.ts';
export { toMermaid } from '../../src/inspect/mermaid.ts';
export { toDot } from '../../src/inspect/dot.ts';
export { toSource } from '../../src/inspect/source.ts';
