/** Finds out what listens on a port that is in use, to say it to the person who wants the port. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { printable } from './printable.ts';

/** A program that does not answer is not an inspector. */
const ANSWER_TIMEOUT_MS = 1_000;

/** What to do about a port of an address that is in use. */
export async function portInUse(host: string, port: number): Promise<string> {
  const advice = `Port ${String(port)} is in use; choose another with --port`;
  const owner = ownerOf(port);
  if (await isInspector(host, port))
    return `${advice}, or open the URL that the inspector there has printed${owner === undefined ? '' : ` (${owner})`}`;
  return owner === undefined ? advice : `${advice}. It belongs to ${owner}`;
}

/** Whether an inspector answers there. */
function isInspector(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, agent: false, timeout: ANSWER_TIMEOUT_MS }, (response) => {
      text(response).then(
        (body) => {
          resolve(body.includes('wirechart'));
        },
        () => {
          resolve(false);
        },
      );
    });
    request.on('error', () => {
      resolve(false);
    });
    request.on('timeout', () => request.destroy());
    setTimeout(() => request.destroy(), 2 * ANSWER_TIMEOUT_MS).unref();
  });
}

const LISTENING = '0A';

/** The process that listens on a port, if this is Linux and the process is ours. */
function ownerOf(port: number): string | undefined {
  try {
    const inodes = ['tcp', 'tcp6'].flatMap((name) => listenersIn(`/proc/net/${name}`, port));
    const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && hasSocket(name, links));
    if (pid === undefined) return undefined;
    const name = printable(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
    return `the process ${pid}, ${name}`;
  } catch {
    return undefined;
  }
}

/** The inodes of the sockets that listen on a port. */
function listenersIn(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(table, 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) === true && state === LISTENING)
    .map((columns) => columns[9] ?? '');
}

function hasSocket(pid: string, links: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => links.has(targetOf(`${folder}/${name}`)));
  } catch {
    return false; // Another user's, or it has ended.
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // It has been closed.
  }
}
