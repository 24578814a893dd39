/** The built package, as its users get it; only its types come from the source. */

import type * as Wirechart from '../src/index.ts';
import type * as Inspect from '../src/inspect/index.ts';
import type * as Qmp from '../src/qmp/index.ts';

// A specifier that is not a literal: the type checker must not look for files that only a build makes.
const built = async (module: string): Promise<unknown> =>
  import(new URL(`../dist/${module}`, import.meta.url).href);

export const { AsyncProtocol, contentLength, jsonLines, jsonStream, lengthPrefixed } = (await built(
  'index.js',
)) as typeof Wirechart;
export const { QmpClient } = (await built('qmp/index.js')) as typeof Qmp;
export const { inspectTo, recordTo } = (await built('inspect/index.js')) as typeof Inspect;

export type { Codec, JsonValue, ProtocolOptions } from '../src/index.ts';
export type { Inspection } from '../src/inspect/index.ts';
