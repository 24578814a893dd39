/** How a client looks in a terminal. */

import type { HeartbeatState } from '../core/heartbeat.ts';
import { cutText, printable } from '../core/printable.ts';
import type { Remote } from '../core/remote.ts';
import type { QmpGreeting } from './types.ts';

/** How much of the name of a package is shown, in characters. */
const MAX_PACKAGE = 100;

/** The part of a client that is shown. */
interface Shown {
  readonly greeting: QmpGreeting | undefined;
  readonly remote: Remote | undefined;
  readonly heartbeat: { readonly state: HeartbeatState } | undefined;
  toString(): string;
}

/** The text of `toString()`, with the server's version, and where it is. */
export function inspected(client: Shown): string {
  const { greeting, remote, heartbeat } = client;
  const server = greeting === undefined ? '' : ` server='${textOfVersion(greeting)}'`;
  const peer = remote === undefined ? '' : ` remote='${printable(String(remote))}'`;
  const pulse = heartbeat === undefined ? '' : ` heartbeat=${heartbeat.state}`;
  return `${client.toString().slice(0, -1)}${server}${peer}${pulse}>`;
}

/** The version of a server, as people write it. */
function textOfVersion({ QMP: { version } }: QmpGreeting): string {
  const { major, minor, micro } = version.qemu;
  const text = `QEMU ${[major, minor, micro].join('.')}`;
  if (version.package === '') return text;
  return `${text} (${printable(cutText(version.package, MAX_PACKAGE))})`;
}
