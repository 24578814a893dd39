/**
 * wirechart-inspector: see XState machines live, in a browser, without any network.
 *
 * @packageDocumentation
 */

export { type Inspector, type InspectorOptions, startInspector } from './server.ts';
