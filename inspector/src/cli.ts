#!/usr/bin/env node
/** The command `wirechart-inspector`. */

import { createReadStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { isToken, newToken } from './guard.ts';
import { type Inspector, startInspector } from './server.ts';

const USAGE = `Usage: wirechart-inspector [options]                  an inspector for programs that report to it
       wirechart-inspector [options] open FILE ...    the same, with recordings opened

  --port N       where to listen (4444)
  --host NAME    on which address of this machine (127.0.0.1); any other lets others look
  --control      lets pages send events to the programs' actors
  --token TEXT   what the URL must hold; by default one that is made once and kept in
                 $XDG_STATE_HOME/wirechart, so that the URL stays the same
  --origin URL   another site whose pages may connect, with the token; can be repeated
  --help         this text

Programs report to it with inspectTo(URL) of 'wirechart/inspect', or with WIRECHART_INSPECT=URL.`;

/** Something that the person at the keyboard can mend. */
class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parsed(args);
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const files = filesOf(positionals);
  const inspector = await listening({
    port: portOf(values.port),
    host: values.host,
    control: values.control,
    token: values.token ?? keptToken(),
    origins: values.origin,
  });
  const over = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      over.abort();
      void inspector.close();
    });
  }
  try {
    for (const file of files) await opened(inspector, file);
    if (!over.signal.aborted) console.log(`The inspector is at ${inspector.url}`);
  } catch (error) {
    await inspector.close();
    if (!over.signal.aborted) throw error;
  }
}

function parsed(args: string[]) {
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
    throw new UsageError(error instanceof Error ? error.message : 'The arguments are wrong');
  }
}

function filesOf([command, ...files]: string[]): string[] {
  if (command === undefined) return [];
  if (command !== 'open') throw new UsageError(`What is '${command}'?`);
  if (files.length === 0) throw new UsageError('Which recording is to be opened?');
  return files;
}

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new UsageError(`'${text}' is no port`);
  return port;
}

async function listening(options: Parameters<typeof startInspector>[0]): Promise<Inspector> {
  try {
    return await startInspector(options);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UsageError(`Port ${String(options?.port)} is taken: choose another with --port`);
    }
    throw error;
  }
}

async function opened(inspector: Inspector, file: string): Promise<void> {
  try {
    await inspector.open(basename(file), createReadStream(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new UsageError(`${file} was not opened: ${why}`);
  }
}

/** A token that stays, so that programs find an inspector that was started anew. Only its owner can read it. */
function keptToken(): string {
  const file = join(stateDirectory(), 'wirechart', 'inspector-token');
  const kept = textOf(file);
  if (kept !== undefined && isToken(kept)) return kept;
  const token = newToken();
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // It may have been edited, or was not written to its end.
    if (kept !== undefined) rmSync(file);
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    // A home that cannot be written to: then it is another one the next time.
  }
  return token;
}

/** As the XDG Base Directory Specification has it, which wants relative paths to be ignored. */
function stateDirectory(): string {
  const { XDG_STATE_HOME: state = '' } = process.env;
  return isAbsolute(state) ? state : join(homedir(), '.local', 'state');
}

function textOf(file: string): string | undefined {
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
