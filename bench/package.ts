/** Imports the built package in `dist/`. Only the types come from the source. */

import type * as Wirechart from '../src/index.ts';
import type * as Inspect from '../src/inspect/index.ts';
import type * as Qmp from '../src/qmp/index.ts';
import type * as Rpc from '../src/rpc/index.ts';

// Not a literal specifier, because the type checker would look for files that exist only after a build.
const built = async (module: string): Promise<unknown> =>
  import(new URL(`../dist/${module}`, import.meta.url).href);

export const {
  AsyncProtocol,
  contentLength,
  jsonLines,
  jsonStream,
  lengthPrefixed,
  lines,
  ProtocolServer,
  streamPair,
} = (await built('index.js')) as typeof Wirechart;
export const { QmpClient } = (await built('qmp/index.js')) as typeof Qmp;
export const { JsonRpc } = (await built('rpc/index.js')) as typeof Rpc;
export const { inspectTo, recordTo } = (await built('inspect/index.js')) as typeof Inspect;

export type { Codec, JsonValue, ProtocolOptions } from '../src/index.ts';
export type { AnyQapi } from '../src/qmp/index.ts';
export type { Inspection } from '../src/inspect/index.ts';
