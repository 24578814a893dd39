/**
 * S7, P9: no secret of TLS and no secret of QMP is in anything that the library shows, writes or keeps. One
 * table: every place where a secret can be, by every way on which it comes in, in every outlet.
 */

import { createPrivateKey } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createSecureContext, type ConnectionOptions, type SecureContextOptions } from 'node:tls';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  createSupervisorMachine,
  jsonLines,
  lines,
  ProtocolServer,
  streamPair,
  supervise,
} from '../../src/index.ts';
import { memberOf } from '../../src/core/shape.ts';
import { type AnyQapi, QmpClient } from '../../src/qmp/index.ts';
import { CommandFailure, ScriptedQmpServer } from '../../src/testing/index.ts';
import { bodyOf, expectNoneIn, outlets, printed } from '../users/outlets.ts';
import { makeCertificates } from '../support/certificates.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

const { server: identity, client } = await makeCertificates();
const PASSPHRASE = 'PLANTED-passphrase';
const pem = createPrivateKey(client.key);
const encrypted = pem.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: PASSPHRASE,
});
const KEYS = [...bodyOf(client.key), ...bodyOf(String(encrypted)), ...bodyOf(identity.key)];

type Tls = ConnectionOptions & SecureContextOptions;
const COOKIE = '504544454';
const bytes = Buffer.from('PLANTED');
const wrong = (value: object) => value as Tls;

/** Every option of TLS that holds a secret, in each of its shapes. */
const TLS: readonly (readonly [string, Tls])[] = [
  ['a key', { key: client.key, cert: client.cert }],
  ['a key as bytes', { key: Buffer.from(client.key), cert: client.cert }],
  ['a key in the text of the certificate', { cert: client.cert + client.key }],
  ['a key among the authorities', { ca: [client.cert + client.key] }],
  ['an encrypted key', { key: encrypted, passphrase: PASSPHRASE, cert: client.cert }],
  [
    'keys with passphrases',
    { key: [{ pem: encrypted, passphrase: PASSPHRASE }], cert: client.cert },
  ],
  ['a pfx', { pfx: bytes, passphrase: PASSPHRASE }],
  ['several pfx', { pfx: [{ buf: bytes, passphrase: PASSPHRASE }] }],
  ['keys of tickets', wrong({ ticketKeys: Buffer.concat([bytes, Buffer.alloc(41)]) })],
  ['a session', { session: bytes }],
  ['a key of an engine', { privateKeyIdentifier: 'PLANTED', privateKeyEngine: 'PLANTED' }],
  ['a pre-shared key', { pskCallback: () => ({ psk: bytes, identity: 'PLANTED' }) }],
  ['a context', { secureContext: createSecureContext({ key: client.key, cert: client.cert }) }],
  ['a misspelt passphrase', wrong({ passPhrase: 'PLANTED', key: client.key })],
  [
    'an option of a later Node',
    wrong({ certificateSecret: 'PLANTED', credentials: { it: 'PLANTED' } }),
  ],
];

/** Collects what is published on the channels, as a subscriber prints it. */
function channels(): () => string {
  const texts: string[] = [];
  const names = ['connect', 'disconnect', 'execute'].flatMap((name) =>
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map(
      (end) => `tracing:wirechart.${name}:${end}`,
    ),
  );
  const onMessage = (message: unknown, name: string | symbol) => {
    const read = { ...(message as object), message: (message as { message?: unknown }).message };
    texts.push(`${String(name)} ${inspect(read, { depth: 8 })}`);
  };
  const all = [...names, 'wirechart.message'];
  for (const name of all) subscribe(name, onMessage);
  onTestFinished(() => {
    for (const name of all) unsubscribe(name, onMessage);
  });
  return () => texts.join('\n');
}

