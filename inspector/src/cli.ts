#!/usr/bin/env node
/** The command `wirechart-inspector`. */

import './check-node.ts';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { COVERAGE_USAGE, coverageCommand } from './coverage-command.ts';
import { nextSteps } from './next-steps.ts';
import { portInUse } from './port-owner.ts';
import { printable } from './printable.ts';
import { type Inspector, type InspectorOptions, startInspector } from './server.ts';
import { isToken, TOKEN_RULE, TOKEN_VARIABLE, tokenFrom } from './token.ts';
import { UsageError } from './usage-error.ts';

const USAGE = `Usage: wirechart-inspector [options]                  starts an inspector
       wirechart-inspector [options] open FILE ...    starts one and opens recordings

  --port N           the port to listen on (default: 4444)
  --host NAME        the address to listen on (default: 127.0.0.1); with any other, the inspector
                     can be reached from other machines, over plain HTTP
  --socket PATH      a UNIX socket for programs, in addition to the port; its directory must be
                     yours alone (mode 700), and is created if it is missing
  --control          allows pages to send events to the programs' actors
  --token-file FILE  a file with the token that the URL must contain, which must be yours alone
                     (mode 600); or set WIRECHART_INSPECTOR_TOKEN (default: a new one each time)
  --origin URL       another site whose pages may connect with the token; can be repeated
  --help             prints this text

${COVERAGE_USAGE}

Programs report to it with inspectTo(URL) of 'wirechart-inspect'; programs that use 'wirechart' also
with WIRECHART_INSPECT=URL.`;

async function main(args: string[]): Promise<void> {
  if (args[0] === 'coverage' && !args.includes('--help')) {
    process.exitCode = await coverageCommand(args.slice(1));
    return;
  }
  const { values, positionals } = parseArguments(args);
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const files = filesOf(positionals);
  const inspector = await start({
    port: portOf(values.port),
    host: values.host,
    control: values.control,
    path: values.socket,
    token: fixedToken(values['token-file']),
    origins: values.origin,
  });
  const interrupted = closeOnSignal(inspector);
  try {
    for (const file of files) await openRecording(inspector, file);
    if (!interrupted.aborted) announce(inspector);
  } catch (error) {
    await inspector.close();
    if (!interrupted.aborted) throw error;
  }
}

function announce({ url, socketUrl }: Inspector): void {
  console.log(`The inspector is at ${url}`);
  if (socketUrl !== undefined) console.log(`Programs report to ${socketUrl}`);
  // Programs that start the command read one line.
  if (process.stdout.isTTY) console.log(nextSteps(socketUrl ?? url));
}

/** Closes the inspector at SIGINT or SIGTERM, when the returned signal is aborted, too. */
function closeOnSignal(inspector: Inspector): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted.abort();
      void inspector.close();
    });
  }
  return interrupted.signal;
}

function parseArguments(args: string[]) {
  if (args.some((each) => /^--token(?:=|$)/.test(each))) {
    throw new UsageError(
      `There is no --token, because all users of this machine see command lines; use --token-file FILE or the environment variable ${TOKEN_VARIABLE}`,
    );
  }
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '4444' },
        host: { type: 'string', default: '127.0.0.1' },
        control: { type: 'boolean', default: false },
        socket: { type: 'string' },
        'token-file': { type: 'string' },
        origin: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'Invalid arguments');
  }
}

function filesOf([command, ...files]: string[]): string[] {
  if (command === undefined) return [];
  if (command !== 'open') throw new UsageError(`Unknown command '${command}'`);
  if (files.length === 0) throw new UsageError("'open' needs the path of at least one recording");
  return files;
}

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new UsageError(`--port is '${text}'; it must be from 0 to 65535`);
  return port;
}

async function start(options: InspectorOptions): Promise<Inspector> {
  try {
    return await startInspector(options);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UsageError(await inUse(error, options.host), { needsUsage: false });
    }
    throw error;
  }
}

/** The error of a port that is in use says which; that of a socket has a text that says so. */
const inUse = async (error: Error, host = 'localhost'): Promise<string> =>
  'port' in error && Number(error.port) > 0
    ? portInUse(host, Number(error.port))
    : `${error.message}; choose another path with --socket`;

const CHUNK_BYTES = 256 * 1024;

async function openRecording(inspector: Inspector, file: string): Promise<void> {
  // A large one takes seconds.
  if (process.stderr.isTTY) console.error(`Reading ${printable(file)} …`);
  try {
    const encoding = 'utf8';
    const stream = createReadStream(file, { encoding, highWaterMark: CHUNK_BYTES });
    await inspector.open(basename(file), stream);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new UsageError(`Cannot open '${file}': ${why}`, { needsUsage: false });
  }
}

/** The token of a file or of the environment; `undefined` for a new one. */
function fixedToken(file: string | undefined): string | undefined {
  const { [TOKEN_VARIABLE]: token = '' } = process.env;
  try {
    if (file !== undefined) return tokenFrom(file);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'Cannot read the token');
  }
  if (token === '') return undefined;
  if (!isToken(token)) throw new UsageError(`${TOKEN_VARIABLE} is refused. ${TOKEN_RULE}`);
  return token;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? printable(error.message) : error);
  if (error instanceof UsageError && error.needsUsage) console.error(`\n${USAGE}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
