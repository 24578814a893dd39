/** What the errors of a QMP client say. */

import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type AnyQapi, QmpClient } from 'wirechart/qmp';
import { CommandFailure, faults, ScriptedQmpServer } from 'wirechart/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { thrownBy } from './support.ts';

async function connected() {
  const server = new ScriptedQmpServer({
    commands: {
      device_add: new CommandFailure("Parameter 'driver' is missing"),
      migrate: faults.silence(),
    },
  });
  onTestFinished(() => server.close());
  const qmp = new QmpClient<AnyQapi>();
  await qmp.connect(await server.listen());
  onTestFinished(() => qmp.disconnect({ force: true }));
  return { server, qmp };
}

it('a command that fails is named', async () => {
  const { qmp } = await connected();
  expect(await thrownBy(() => qmp.execute('device_add', {}))).toMatchObject({
    message: "device_add: Parameter 'driver' is missing",
    command: 'device_add',
    errorClass: 'GenericError',
    description: "Parameter 'driver' is missing",
  });
});

it('so is one that is interrupted, or late', async () => {
  const { qmp } = await connected();
  expect(await thrownBy(() => qmp.execute('migrate', {}, { timeout: 1 }))).toMatchObject({
    message: 'No reply to migrate within 1 ms; the command may still be executed',
  });
  const interrupted = thrownBy(() => qmp.execute('migrate'));
  await qmp.disconnect();
  expect(await interrupted).toMatchObject({
    command: 'migrate',
    message: 'The session ended before the reply to migrate: The session was disconnected',
  });
});

it('so are the events of a wait, and whether it had a filter', async () => {
  const { server, qmp } = await connected();
  expect(await thrownBy(() => qmp.waitFor('RESUME', { timeout: 1 }))).toMatchObject({
    message: 'No event RESUME within 1 ms',
  });
  const names = ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'];
  expect(await thrownBy(() => qmp.waitFor(names, { timeout: 1 }))).toMatchObject({
    message: 'No event of BLOCK_JOB_READY, BLOCK_JOB_COMPLETED within 1 ms',
  });
  const refused = thrownBy(() => qmp.waitFor('RESET', () => false, { timeout: 20 }));
  server.emit('RESET', { guest: true, reason: 'guest-reset' });
  expect(await refused).toMatchObject({
    message: 'No event RESET that the filter accepts (it refused 1) within 20 ms',
  });
});

/** A peer that says something, or nothing, to each client. */
async function peerThatSays(text: string): Promise<AddressInfo> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.write(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server.address() as AddressInfo;
}

/** The text of the error of connecting to such a peer. */
async function refusalBy(text: string): Promise<string> {
  const { port } = await peerThatSays(text);
  const qmp = new QmpClient({ timeouts: { handshake: 50 } });
  const error = await thrownBy(() => qmp.connect({ host: '127.0.0.1', port }));
  expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'session' });
  return error instanceof Error ? error.message : '';
}

describe('a peer that is no QMP monitor', () => {
  it("is named when it is QEMU's monitor for people", async () => {
    const text = await refusalBy(
      "QEMU 10.0.2 monitor - type 'help' for more information\r\n\u001b[K(qemu) ",
    );
    expect(text).toContain("The peer does not speak QMP. It is QEMU's monitor for people (HMP)");
    expect(text).toContain("'QEMU 10.0.2 monitor - type 'help' for more information");
    expect(text).toContain('start QEMU with -qmp');
  });

  it('is shown by its first bytes, with escapes', async () => {
    const text = await refusalBy('SSH-2.0-OpenSSH_9.2\u0007\r\n');
    expect(text).toContain("Its first bytes are 'SSH-2.0-OpenSSH_9.2\\x07");
    expect(text).toContain('connect to the socket of -qmp');
  });

  it('or is silent, is told with all reasons that this may have', async () => {
    const text = await refusalBy('');
    expect(text).toContain('No greeting within 50 ms: the peer has sent nothing.');
    for (const reason of ['another client', 'suspended or busy', 'guest agent', '-mon']) {
      expect(text).toContain(reason);
    }
  });

  it('or stops in the middle of its greeting, is told with what it has sent', async () => {
    const text = await refusalBy('{"QMP": {"version"');
    expect(text).toContain('No greeting within 50 ms: the peer has sent 18 bytes, ');
    expect(text).toContain(`'{"QMP": {"version"'`);
  });
});
