/**
 * Compares the built package with hand-written code and with vscode-jsonrpc.
 *
 *   npm run bench -- [--only NAME] [--quick] [--json [FILE]]
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Comparison } from './compare/comparison.ts';
import { delay } from './compare/delay.ts';
import { events } from './compare/events.ts';
import { exchange } from './compare/exchange.ts';
import { flooding } from './compare/flooding.ts';
import { framing } from './compare/framing.ts';
import { growth } from './compare/growth.ts';
import { importing } from './compare/import.ts';
import { inbound } from './compare/inbound.ts';
import { inspect } from './compare/inspect.ts';
import { lifecycle } from './compare/lifecycle.ts';
import { listeners } from './compare/listeners.ts';
import { nats } from './compare/nats.ts';
import { outbound } from './compare/outbound.ts';
import { qemu } from './compare/qemu.ts';
import { redis } from './compare/redis.ts';
import { resp } from './compare/resp.ts';
import { rpc } from './compare/rpc.ts';
import { server } from './compare/server.ts';
import { stalled } from './compare/stalled.ts';
import type { Plan } from './measure.ts';
import { type Table, textOf } from './table.ts';

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  inbound,
  events,
  listeners,
  delay,
  flooding,
  outbound,
  stalled,
  exchange,
  rpc,
  server,
  qemu,
  redis,
  resp,
  nats,
  lifecycle,
  inspect,
  framing,
  growth,
  import: importing,
};
const FULL: Plan = { rounds: 7, warmups: 3, targetMs: 200 };
const QUICK: Plan = { rounds: 3, warmups: 2, targetMs: 60 };

const USAGE = `Usage: npm run bench -- [options]
  --only NAME    run one comparison: ${Object.keys(COMPARISONS).join(', ')}
  --quick        run each variant only 3 times, and briefly
  --json [FILE]  write JSON to FILE, or to standard output (the tables then go to standard error)`;

interface Options {
  readonly names: readonly string[];
  readonly plan: Plan;
  /** The file for JSON; '' is standard output. */
  readonly json: string | undefined;
}

/** @throws {TypeError} When an argument is invalid. */
function optionsOf(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { only: { type: 'string' }, quick: { type: 'boolean' }, json: { type: 'boolean' } },
  });
  const { only, quick = false, json = false } = values;
  const [file = ''] = positionals;
  if (positionals.length > (json ? 1 : 0))
    throw new TypeError(`Unexpected argument '${positionals.at(-1) ?? ''}'`);
  if (only !== undefined && !Object.hasOwn(COMPARISONS, only)) {
    throw new TypeError(`Unknown comparison '${only}'`);
  }
  return {
    names: only === undefined ? Object.keys(COMPARISONS) : [only],
    plan: quick ? QUICK : FULL,
    json: json ? file : undefined,
  };
}

function parseOptions(): Options | undefined {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main({ names, plan, json }: Options): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'wirechart-bench-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  const print = json === '' ? console.error : console.log;
  const header = headerOf(plan);
  print(Object.values(header).join('\n'));
  const results: Record<string, Table[]> = {};
  for (const name of names) {
    const tables: Table[] = [];
    for await (const table of COMPARISONS[name]?.({ plan, directory }) ?? []) {
      print(`\n${textOf(table)}`);
      tables.push(table);
    }
    results[name] = tables;
  }
  if (json === undefined) return;
  const text = `${JSON.stringify({ ...header, results }, undefined, 2)}\n`;
  if (json === '') process.stdout.write(text);
  else writeFileSync(json, text);
}

function headerOf({ rounds, warmups, targetMs }: Plan): Readonly<Record<string, string>> {
  const load = loadavg().map((value) => value.toFixed(2));
  return {
    date: new Date().toISOString(),
    node: `Node ${process.version}`,
    cpu: `${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}`,
    load: `load average ${load.join(', ')}`,
    plan: `${String(rounds)} rounds of ${String(targetMs)} ms after ${String(warmups)} warm-ups`,
  };
}

// An exit removes the directory and, because it closes their IPC channels, ends the peers.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const options = parseOptions();
if (options !== undefined) await main(options);
