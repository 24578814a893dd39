/** Secrets in the messages of protocols, and what a protocol and a program can say about them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AsyncProtocol, jsonLines, lines, redactSecrets, spawnPeer, streamPair } from 'wirechart';
import { setSanitize } from 'wirechart/inspect';
import { type AnyQapi, QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { expect, it, onTestFinished } from 'vitest';
import { expectNoneIn, outlets, printed, temporaryFolder } from './outlets.ts';
import { runProgram } from './support.ts';

const SECRET_COMMANDS: readonly (readonly [string, object])[] = [
  ['object-add', { 'qom-type': 'secret', id: 'sec0', data: 'PLANTED-1' }],
  ['set_password', { protocol: 'vnc', password: 'PLANTED-2' }],
  ['change-vnc-password', { password: 'PLANTED-3' }],
  ['blockdev-add', { driver: 'https', url: 'https://me:PLANTED-4@h/', cookie: 'PLANTED-5' }],
  ['human-monitor-command', { 'command-line': 'set_password vnc PLANTED-6' }],
  ['guest-set-user-password', { username: 'root', password: 'PLANTED-7', crypted: false }],
  ['guest-file-write', { handle: 1, 'buf-b64': 'PLANTED-8' }],
  ['send-key', { keys: [{ type: 'qcode', data: 'PLANTED-9' }] }],
];

it('keeps the secrets of QMP commands out of records and recordings', async () => {
  const out = outlets();
  const commands = Object.fromEntries(SECRET_COMMANDS.map(([name]) => [name, {}]));
  await using server = new ScriptedQmpServer({ commands, logger: out.records });
  const shown: string[] = [];
  for (const inspect of [out.inspect, out.recording.inspect]) {
    const qmp = new QmpClient<AnyQapi>({ name: 'vm1', logger: out.texts, inspect });
    await qmp.connect(await server.listen());
    for (const [name, args] of SECRET_COMMANDS) await qmp.execute(name, args);
    shown.push(printed(qmp));
    await qmp.disconnect();
    shown.push(printed(qmp));
  }
  const read = await out.read();
  const { texts } = read;
  expectNoneIn({ ...read, shown: shown.join('\n') });
  for (const [name] of SECRET_COMMANDS) expect(texts).toContain(name);
  expect(JSON.stringify(server.received)).toContain('PLANTED-1');
});

it('keeps an argument that a child repeats on its standard error out of errors and records', async () => {
  const out = outlets();
  const words = "qemu: -object secret,id=s0,data=PLANTED: Parameter 'format' is invalid";
  const script = `process.stderr.write(${JSON.stringify(words)}, () => process.exit(1))`;
  const child = spawnPeer(process.execPath, ['-e', script, '--', '-object', 'secret,data=PLANTED']);
  const protocol = new AsyncProtocol(
    { codec: lines(), handshake: (session) => session.receive().then(() => undefined) },
    { name: 'vm1', logger: out.texts, inspect: out.inspect },
  );
  const error: unknown = await protocol.connect(child.address).catch((reason: unknown) => reason);
  const exit = await child.exited;
  const { texts, inspected } = await out.read();
  const shown = printed([error, exit, child, protocol]);
  expectNoneIn({ texts, inspected, shown, json: JSON.stringify([error, exit]) });
  expect(exit.stderr).toContain("Parameter 'format' is invalid");
});

it('keeps them out of what the environment turns on', async () => {
  const folder = temporaryFolder();
  const program = `
    import { supervise } from 'wirechart';
    import { QmpClient } from 'wirechart/qmp';
    import { ScriptedQmpServer } from 'wirechart/testing';
    const secrets = ${JSON.stringify(SECRET_COMMANDS)};
    const commands = Object.fromEntries(secrets.map(([name]) => [name, {}]));
    const server = new ScriptedQmpServer({ name: 'scripted', commands });
    const qmp = new QmpClient({ name: 'vm1' });
    await qmp.connect(await server.listen());
    for (const [name, args] of secrets) await qmp.execute(name, args);
    await qmp.disconnect();
    await server.close();
    const tls = { key: 'PLANTED', passphrase: 'PLANTED' };
    const supervisor = supervise(QmpClient, { port: 1, tls }, { name: 'vm2', attempts: 1 });
    await supervisor.up().catch(String);
    await supervisor.stop();
  `;
  const { code, stderr } = await runProgram(program, {
    env: { NODE_DEBUG: 'wirechart', WIRECHART_TRACE: join(folder, 'trace.jsonl') },
  });
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('vm1: --> {"execute":"set_password"');
  const trace = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  expect(trace).toContain('vm2');
  expectNoneIn({ stderr, trace });
});

it('lets a protocol say what is secret in its messages', async () => {
  const texts: string[] = [];
  const log = (text: string) => texts.push(text);
  const logger = { debug: log, info: log, warn: log, error: log };
  const redact = (line: string) => line.replace(/^(PASS) .*/, '$1 [redacted]');
  const [near, far] = streamPair();
  const smtp = new AsyncProtocol({ codec: lines(), redact }, { logger });
  await smtp.connect({ stream: near });
  await smtp.send('PASS PLANTED');
  const kv = new AsyncProtocol<object>(
    {
      codec: jsonLines(),
      redact: (m) => redactSecrets(m, { also: ['pin'], except: ['key'] }),
    },
    { logger },
  );
  const [left, right] = streamPair();
  await kv.connect({ stream: left });
  await kv.send({ key: 'row 1', pin: 1234, password: 'PLANTED' });
  expect(texts).toContain('--> PASS [redacted]');
  expect(texts).toContain('--> {"key":"row 1","pin":"[redacted]","password":"[redacted]"}');
  await Promise.all([smtp, kv].map((protocol) => protocol.disconnect({ force: true })));
  far.destroy();
  right.destroy();
});

it('lets a program say it for all outlets together, also for those of the environment', async () => {
  onTestFinished(() => {
    setSanitize(undefined);
  });
  setSanitize((key, value) => (key === 'pin' ? '…' : value));
  const texts: string[] = [];
  const log = (text: string) => texts.push(text);
  const [near, far] = streamPair();
  const protocol = new AsyncProtocol<object>(
    { codec: jsonLines() },
    { logger: { debug: log, info: log, warn: log, error: log } },
  );
  await protocol.connect({ stream: near });
  await protocol.send({ pin: 1234 });
  expect(texts).toContain('--> {"pin":"…"}');
  await protocol.disconnect({ force: true });
  far.destroy();

  const folder = temporaryFolder();
  const trace = join(folder, 'trace.jsonl');
  const { code, stderr } = await runProgram(
    `
    import { setSanitize } from 'wirechart/inspect';
    import { AsyncProtocol, jsonLines, streamPair } from 'wirechart';
    setSanitize((key, value) => (key === 'pin' || key === 'path' ? '…' : value));
    const protocol = new AsyncProtocol({ codec: jsonLines() });
    const [near, far] = streamPair();
    await protocol.connect({ stream: near });
    await protocol.send({ pin: 'PLANTED' });
    await protocol.disconnect({ force: true });
    await protocol.connect({ path: '/nowhere/PLANTED' }).catch(() => undefined);
    far.destroy();
  `,
    { env: { NODE_DEBUG: 'wirechart', WIRECHART_TRACE: trace } },
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('--> {"pin":"…"}');
  expect(readFileSync(trace, 'utf8')).toContain('"path":"…"'.replaceAll('"', '\\"'));
});
