/**
 * Writes the types of the commands and events of one QEMU. They are made from the reply of `query-qmp-schema`,
 * which has no names of types and no widths of integers; a copy of QEMU's schema files has them (in Debian:
 * `apt-get source qemu`, the folder `qapi`).
 *
 *   npm run qapi -- --qemu qemu-system-x86_64 --schema qemu-10.0.2/qapi -o src/qapi/10.0.ts
 *   npm run qapi -- --from unix:/run/vm1/qmp.sock -o qapi.ts
 *
 * --qemu PROGRAM  starts this QEMU or qemu-storage-daemon, without a machine (default: the installed QEMU)
 * --from ADDRESS  asks a running one instead, at `unix:PATH` or `tcp:HOST:PORT`
 * --schema DIR    takes names and widths from these schema files
 * --docs DIR      the same, and their texts as comments: for your own use, as they are under the GPL
 * --import NAME   imports `Int64` and its like from this module (default: `wirechart/qmp`)
 * -o FILE         writes this file (default: prints)
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findQemu } from './programs.ts';
import { generate, type GenerateOptions } from './qapi/generate.ts';
import { ask, askProgram, type Live } from './qapi/live.ts';
import { readSource } from './qapi/source.ts';

const { values: args } = parseArgs({
  options: {
    qemu: { type: 'string' },
    from: { type: 'string' },
    schema: { type: 'string' },
    docs: { type: 'string' },
    import: { type: 'string' },
    output: { type: 'string', short: 'o' },
  },
});

async function findLive(): Promise<Live> {
  if (args.from !== undefined) return ask(args.from);
  const program = args.qemu ?? findQemu();
  if (program === undefined) throw new Error('QEMU is not installed: use --qemu or --from.');
  return askProgram(program);
}

function sourceOptions(): GenerateOptions {
  const folder = args.docs ?? args.schema;
  if (folder === undefined) return {};
  const file = join(folder, '../VERSION');
  const version = existsSync(file) ? `QEMU ${readFileSync(file, 'utf8').trim()}` : 'QEMU';
  return {
    source: readSource(folder),
    sourceName: `the schema files of ${version}`,
    withDocs: args.docs !== undefined,
  };
}

const options = { ...sourceOptions(), importFrom: args.import };
const { text, unknown } = generate(await findLive(), options);
if (args.output === undefined) process.stdout.write(text);
else writeFileSync(args.output, text);
if (unknown.length > 0) {
  console.error(`The schema files are of another version. Not in them: ${unknown.join(', ')}`);
}
