/** The example bridge between NATS and QMP monitors as a program: its arguments, and how it exits. */

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NoRespondersError } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { optionsOf } from '../../examples/nats-bridge.ts';
import { ArgumentError } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { COMPILED } from '../support/compiled.ts';
import { createClient } from '../support/qmp.ts';
import { describePeer, freePort } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';
import { Listener, NatsServer, socketPath, startMonitor } from './nats.ts';

expectIdleAfterEach();

const PROGRAM = 'examples/nats-bridge.js';

/** Starts the program. It is killed after the test if it is still running. */
function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: COMPILED,
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
  ['no machine', [], 'Name at least one virtual machine'],
  ['a machine without a path', ['vm1'], "'vm1' is not <name>=<path>"],
  ['a machine with an empty path', ['vm1='], "'vm1=' is not <name>=<path>"],
  ['a machine without a name', ['=/run/qmp.sock'], "'=/run/qmp.sock' is not <name>=<path>"],
  ['a name that is not a token of a subject', ['a.b=/run/x'], "'a.b=/run/x' is not <name>=<path>"],
  ['a name twice', ['vm1=/run/x', 'vm1=/run/y'], "The name 'vm1' was given twice"],
  ['another URL', ['--server', 'http://x', 'vm1=/run/x'], "'http://x' is not a server"],
  ['a password in a URL', ['--server', 'nats://a:b@x', 'vm1=/run/x'], 'is not a server'],
  ['a queue of size 0', ['--room', '0', 'vm1=/run/x'], "above 0, not '0'"],
  ['a size that is not an integer', ['--room', '1e6', 'vm1=/run/x'], "above 0, not '1e6'"],
])('rejects %s', (_, args, problem) => {
  expect(() => optionsOf(args, {})).toThrow(ArgumentError);
  expect(() => optionsOf(args, {})).toThrow(problem);
});

it('parses servers, machines, the size of the queue, and credentials', () => {
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
  [[], 'Name at least one virtual machine'],
  [['--sever', 'x', 'vm1=/run/x'], "Unknown option '--sever'"],
])('given %j prints the problem and its usage, and exits with code 2', async (args, problem) => {
  const { code, output } = await run(args).ended;
  expect(code).toBe(2);
  expect(output).toContain(problem);
  expect(output).toMatch(/\nUsage: nats-bridge \[--server /);
});

it('exits with code 1 when no server can be reached', async () => {
  const server = `nats://127.0.0.1:${String(await freePort())}`;
  const { code, output } = await run(['--server', server, 'vm1=/run/x']).ended;
  expect({ code, output }).toEqual({ code: 1, output: 'connection refused\n' });
});

describePeer('nats-server', (path) => {
  async function setUp(config = '') {
    const server = await NatsServer.start(path, config);
    const socket = await socketPath();
    const monitor = await startMonitor(socket);
    return { server, socket, monitor };
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('exits cleanly on %s', async (signal) => {
    const { server, socket } = await setUp();
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
    const states = listener.messages.all.filter(({ subject }) => subject === 'vm.vm1.state');
    expect(states.at(-1)?.data).toMatchObject({ state: 'DOWN', reason: 'The bridge has stopped' });
    const client = createClient();
    await client.connect(socket);
    await client.disconnect();
  });

  it('exits on SIGTERM during an outage, and reports how many messages were lost', async () => {
    const { server, socket } = await setUp();
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
    expect(output).toMatch(/\d messages were lost: the NATS server was unreachable\n$/);
  });

  it('logs in with the credentials in the environment', async () => {
    const config = 'authorization { user: bridge, password: secret }';
    const { server, socket } = await setUp(config);
    const listener = await Listener.at(server.url, { user: 'bridge', pass: 'secret' });
    const args = ['--server', server.url, `vm1=${socket}`];
    const withoutCredentials = await run(args).ended;
    expect(withoutCredentials).toMatchObject({ code: 1, output: 'Authorization Violation\n' });
    run(args, { NATS_USER: 'bridge', NATS_PASSWORD: 'secret' });
    await listener.state('vm1', 'UP');
  });

  it('requires TLS with a trusted certificate for a tls:// URL', async () => {
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
    const { server, socket } = await setUp(`tls { cert_file: "${cert}", key_file: "${key}" }`);
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
