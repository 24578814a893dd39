/** From what a server says of itself and the schema files to the text of a module. No I/O is done here. */

import { declare } from './declare.ts';
import type { Live } from './live.ts';
import { restore } from './restore.ts';
import { Schema } from './schema.ts';
import type { Source } from './source.ts';

/** What a module is made of. */
export interface GenerateOptions {
  /** The definitions of the schema files; without them, types are called after their first use. */
  readonly source?: Source | undefined;
  /** Where `source` is from, such as `the schema files of QEMU 10.0.2`. */
  readonly sourceName?: string | undefined;
  /** Whether the texts of `source` become comments. Default `false`. */
  readonly withDocs?: boolean | undefined;
  /** The module that has `Empty`, `Int64` and `JsonValue`. Default `wirechart/qmp`. */
  readonly importFrom?: string | undefined;
}

/** The text of a module, and what the schema files did not have. */
export interface Generated {
  readonly text: string;
  readonly unknown: readonly string[];
}

/** Returns a module that declares the commands and events of a server. */
export function generate(live: Live, options: GenerateOptions = {}): Generated {
  const schema = new Schema(live.entries);
  const { source, withDocs = false, importFrom = 'wirechart/qmp' } = options;
  const restored = source && restore(schema, source);
  const text = declare(schema, { header: header(live, options), importFrom, restored, withDocs });
  return { text, unknown: restored?.unknown ?? [] };
}

function header(live: Live, { source, sourceName, withDocs = false }: GenerateOptions): string[] {
  const pack = live.package === '' ? '' : ` (${live.package})`;
  const target = live.target === undefined ? ', the storage daemon' : ` for ${live.target}`;
  const from = sourceName ?? 'the schema files';
  const names = 'Types are called after their first use, and all integers are Int64.';
  const licence =
    "Names and shapes are facts of the interface; no text of QEMU's documentation is included.";
  const texts = [
    "With the texts of QEMU's schema files, which are licensed under the GPL, version 2 or later:",
    'see there before you pass this file on.',
  ];
  return [
    `The commands and events of QEMU ${live.version}${pack}${target}.`,
    '',
    'Made by `scripts/qapi.ts` of wirechart from the reply of `query-qmp-schema`: do not edit.',
    source === undefined ? names : `Names of types and widths of integers: from ${from}.`,
    ...(withDocs ? texts : [licence]),
  ];
}
