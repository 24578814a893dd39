/**
 * wirechart-inspector: watches XState machines live in a browser, without access to the internet.
 *
 * @module wirechart-inspector
 */

export { type Inspector, type InspectorOptions, startInspector } from './server.ts';
export { coverageOf, type RecordingChunks } from './coverage.ts';
export {
  type Coverage,
  type EventCoverage,
  type MachineCoverage,
  mergeCoverage,
  type Share,
  type StateCoverage,
  statesCovered,
  type TransitionCoverage,
  transitionsCovered,
} from '../shared/coverage.ts';
export { CoverageError, parseCoverage } from '../shared/coverage-file.ts';
export { coverageReport } from '../shared/coverage-report.ts';
export { percentile, type Stays } from '../shared/coverage-stays.ts';