/** All outlets, as two sets of options; `check` searches them, and everything that it is given. */
function watchAll() {
  const out = outlets();
  const traced = channels();
  const warned: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((...warning: unknown[]) => {
    warned.push(printed(warning));
  });
  const options = [
    { logger: out.texts, inspect: out.inspect },
    { logger: out.records, inspect: out.recording.inspect },
  ] as const;
  const check = async (shown: readonly unknown[]) => {
    const prints = shown.map((each) => printed(each) + String(safeJson(each))).join('\n');
    const found = { ...(await out.read()), prints, channels: traced() };
    expectNoneIn({ ...found, warned: `-${warned.join()}` }, [...KEYS, COOKIE]);
  };
  return { out, options, check };
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((reason: unknown) => reason);

describe.each(TLS)('%s', (_, tls) => {
  const address = { host: '127.0.0.1', port: 1, tls };
  const timeouts = { connect: 500 };

  it('of connect() is shown nowhere', async () => {
    const { options, check } = watchAll();
    const shown: unknown[] = [];
    for (const each of options) {
      const protocol = new AsyncProtocol({ codec: lines() }, { name: 'p', timeouts, ...each });
      const attempt = failure(protocol.connect(address));
      shown.push(printed(protocol), await attempt, protocol);
    }
    await check(shown);
  });

  it('of listen() is shown nowhere', async () => {
    const { options, check } = watchAll();
    const shown: unknown[] = [];
    const given = { port: 0, tls: { ...tls, requestCert: true } as object };
    for (const each of options) {
      const protocol = new AsyncProtocol({ codec: lines() }, { timeouts, ...each });
      const listening = failure(protocol.listen(given));
      shown.push(printed(protocol));
      await protocol.disconnect({ force: true });
      shown.push(await listening, protocol);
    }
    await check(shown);
  });

  it('of a server, and of the renewal of its certificate, is shown nowhere', async () => {
    const { options, check } = watchAll();
    const shown: unknown[] = [];
    for (const each of options) {
      const server = new ProtocolServer({ codec: lines() }, { name: 's', ...each });
      const given = { port: 0, tls: { ...tls, requestCert: true } as object };
      shown.push(await failure(server.listen(given)), printed(server));
      await server.close();
      await server.listen({ port: 0, tls: identity });
      shown.push(
        await failure(
          Promise.resolve().then(() => {
            server.setSecureContext(tls as object);
          }),
        ),
      );
      shown.push(printed(server));
      const protocol = new AsyncProtocol({ codec: lines() }, { timeouts, ...each });
      await failure(protocol.connect({ port: 1 })); // So that each outlet has something.
      await server.close();
      shown.push(server);
    }
    await check(shown);
  });

  it.each(['fixed', 'found by a function'])(
    'of a supervisor, %s, is shown nowhere',
    async (kind) => {
      const { options, check } = watchAll();
      const source = kind === 'fixed' ? address : () => address;
      const shown: unknown[] = [];
      for (const each of options) {
        const supervisor = supervise({ codec: lines() }, source, {
          name: 'v',
          attempts: 1,
          ...each,
        });
        shown.push(printed(supervisor), await failure(supervisor.up()), supervisor.client);
        shown.push(supervisor, supervisor.failures);
        await supervisor.stop();
      }
      await check(shown);
    },
  );

  it('of machines in a machine of the user is in no recording and no persisted snapshot', async () => {
    const out = outlets();
    const connection = createProtocolMachine({ codec: lines() }, { timeouts });
    const backoff = { random: () => 1, initial: 60_000 };
    const supervisor = createSupervisorMachine({ codec: lines() }, { backoff });
    const parent = createMachine({
      context: { address, options: { tls } },
      invoke: [
        { id: 'dialed', src: connection, input: { address } },
        { id: 'sent', src: connection },
        { id: 'supervised', src: supervisor, input: { address } },
      ],
    });
    const actor = createActor(parent, { inspect: out.recording.inspect }).start();
    const children = Object.values(actor.getSnapshot().children);
    actor.getSnapshot().children['sent']?.send({ type: 'CONNECT', address });
    const persisted = children.map((child) => JSON.stringify(child.getPersistedSnapshot()));
    const contexts = children.map((child) => printed(memberOf(child.getSnapshot(), 'context'), 6));
    actor.stop();
    const { recording } = await out.read();
    const [kept, shown] = [persisted.join('\n'), contexts.join('\n')];
    expectNoneIn({ kept, shown, recording }, KEYS);
    expect(recording).toContain('CONNECT');
    await new Promise(setImmediate);
  });
});

/** Commands with secrets, by the names of QEMU's schemas. */
const COMMANDS: readonly (readonly [string, object])[] = [
  ['object-add', { 'qom-type': 'secret', id: 's', data: 'PLANTED', iv: 'PLANTED' }],
  ['object-add', { 'qom-type': 'tls-creds-psk', id: 't', username: 'PLANTED' }],
  ['object-add', { 'qom-type': 'x-vendor-secret', id: 's', data: 'PLANTED' }],
  ['qom-set', { path: '/objects/s', property: 'data', value: 'PLANTED' }],
  ['qom-set', { path: '/objects/s', property: 'password', value: 'PLANTED' }],
  ['set_password', { protocol: 'spice', password: 'PLANTED', connected: 'keep' }],
  ['change-vnc-password', { password: 'PLANTED' }],
  ['block_passwd', { device: 'd', password: 'PLANTED' }],
  ['send-key', { keys: [{ type: 'qcode', data: 'PLANTED' }] }],
  [
    'input-send-event',
    { events: [{ type: 'key', data: { down: true, key: { data: 'PLANTED' } } }] },
  ],
  ['ringbuf-write', { device: 'c', data: 'PLANTED' }],
  ['netdev_add', { type: 'l2tpv3', id: 'n', txcookie: Number(COOKIE), rxcookie: Number(COOKIE) }],
  ['blockdev-add', { driver: 'https', url: 'https://me:PLANTED@h/', cookie: 'PLANTED' }],
  ['blockdev-add', { driver: 'raw', file: { driver: 'http', url: 'http://h/?token=PLANTED' } }],
  ['blockdev-reopen', { options: [{ driver: 'ftp', url: 'ftp://me:PLANTED@h/' }] }],
  ['blockdev-snapshot-sync', { 'snapshot-file': 'json:{"driver":"ssh","password":"PLANTED"}' }],
  ['drive-mirror', { target: 'rbd:pool/i:id=a:key=PLANTED' }],
  ['migrate', { uri: 'exec:curl -H "Authorization: Bearer PLANTED" https://h' }],
  ['human-monitor-command', { 'command-line': 'set_password vnc PLANTED' }],
  ['human-monitor-command', { 'command-line': '  change vnc password PLANTED' }],
  ['human-monitor-command', { 'command-line': 'sendkey PLANTED' }],
  ['human-monitor-command', { 'command-line': 'ringbuf_write c PLANTED' }],
  ['human-monitor-command', { 'command-line': 'object_add secret,id=s,data=PLANTED' }],
  ['human-monitor-command', { 'command-line': 'drive_add 0 file=ssh://me:PLANTED@h/d' }],
  ['sev-inject-launch-secret', { 'packet-header': 'PLANTED', secret: 'PLANTED' }],
  ['guest-set-user-password', { username: 'root', password: 'PLANTED', crypted: true }],
  ['guest-file-write', { handle: 1, 'buf-b64': 'PLANTED' }],
  [
    'guest-exec',
    { path: '/bin/sh', arg: ['-c', 'echo root:PLANTED | chpasswd'], env: ['A=PLANTED'] },
  ],
  ['guest-exec', { path: '/bin/login', 'input-data': 'PLANTED' }],
  ['guest-ssh-add-authorized-keys', { username: 'root', keys: ['ssh-ed25519 PLANTED'] }],
];

describe('the secrets of QMP', () => {
  it.each(COMMANDS)('in %s %j are shown nowhere', async (name, args) => {
    const { out, options, check } = watchAll();
    const reply = { password: 'PLANTED', 'buf-b64': 'PLANTED', 'out-data': 'PLANTED' };
    let calls = 0;
    const script = () => ((calls += 1) % 2 === 1 ? reply : new CommandFailure('no'));
    await using server = new ScriptedQmpServer({
      commands: { [name]: script },
      logger: out.records,
    });
    const shown: unknown[] = [];
    for (const each of options) {
      const qmp = new QmpClient<AnyQapi>({ name: 'vm1', ...each });
      await qmp.connect(await server.listen());
      expect(await qmp.execute(name, args)).toEqual(reply);
      shown.push(await failure(qmp.execute(name, args)), printed(qmp));
      await qmp.disconnect();
      shown.push(qmp);
    }
    await check(shown);
    expect(JSON.stringify(server.received)).toMatch(/PLANTED|504544454/);
  });
});

describe('a secret in a message that cannot be read', () => {
  it.each([
    '{"password":"PLANTED"',
    '{"password":"PLANTED",}',
    '{"a":1,"token":"PLANTED"]',
    '{"password":PLANTED}',
  ])('is in no error: %j', async (text) => {
    const { options, check } = watchAll();
    const shown: unknown[] = [];
    for (const each of options) {
      const [near, far] = streamPair();
      const protocol = new AsyncProtocol({ codec: jsonLines() }, each);
      await protocol.connect({ stream: near });
      far.end(`${text}\n`);
      const outcome = await protocol.closed;
      far.destroy();
      shown.push(outcome, outcome.cause, protocol);
    }
    await check(shown);
  });
});
