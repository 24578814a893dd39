/**
 * Says what a client has met in place of a monitor that is ready for it: the cause in one sentence, and what to
 * do in another.
 *
 * Nothing is sent to find it out. Before its greeting a monitor must not be sent anything, and a peer that is not
 * known may be the console of a guest, where each byte is a key that is pressed.
 */

import { quoteBytes } from '../../codecs/utf8.ts';
import type { ListenerQueue, PeerStanding } from '../../core/peer-standing.ts';
import { printable } from '../../core/printable.ts';
import type { Remote } from '../../core/remote.ts';
import { REFUSES_CERTIFICATE } from './advice.ts';
import { recognize, recognizeMessage, TO_MONITOR } from './recognized.ts';
import type { QmpGreeting } from '../types.ts';

/** What has arrived from a peer. */
export interface Received {
  /** The first bytes. */
  readonly head: Uint8Array;
  /** How many bytes in all. */
  readonly count: number;
}

/** What bytes are that are not JSON, in place of a greeting. */
export function explainBytes(head: Uint8Array): string {
  const quoted = quoteBytes(head);
  const peer = recognize(head);
  const what = peer === undefined ? '' : `It is ${peer.what}. `;
  return `${what}Its first bytes are ${quoted}: ${peer?.remedy ?? TO_MONITOR}`;
}

const MAX_NAMES = 5;
const MAX_NAME_CHARACTERS = 40;

/** What a message is that is no greeting. Its values are not shown: they may be secrets. */
export function explainMessage(message: object): string {
  const names = Object.keys(message).slice(0, MAX_NAMES);
  const shown = names.map((name) => printable(JSON.stringify(name.slice(0, MAX_NAME_CHARACTERS))));
  const members = names.length === 0 ? 'no members' : `the members ${shown.join(', ')}`;
  const peer = recognizeMessage(message);
  return peer === undefined
    ? `It has ${members}: ${TO_MONITOR}`
    : `It has ${members}, which is ${peer.what}: ${peer.remedy}`;
}

/** Why there is no greeting although nothing has arrived, or no whole one has. */
export function explainNoGreeting(
  { head, count }: Received,
  standing: PeerStanding | undefined,
): string {
  if (count === 0) return `the peer has sent nothing. ${explainSilence(standing)}`;
  return `the peer has sent ${String(count)} bytes, ${quoteBytes(head)}, and no whole greeting. ${explainNoise(head)}`;
}

