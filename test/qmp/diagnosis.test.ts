/** What the errors of a handshake say about a peer that is no QMP monitor: by its bytes, and by its socket. */

import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ConnectError, type JsonObject, TimeoutError } from '../../src/index.ts';
import { BusyMonitorError, GreetingError, QmpClient } from '../../src/qmp/index.ts';
import type { PeerStanding } from '../../src/core/peer-standing.ts';
import { adviceFor, adviceForRefusal } from '../../src/qmp/diagnosis/advice.ts';
import {
  explainBytes,
  explainEnd,
  explainNoNegotiation,
} from '../../src/qmp/diagnosis/diagnosis.ts';
import { cleanUp, expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import { createClient, ManualMonitor } from '../support/qmp.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const bytes = (latin1: string): Uint8Array => Buffer.from(latin1, 'latin1');

/** The first bytes of programs, as each was seen to send them, and a part of what they are called. */
const PROGRAMS: readonly (readonly [what: string, head: string, remedy: string])[] = [
  ['(HMP)', "QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ", '-qmp in place'],
  ['(HMP)', '\r\x1b[K(qemu) ', 'mode=control'],
  ['telnet=on', '\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00{"QMP": ', 'leave telnet=on out'],
  ['telnet=on', '\xff\xfd\x18\xff\xfd\x20login: ', 'leave telnet=on out'],
  ['expects TLS', '\x15\x03\x03\x00\x02\x02\x46', 'the option tls'],
  ['client of TLS', '\x16\x03\x01\x02\x00\x01\x00', 'listen with the option tls'],
  ['WebSockets', 'HTTP/1.1 400 Bad Request\r\nServer: QEMU VNC\r\n', 'leave websocket=on out'],
  ['client of HTTP', 'GET / HTTP/1.1\r\nhost: vm\r\n', 'no other program'],
  ['client of HTTP', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'no other program'],
  ['SSH server', 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\n', 'socket of -qmp'],
  ['mail or FTP server', '220 mail.example.org ESMTP Postfix\r\n', 'socket of -qmp'],
  ['mail server', '* OK IMAP4rev1 ready\r\n', 'socket of -qmp'],
  ['VNC server', 'RFB 003.008\n', 'socket of -qmp'],
  ['SPICE', 'REDQ\x02\x00\x00\x00', 'socket of -qmp'],
  ['NBD server', 'NBDMAGICIHAVEOPT\x00\x03', 'socket of -qmp'],
  ['GDB stub', '+$#00', 'socket of -qmp'],
  ['Redis', '-DENIED Redis is running in protected mode because', 'socket of -qmp'],
  ['Redis', '-ERR unknown command \'{"execute":\'\r\n', 'socket of -qmp'],
  ['MySQL', 'J\x00\x00\x00\n8.0.36\x00', 'socket of -qmp'],
  ['NATS', 'INFO {"server_id":"N"}\r\n', 'socket of -qmp'],
  ['migrates', 'QEVM\x00\x00\x00\x03', '-incoming'],
  [
    'a console, such as the serial one',
    '\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2',
    'not to that of -serial',
  ],
  [
    'a console, such as the serial one',
    '[    0.000000] Linux version 6.1.0',
    'not to that of -serial',
  ],
  [
    'a console, such as the serial one',
    '\r\nDebian GNU/Linux 12 vm ttyS0\r\n\r\nvm login: ',
    'not to that of -serial',
  ],
  // Consoles send one byte at a time.
  ['a console, such as the serial one', '\x1b', 'not to that of -serial'],
  ['standard output', 'VNC server running on ::1:5900\n', '-display none'],
  ['for people', 'qemu-system-x86_64: -foo: invalid option\n', 'standard error of QEMU apart'],
  ['for people', 'QEMU emulator version 7.2.22 (Debian 1:7.2)\n', 'correct what the text says'],
  ['load balancer', 'PROXY TCP4 10.0.0.1 10.0.0.2 5 6\r\n', 'no other program'],
];

describe('the first bytes of another program', () => {
  it.each(PROGRAMS)('say that it is %s: %j', async (what, head, remedy) => {
    const monitor = new ManualMonitor();
    const client = createClient();
    const connected = rejection(client.connect({ stream: monitor.stream }));
    monitor.send(bytes(head));
    const error = await connected;
    expect(error).toMatchObject({
      phase: 'session',
      retryable: false,
      cause: { code: 'ERR_CODEC' },
    });
    const { message } = error as ConnectError;
    expect(message).toMatch(/^Failed to establish session: The peer does not speak QMP\. It is /);
    expect(message).toContain(what);
    expect(message).toContain(". Its first bytes are '");
    expect(message).toContain(remedy);
  });

  it('are shown, bounded and printable, if they are not known', () => {
    const text = explainBytes(bytes(`\x07]0;${'x'.repeat(500)}`));
    expect(text).toMatch(/^Its first bytes are '\\x07\]0;x+'…: connect to the socket of -qmp/);
    expect(text.length).toBeLessThan(220);
  });

  it('are shown, too, if they are an object that is no JSON', async () => {
    const monitor = new ManualMonitor();
    const connected = rejection(createClient().connect({ stream: monitor.stream }));
    monitor.send('{hello}\r\n');
    expect(await connected).toMatchObject({
      retryable: false,
      cause: { code: 'ERR_CODEC' },
      message: expect.stringMatching(
        /is not JSON: .* Its first bytes are '.*: connect to/,
      ) as string,
    });
  });

  it('take time in proportion to their number', () => {
    const head = bytes('[          '.repeat(10_000));
    const start = performance.now();
    explainBytes(head);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('a first message that is no greeting', () => {
  const textFor = (message: JsonObject) =>
    new GreetingError('it has no "QMP" object', message).message;

  it.each<[string, JsonObject, string]>([
    ['a command', { execute: 'qmp_capabilities' }, 'a client of QMP too: start QEMU with -qmp'],
    ['a command out of band', { 'exec-oob': 'yank', id: 1 }, 'a client of QMP too'],
    ['JSON-RPC', { jsonrpc: '2.0', method: 'ping' }, 'a message of JSON-RPC: connect to'],
    ['anything else', { hello: 1 }, 'It has the members "hello": connect to the socket of -qmp'],
    ['nothing', {}, 'It has no members: connect to'],
  ])('is named: %s', (_, message, text) => {
    expect(textFor(message)).toContain(text);
  });

  it('is shown by the names of its members only, bounded and printable', () => {
    const members = Array.from({ length: 100 }, (_, at) => [
      `\x1b${'n'.repeat(99)}${String(at)}`,
      'PLANTED',
    ]);
    const text = textFor(Object.fromEntries(members) as JsonObject);
    expect(text).not.toContain('PLANTED');
    expect(text).not.toContain('\x1b');
    expect(text.length).toBeLessThan(500);
  });
});

describe('a greeting that has not come', () => {
  const NOTHING = { head: new Uint8Array(), count: 0 };
  const UNIX = { path: '/run/vm/qmp.sock' };
  const textOf = (standing?: PeerStanding, head = '') =>
    new BusyMonitorError(50, { head: bytes(head), count: head.length }, standing).message;
  const dialed = (remote: PeerStanding['remote'], accepted = 0, waiting = 0): PeerStanding => ({
    remote,
    isAccepted: false,
    queue: accepted + waiting > 0 ? { accepted, waiting } : undefined,
  });

  it('lists all reasons if nothing is known', () => {
    const text = textOf();
    expect(text).toMatch(
      /^No greeting within 50 ms: the peer has sent nothing\. Either another client/,
    );
    expect(new BusyMonitorError(50, NOTHING).message).toBe(text);
    expect(textOf(dialed(UNIX))).toBe(text);
  });

  it.each<[string, PeerStanding, string]>([
    ['the listener has accepted another client only', dialed(UNIX, 1, 1), 'Another client holds'],
    [
      'the listener accepts none',
      dialed(UNIX, 0, 1),
      'has not accepted the connection: QEMU is susp',
    ],
    ['the listener has accepted it, and no other', dialed(UNIX, 1), 'and it is no QMP monitor'],
    ['the listener has accepted several', dialed(UNIX, 3), 'and another one'],
    ['the socket is called qga', dialed({ path: '/run/qemu/100.qga' }, 1), 'of a guest agent'],
    ['the socket is called ga.sock', dialed({ path: 'ga.sock' }), 'of a guest agent'],
    ['it is org.qemu.guest_agent.0', dialed({ path: '/c/org.qemu.guest_agent.0' }), 'guest agent,'],
    ['the peer is a child', dialed({ pid: 4711 }), 'Start QEMU with -qmp stdio'],
    [
      'the peer has a port',
      dialed({ address: '::1', port: 1 }),
      'or it expects the client to begin',
    ],
    ['the peer has dialed us', { ...dialed(UNIX), isAccepted: true }, 'without server=on'],
  ])('says so if %s', (_, standing, text) => {
    expect(textOf(standing)).toMatch(/^No greeting within 50 ms: the peer has sent nothing\. /);
    expect(textOf(standing)).toContain(text);
  });

  it('does not take any socket for one of a guest agent', () => {
    for (const path of ['/ga/qmp.sock', '/run/vga.sock', '/run/omega', '/run/gate.sock']) {
      expect(textOf(dialed({ path }, 1))).not.toContain('By its name');
    }
  });

  it('does not advise TLS for a stream of TLS', () => {
    expect(textOf(dialed({ port: 1, authorized: true }))).not.toContain('option tls');
  });

  it.each([
    ['{"QMP": {"version"', 'QEMU was suspended in the middle of it (SIGSTOP'],
    ['{"return": {}, "id": 7}\r\n', 'the monitor has greeted another client on this stream'],
    ['{"timestamp": {"seconds": 1}, "event": "STOP"}\r\n', 'has greeted another client'],
    ['\r\n\r\n', 'or this is no QMP monitor'],
  ])('shows what came instead: %j', (head, text) => {
    expect(textOf(dialed(UNIX, 1), head)).toContain(`has sent ${String(head.length)} bytes, '`);
    expect(textOf(dialed(UNIX, 1), head)).toContain(text);
  });

  it('because another program listens, is explained by its socket', async () => {
    const path = join(await tempDir(), 'qmp.sock');
    const server = createServer((socket) => {
      cleanUp(() => socket.destroy());
    }).listen(path);
    cleanUp(() => server.close());
    const clock = new SimulatedClock();
    const client = track(new QmpClient({ clock }));
    const accepted = new Promise((resolve) => server.once('connection', resolve));
    const connected = rejection(client.connect(path));
    await accepted;
    await turn();
    clock.increment(10_000);
    const { message } = (await connected) as ConnectError;
    const isLinux = process.platform === 'linux';
    expect(message).toContain(isLinux ? 'and it is no QMP monitor' : 'Either another client');
  });
});

describe('a peer that hangs up', () => {
  it('before its greeting is a ClosedError that says what to look at', async () => {
    const monitor = new ManualMonitor();
    const connected = rejection(createClient().connect({ stream: monitor.stream }));
    monitor.peer.end();
    expect(await connected).toMatchObject({
      retryable: true,
      cause: { code: 'ERR_CLOSED', expected: false },
      message: expect.stringContaining('before its greeting. QEMU has exited, or') as string,
    });
  });

  it('over TLS may miss a certificate', () => {
    expect(explainEnd({ authorized: true })).toContain(
      '(verify-peer=on): give tls.cert and tls.key',
    );
  });

  it('with an alert of TLS is told what to do about it', () => {
    const code = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
    const alert = Object.assign(new Error('x'), { code });
    expect(adviceForRefusal(alert)).toContain('give tls.cert and tls.key');
    expect(adviceForRefusal(new Error('x'))).toBeUndefined();
  });
});

describe('a negotiation that is not answered', () => {
  const textFor = (major: number, isTls: boolean): string => {
    const version = { qemu: { major, minor: 2, micro: 0 }, package: '' };
    const greeting = { QMP: { version, capabilities: [] } };
    return explainNoNegotiation(5, greeting, isTls ? { authorized: true } : { path: '/x' });
  };

  it('is the stall of QEMU up to 7.2, over TLS', () => {
    expect(textFor(7, true)).toContain('QEMU 7.2 processes only the first byte of each TLS record');
    expect(textFor(7, true)).toContain('Use QEMU 8.0 or later');
  });

  it('is no stall of a later QEMU, nor without TLS', () => {
    const plain = 'The server has greeted, and not answered qmp_capabilities within 5 ms';
    expect(textFor(10, true)).toBe(plain);
    expect(textFor(7, false)).toBe(plain);
  });
});

describe('an attempt that does not reach a program', () => {
  const systemError = (code: string, at: object) =>
    Object.assign(new Error(code), { code, syscall: 'connect', ...at });

  it.each([
    ['ENOENT', { address: '/x' }, 'No socket is there'],
    ['ECONNREFUSED', { address: '/x' }, 'No program listens there'],
    ['EACCES', { address: '/x' }, 'QEMU runs as another user'],
    ['EPROTOTYPE', { address: '/x' }, 'none of streams'],
    ['ECONNREFUSED', { address: '::1', port: 4444 }, 'No program listens at that port'],
  ])('with %s, %j: gets advice', (code, at, text) => {
    expect(adviceFor(systemError(code, at))?.advice).toContain(text);
  });

  it.each([
    ['another error of the system', systemError('EMFILE', { address: '/x' })],
    ['ENOENT of a program', Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'spawn x' })],
    ['a name of an object', systemError('constructor', { address: '/x' })],
    ['a deadline', new TimeoutError('connect', 5)],
    ['nothing', undefined],
  ])('gets none for %s', (_, cause) => {
    expect(adviceFor(cause)).toBeUndefined();
  });

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'Give tls.ca'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'Give tls.ca'],
    ['CERT_SIGNATURE_FAILURE', 'Give tls.ca'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls.servername'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'give tls.cert and tls.key'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'Leave out the option tls'],
  ])('over TLS, with %s: gets advice', (code, text) => {
    expect(adviceFor(Object.assign(new Error('x'), { code }))?.advice).toContain(text);
  });

  it('gets that of the first address of a host', () => {
    const errors = [systemError('ECONNREFUSED', { address: '::1', port: 1 })];
    expect(adviceFor(new AggregateError(errors))?.advice).toContain('at that port');
  });

  it('has it as a member of its error, which is printed, and not in its message', async () => {
    const path = join(await tempDir(), 'gone.sock');
    const error = await rejection(createClient().connect(path));
    expect(error).toMatchObject({
      message: `Failed to establish connection: connect ENOENT ${path}`,
      advice: expect.stringContaining('No socket is there') as string,
    });
    expect(new ConnectError('connection', new Error('x'))).not.toHaveProperty('advice');
  });
});
