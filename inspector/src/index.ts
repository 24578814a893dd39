/**
 * wirechart-inspector: watches XState machines live in a browser, without access to the internet.
 *
 * @module wirechart-inspector
 */

export { type Inspector, type InspectorOptions, startInspector } from './server.ts';
