#!/usr/bin/env node
/** The command `wirechart-inspector`. */

import { createReadStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { isToken, newToken } from './guard.ts';
import { type Inspector, startInspector } from './server.ts';

const USAGE = `Usage: wirechart-inspector [options]                  starts an inspector
       wirechart-inspector [options] open FILE ...    starts one and opens recordings

  --port N       the port to listen on (default: 4444)
  --host NAME    the address to listen on (default: 127.0.0.1); with any other, the inspector
                 can be reached from other machines
  --control      allows pages to send events to the programs' actors
  --token TEXT   the token that the URL must contain (default: one that is generated once and
                 kept in $XDG_STATE_HOME/wirechart, so that the URL stays the same)
  --origin URL   another site whose pages may connect with the token; can be repeated
  --help         prints this text

Programs report to it with inspectTo(URL) of 'wirechart/inspect', or with WIRECHART_INSPECT=URL.`;

/** A wrong argument or a failure that the user can fix. */
class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
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
    token: values.token ?? persistentToken(),
    origins: values.origin,
  });
  const interrupted = closeOnSignal(inspector);
  try {
    for (const file of files) await openRecording(inspector, file);
    if (!interrupted.aborted) console.log(`The inspector is at ${inspector.url}`);
  } catch (error) {
    await inspector.close();
    if (!interrupted.aborted) throw error;
  }
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
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '4444' },
        host: { type: 'string', default: '127.0.0.1' },
        control: { type: 'boolean', default: false },
        token: { type: 'string' },
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

async function start(options: Parameters<typeof startInspector>[0]): Promise<Inspector> {
  try {
    return await startInspector(options);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UsageError(`Port ${String(options?.port)} is in use; choose another with --port`);
    }
    throw error;
  }
}

async function openRecording(inspector: Inspector, file: string): Promise<void> {
  try {
    await inspector.open(basename(file), createReadStream(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new UsageError(`Cannot open '${file}': ${why}`);
  }
}

/** The token in a file that only its owner can read, so that the URL is the same after a restart. */
function persistentToken(): string {
  const file = join(stateDirectory(), 'wirechart', 'inspector-token');
  const kept = readText(file);
  if (kept !== undefined && isToken(kept)) return kept;
  const token = newToken();
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // The file holds no valid token: it was edited, or its writing was interrupted.
    if (kept !== undefined) rmSync(file);
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    // The directory is not writable: the next start uses another token.
  }
  return token;
}

/** The XDG Base Directory Specification says that relative paths are ignored. */
function stateDirectory(): string {
  const { XDG_STATE_HOME: state = '' } = process.env;
  return isAbsolute(state) ? state : join(homedir(), '.local', 'state');
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
