/** The bridge between NATS and QMP monitors as a program: its arguments, and its end. */

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NoRespondersError } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { optionsOf } from '../../examples/nats-bridge.ts';
import { ArgumentError } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { describePeer, freePort } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';
import { Listener, NatsServer, socketPath, startMonitor } from './nats.ts';

expectIdleAfterEach();

const PROGRAM = 'examples/nats-bridge.ts';
const ROOT = new URL('../../', import.meta.url);

/** The program, which is killed after the test if it still runs, and how it ends. */
function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = new Promise<{ code: number | null; signal: string | null; output: string }>(
    (resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, signal, output });
      });
    },
  );
  cleanUp(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended };
}

it.each([
  ['no machine', [], 'No virtual machine was given'],
  ['a machine without a path', ['vm1'], 'vm1 is not <name>=<path>'],
  ['a machine with an empty path', ['vm1='], 'vm1= is not <name>=<path>'],
  ['a machine without a name', ['=/run/qmp.sock'], '=/run/qmp.sock is not <name>=<path>'],
  ['a name that is no part of a subject', ['a.b=/run/x'], 'a.b=/run/x is not <name>=<path>'],
  ['a name twice', ['vm1=/run/x', 'vm1=/run/y'], 'vm1 was given twice'],
  ['a server that is none', ['--server', 'http://x', 'vm1=/run/x'], 'http://x is no server'],
  ['a password in sight', ['--server', 'nats://a:b@x', 'vm1=/run/x'], 'nats://a:b@x is no server'],
  ['room for nothing', ['--room', '0', 'vm1=/run/x'], '0 is no number of bytes'],
  ['room that is no number', ['--room', '1e6', 'vm1=/run/x'], '1e6 is no number of bytes'],
])('refuses %s', (_, args, complaint) => {
  expect(() => optionsOf(args, {})).toThrow(ArgumentError);
  expect(() => optionsOf(args, {})).toThrow(complaint);
});

it('takes servers, machines, room, and who it is', () => {
  const args = ['--server', 'nats://a', '--server', 'nats://b:1', '--room', '7', 'x=/y=z', 'v-1=w'];
  expect(optionsOf(args, { NATS_USER: 'me', NATS_PASSWORD: 'secret' })).toEqual({
    servers: ['nats://a', 'nats://b:1'],
    vms: new Map([
      ['x', '/y=z'],
      ['v-1', 'w'],
    ]),
    room: 7,
    user: 'me',
    password: 'secret',
  });
});

it.each([
  [[], 'No virtual machine was given'],
  [['--sever', 'x', 'vm1=/run/x'], "Unknown option '--sever'"],
])('given %j says what is wrong, and how it is used', async (args, complaint) => {
  const { code, output } = await run(args).ended;
  expect(code).toBe(2);
  expect(output).toContain(complaint);
  expect(output).toMatch(/\nUsage: nats-bridge \[--server /);
});

it('fails where there is no server', async () => {
  const server = `nats://127.0.0.1:${String(await freePort())}`;
  const { code, output } = await run(['--server', server, 'vm1=/run/x']).ended;
  expect({ code, output }).toEqual({ code: 1, output: 'connection refused\n' });
});

describePeer('nats-server', (path) => {
  async function scene(config = '') {
    const server = await NatsServer.start(path, config);
    const socket = await socketPath();
    const monitor = await startMonitor(socket);
    return { server, socket, monitor };
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('ends by %s, and leaves nothing', async (signal) => {
    const { server, socket } = await scene();
    const listener = await Listener.at(server.url);
    const { child, ended } = run(['--server', server.url, `vm1=${socket}`, 'vm2=/nowhere/qmp']);
    await listener.state('vm1', 'UP');
    expect(await listener.execute('vm1', 'query-name')).toHaveProperty('return');
    child.kill(signal);
    expect(await ended).toEqual({ code: 0, signal: null, output: '' });
    for (const name of ['vm1', 'vm2']) {
      const error = await rejection(listener.execute(name, 'query-name'));
      expect(error).toHaveProperty('cause', expect.any(NoRespondersError));
    }
    const said = listener.messages.all.filter(({ subject }) => subject === 'vm.vm1.state');
    expect(said.at(-1)?.data).toMatchObject({ state: 'DOWN', reason: 'The bridge has ended' });
    const client = createClient();
    await client.connect(socket);
    await client.disconnect();
  });

  it('ends by SIGTERM while the server is away, and says what was lost', async () => {
    const { server, socket } = await scene();
    const listener = await Listener.at(server.url);
    const { child, ended } = run(['--server', server.url, `vm1=${socket}`]);
    await listener.state('vm1', 'UP');
    const disconnected = new Promise<void>((resolve) => {
      child.stderr.on('data', (text: string) => {
        if (text.includes('NATS: disconnect')) resolve();
      });
    });
    await server.kill();
    await disconnected;
    child.kill('SIGTERM');
    const { code, output } = await ended;
    expect(code).toBe(0);
    expect(output).toMatch(/\d messages were lost: the NATS server was away\n$/);
  });

  it('tells a server who it is', async () => {
    const config = 'authorization { user: bridge, password: secret }';
    const { server, socket } = await scene(config);
    const listener = await Listener.at(server.url, { user: 'bridge', pass: 'secret' });
    const args = ['--server', server.url, `vm1=${socket}`];
    const stranger = await run(args).ended;
    expect(stranger).toMatchObject({ code: 1, output: 'Authorization Violation\n' });
    run(args, { NATS_USER: 'bridge', NATS_PASSWORD: 'secret' });
    await listener.state('vm1', 'UP');
  });

  it('insists on TLS, and on a certificate that it trusts, where it is told to', async () => {
    const { ca, server: identity } = await makeCertificates();
    const directory = await tempDir();
    const write = async (name: string, text: string) => {
      const file = join(directory, name);
      await writeFile(file, text);
      return file;
    };
    const [trusted, cert, key] = await Promise.all([
      write('ca.pem', ca),
      write('cert.pem', identity.cert),
      write('key.pem', identity.key),
    ]);
    const { server, socket } = await scene(`tls { cert_file: "${cert}", key_file: "${key}" }`);
    const listener = await Listener.at(server.url, { tls: { ca } });
    const args = ['--server', server.url.replace('nats:', 'tls:'), `vm1=${socket}`];
    expect((await run(args).ended).code).toBe(1);
    run(args, { NODE_EXTRA_CA_CERTS: trusted });
    await listener.state('vm1', 'UP');
    const plain = await NatsServer.start(path);
    const refused = run(['--server', plain.url.replace('nats:', 'tls:'), `vm1=${socket}`]);
    expect((await refused.ended).code).toBe(1);
  });
});
