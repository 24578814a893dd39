/** Programs that a QMP client may meet in place of a monitor, by the first bytes that they send. */

/** What a peer is, and what to do. */
export interface Recognized {
  /** Completes "It is …". */
  readonly what: string;
  /** An order, without a full stop. */
  readonly remedy: string;
}

interface Sign extends Recognized {
  /** Matches the first bytes, each as one character. */
  readonly pattern: RegExp;
}

/** What to do where the peer says nothing about itself that would help. */
export const TO_MONITOR = 'connect to the socket of -qmp, or of -mon with mode=control';

const HMP_REMEDY = 'start QEMU with -qmp in place of -monitor, or with -mon and mode=control';
const TLS_REMEDY =
  'give the address the option tls with the ca of the server, or start QEMU without tls-creds';

/** A program that has nothing to do with QEMU. */
const other = (pattern: RegExp, what: string): Sign => ({ pattern, what, remedy: TO_MONITOR });

/** A program that has dialed us, and is no QEMU. */
const visitor = (pattern: RegExp, what: string): Sign => ({ pattern, what, remedy: TO_US });
const TO_US =
  'let no other program dial this address than QEMU, with -qmp unix:PATH or -qmp tcp:HOST:PORT';

/** In the order in which they are tried. No pattern goes back over what it has read. */
const createSigns = (): readonly Sign[] => [
  {
    // Telnet negotiates before anything else: IAC (0xff) and WILL, WONT, DO or DONT (0xfb to 0xfe).
    pattern: /^\xff[\xfb-\xfe]/,
    what: 'a telnet server (telnet=on)',
    remedy:
      'leave telnet=on out of the -chardev, or start QEMU with -qmp unix:PATH,server=on,wait=off',
  },
  {
    pattern: /^QEMU [\d.]+ monitor|\(qemu\)/,
    what: "QEMU's monitor for people (HMP)",
    remedy: HMP_REMEDY,
  },
  {
    pattern: /^\x15\x03[\0-\x04]/,
    what: 'a server that expects TLS (tls-creds)',
    remedy: TLS_REMEDY,
  },
  {
    pattern: /^\x16\x03[\0-\x04]/,
    what: 'a client of TLS',
    remedy: 'listen with the option tls, or leave tls-creds out of the -chardev of QEMU',
  },
  {
    pattern: /^HTTP\/\d/,
    what: 'a server of HTTP or of WebSockets (websocket=on)',
    remedy: `leave websocket=on out of the -chardev: QMP over a WebSocket never answers; ${TO_MONITOR}`,
  },
  {
    pattern: /^(?:VNC server running on|QEMU waiting for connection|char device redirected)/,
    what: 'a text that QEMU prints on its standard output',
    remedy:
      'start QEMU with -display none (and without -vnc), or have its monitor on a socket in place of stdio',
  },
  {
    pattern: /^qemu-[\w-]{1,40}: |^QEMU emulator version|^usage: qemu/i,
    what: 'a text that QEMU prints for people',
    remedy:
      'keep the standard error of QEMU apart from its monitor, and correct what the text says',
  },
  {
    pattern:
      /SeaBIOS|iPXE|^\x1b|GRUB|BdsDxe|UEFI|Linux version|^Booting|\blogin: |^\[ {0,8}\d+\.\d{6}\]/,
    what: 'a console, such as the serial one of the guest',
    remedy: `${TO_MONITOR}, not to that of -serial`,
  },
  {
    pattern: /^QEVM/,
    what: 'a QEMU that migrates a machine to here',
    remedy: 'give the uri of migrate the address of -incoming, and not that of the monitor',
  },
  other(/^RFB \d{3}\./, 'a VNC server'),
  other(/^REDQ/, 'a SPICE peer'),
  other(/^NBDMAGIC/, 'an NBD server'),
  other(/^[+-]?\$[^#]{0,40}#[0-9a-f]{2}|^\+\$/, 'a GDB stub'),
  other(/^SSH-\d/, 'an SSH server'),
  visitor(/^(?:GET|POST|PUT|HEAD|OPTIONS|CONNECT|PRI) \S/, 'a client of HTTP'),
  other(/^220[ -]/, 'a mail or FTP server'),
  other(/^(?:\* OK|\+OK) /, 'a mail server'),
  other(/^(?:-(?:ERR|NOAUTH|DENIED|LOADING)|\+PONG|\*\d{1,4}\r\n\$)/, 'a Redis peer'),
  other(/^INFO \{/, 'a NATS server'),
  other(/^AMQP/, 'an AMQP peer'),
  other(/^[^]{3}\0\n\d+\.\d/, 'a MySQL server'),
  visitor(/^PROXY (?:TCP|UNKNOWN)|^\r\n\r\n\0\r\nQUIT\n/, 'a load balancer (PROXY protocol)'),
  visitor(/^\0?AUTH (?:EXTERNAL|ANONYMOUS)/, 'a client of D-Bus'),
];

const SIGNS = /* @__PURE__ */ createSigns();

/** What a peer is that begins with these bytes; `undefined` if they are not known. */
export function recognize(head: Uint8Array): Recognized | undefined {
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join('');
  return SIGNS.find(({ pattern }) => pattern.test(text));
}

/** The same for a peer whose first message is a JSON object. */
export function recognizeMessage(message: object): Recognized | undefined {
  if ('execute' in message || 'exec-oob' in message) {
    return {
      what: 'a command, so the peer is a client of QMP too',
      remedy: 'start QEMU with -qmp unix:PATH without server=on, so that it dials',
    };
  }
  if ('jsonrpc' in message) return { what: 'a message of JSON-RPC', remedy: TO_MONITOR };
  return undefined;
}