function explainNoise(head: Uint8Array): string {
  const peer = recognize(head);
  if (peer !== undefined) return `It is ${peer.what}: ${peer.remedy}`;
  if (isGreeting(head)) return SUSPENDED_WITHIN;
  // Stale replies and events are skipped: a monitor that greets may send them before.
  if (/^'\{\s*"(?:return|error|event|timestamp|id)"/.test(quoteBytes(head)))
    return SESSION_UNDER_WAY;
  return NOISE;
}

/** Whether bytes begin like a greeting. */
export const isGreeting = (head: Uint8Array): boolean => /^'\{\s*"QMP"/.test(quoteBytes(head));

const NOISE = 'Either QEMU was suspended in the middle of it, or this is no QMP monitor';
const SUSPENDED_WITHIN =
  'QEMU was suspended in the middle of it (SIGSTOP, a debugger), or the stream was cut off: look at its process';
const SESSION_UNDER_WAY =
  'These are replies or events, so the monitor has greeted another client on this stream before: ' +
  'connect to the socket itself, and give each client one of its own';

function explainSilence(standing: PeerStanding | undefined): string {
  if (standing === undefined) return SILENCE;
  const { remote, isAccepted, queue } = standing;
  if (isAccepted) return SILENT_VISITOR;
  if (remote?.pid !== undefined && remote.path === undefined) return SILENT_CHILD;
  if (isTls(remote)) return SILENCE;
  if (remote?.port !== undefined) return `${SILENCE}; or it expects ${NEEDS_REQUEST}`;
  return isAgent(remote?.path) ? AGENT : explainQueue(queue);
}

function explainQueue(queue: ListenerQueue | undefined): string {
  if (queue === undefined) return SILENCE;
  if (queue.waiting > 0) return queue.accepted > 0 ? HELD : NOT_ACCEPTED;
  return queue.accepted > 1 ? SHARED : NO_MONITOR;
}

const SILENCE =
  'Either another client holds this monitor, which serves one at a time (give each client a -qmp of ' +
  'its own); or QEMU is suspended or busy; or this is no QMP monitor: a guest agent does not greet, ' +
  'and a -chardev does only with a -mon (mode=control)';
const NEEDS_REQUEST =
  'the client to begin, with TLS (tls-creds: give the address the option tls) or with a WebSocket ' +
  '(websocket=on: leave it out)';
/** Linux knows that the program has not accepted the connection, and whether it has accepted another. */
const HELD =
  'Another client holds this monitor, which serves one at a time. End that client (ss -xp shows the ' +
  'processes of all connections), or give each client a -qmp of its own';
const NOT_ACCEPTED =
  'The program that listens there has not accepted the connection: QEMU is suspended or busy, such as ' +
  'while it starts and allocates the memory of the guest. Look at its process, or wait longer with ' +
  'timeouts.handshake';
const NO_MONITOR =
  'The program has accepted the connection, and it is no QMP monitor: a guest agent does not greet, a ' +
  '-chardev does only with a -mon (mode=control), and one with websocket=on waits for a request, as other ' +
  'servers do. Connect to the socket of -qmp, or of -mon with mode=control';
const SHARED =
  'The program has accepted this connection, and another one: another client holds this monitor, which ' +
  'serves one at a time, or it is no QMP monitor (a guest agent does not greet, and a -chardev does ' +
  'only with a -mon, mode=control). Give each client a -qmp of its own';
const SILENT_CHILD =
  'The program has no QMP monitor on this stream, or it is suspended. Start QEMU with -qmp stdio (or with ' +
  '-chardev socket,id=c,fd=3 and -mon chardev=c,mode=control for the option fd)';
const SILENT_VISITOR =
  'The program that has connected is no QMP monitor, or it is suspended: a client waits for a greeting, ' +
  'too, and a -chardev greets only with a -mon (mode=control). Let QEMU dial, with -qmp unix:PATH or ' +
  '-qmp tcp:HOST:PORT without server=on';
const AGENT =
  'By its name this is the socket of a guest agent, which does not greet and does not speak QMP. ' +
  'Connect to the socket of -qmp, or talk to the agent with a client for it';

/** How people and managers name the sockets of guest agents. */
const AGENT_PATH = /guest[-_.]?agent|(?:^|[^a-z])q?ga(?:[^a-z]|$)/i;

/** A guest agent is silent: only its name tells it from other programs. */
const isAgent = (path = ''): boolean => AGENT_PATH.test(path.slice(path.lastIndexOf('/') + 1));

/** Whether a peer speaks TLS. */
const isTls = (remote: Remote | undefined): boolean => remote?.authorized !== undefined;

/** Why the peer has ended the stream before its greeting. */
export function explainEnd(remote: Remote | undefined): string {
  const why = isTls(remote)
    ? `A server of TLS does that when it ${REFUSES_CERTIFICATE}`
    : 'QEMU has exited, or the program in between (a proxy, a tunnel) does not reach it: look at the ' +
      'standard error of both';
  return `The peer ended the stream before its greeting. ${why}`;
}

/** The last version of QEMU that processes only the first byte of each record of TLS. */
const LAST_STALLED_MAJOR = 7;

/** Why `qmp_capabilities` was not answered. */
export function explainNoNegotiation(
  ms: number,
  { QMP: { version } }: QmpGreeting,
  remote: Remote | undefined,
): string {
  const text = `The server has greeted, and not answered qmp_capabilities within ${String(ms)} ms`;
  if (!isTls(remote)) return text;
  const { major, minor } = version.qemu;
  if (major > LAST_STALLED_MAJOR) return text;
  return (
    `${text}: QEMU ${[major, minor].join('.')} processes only the first byte of each TLS record, so no command ` +
    'over TLS reaches it (QEMU up to 7.2). Use QEMU 8.0 or later, or a UNIX socket, forwarded with SSH ' +
    'from another machine'
  );
}
