/** What a program sees of its connections for metrics and traces. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  AsyncProtocol,
  type ConnectTrace,
  type DisconnectTrace,
  type ExecuteTrace,
  lines,
  type MessageTrace,
  ProtocolServer,
  streamPair,
  supervise,
} from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from './support.ts';

/** Subscribes to a channel until the end of the test. */
function listen(name: string, listener: (message: unknown) => void): void {
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
}

/** The spans of all connections with this name, as a tracer would make them: `name` or `name: error`. */
function traceSpans(name: string): string[] {
  type Trace = ConnectTrace | DisconnectTrace | ExecuteTrace;
  const ended: string[] = [];
  for (const operation of ['connect', 'disconnect', 'execute']) {
    listen(`tracing:wirechart.${operation}:asyncEnd`, (message) => {
      const trace = message as Trace;
      if (trace.name !== name) return;
      const span = 'command' in trace ? trace.command : operation;
      ended.push(
        trace.error === undefined ? span : `${span} failed: ${(trace.error as Error).name}`,
      );
    });
  }
  return ended;
}

describe('metrics', () => {
  it('count the bytes and messages of a protocol and of its server alike', async () => {
    await using server = new ProtocolServer<string>((_, peer) => ({
      codec: lines(),
      onMessage: (line) => peer().send(line.toUpperCase()),
    }));
    const client = new AsyncProtocol({ codec: lines() });
    await client.connect(await server.listen({ port: 0 }));
    for (const line of ['one', 'two', 'three']) await client.send(line);
    await expect.poll(() => client.stats.messagesIn).toBe(3);
    const { bytesIn, bytesOut, messagesIn, messagesOut } = client.stats;
    expect({ bytesIn, bytesOut, messagesIn, messagesOut }).toEqual({
      ...{ bytesIn: 14, bytesOut: 14, messagesIn: 3, messagesOut: 3 },
    });
    await client.disconnect();
    await expect.poll(() => server.stats.running).toBe(0);
    expect(server.stats).toMatchObject({ admitted: 1, bytesIn: 14, bytesOut: 14, messagesIn: 3 });
  });

  it('count the commands of a QMP client, and the sessions of its supervisor', async () => {
    await using server = new ScriptedQmpServer();
    await using vm = supervise(QmpClient, await server.listen(), { name: 'vm1' });
    const qmp = await vm.up();
    await qmp.execute('query-status');
    await qmp.execute('eject', { id: 'cd0' }).catch(() => undefined);
    expect(vm.stats).toMatchObject({ attempts: 1, sessions: 1, failures: 0, retries: 0 });
    expect(vm.stats.client).toEqual(qmp.stats);
    expect(qmp.stats).toMatchObject({ commands: 2, commandsFailed: 1, commandsInFlight: 0 });
  });

  it('show what waits because the peer does not read', async () => {
    const client = new AsyncProtocol({ codec: lines() });
    const [stream, peer] = streamPair();
    await client.connect({ stream });
    for (let at = 0; at < 10; at += 1) void client.send('x'.repeat(99_999));
    await expect.poll(() => client.stats.queuedMessages).toBeGreaterThan(0);
    const { queuedBytes, queuedMessages, messagesOut } = client.stats;
    expect([queuedBytes, queuedMessages + messagesOut]).toEqual([queuedMessages * 100_000, 10]);
    await client.disconnect({ force: true });
    expect(client.stats).toMatchObject({ queuedMessages: 0, undelivered: queuedMessages });
    peer.destroy();
  });
});

describe('traces', () => {
  it('have a span for each attempt, command and end, of a supervised machine too', async () => {
    const spans = traceSpans('vm1');
    await using server = new ScriptedQmpServer();
    const vm = supervise(QmpClient, await server.listen(), { name: 'vm1' });
    const qmp = await vm.up();
    await qmp.execute('query-status');
    await qmp.execute('eject', { id: 'cd0' }).catch(() => undefined);
    await vm.stop();
    expect(spans).toEqual(['connect', 'query-status', 'eject failed: ExecuteError', 'disconnect']);
  });

  it('show no secret: neither of an address nor of a message', async () => {
    const shown: unknown[] = [];
    listen('tracing:wirechart.connect:start', (message) => {
      shown.push((message as ConnectTrace).address);
    });
    listen('tracing:wirechart.execute:start', (message) => {
      shown.push((message as ExecuteTrace).message);
    });
    listen('wirechart.message', (message) => {
      shown.push((message as MessageTrace).message);
    });
    await using server = new ScriptedQmpServer();
    const qmp = new QmpClient();
    await qmp.connect({ port: 1, tls: { passphrase: 'hunter2' } }).catch(() => undefined);
    await qmp.connect(await server.listen());
    const secret = { 'qom-type': 'secret', id: 'sec0', data: 'hunter2' } as const;
    await qmp.execute('object-add', secret).catch(() => undefined);
    await qmp.disconnect();
    expect(JSON.stringify(shown)).toContain('object-add');
    expect(JSON.stringify(shown)).not.toContain('hunter2');
  });

  it('reach a subscriber of a module that was loaded before the package', async () => {
    const { stdout, stderr } = await runProgram(`
      import { subscribe } from 'node:diagnostics_channel';
      subscribe('tracing:wirechart.connect:asyncEnd', ({ name, error }) => {
        console.log(name, error?.code);
      });
      const { AsyncProtocol, lines } = await import('wirechart');
      await new AsyncProtocol({ codec: lines() }, { name: 'a' }).connect('/dev/null').catch(() => {});
    `);
    expect({ stdout, stderr }).toEqual({ stdout: 'a ERR_CONNECT\n', stderr: '' });
  });
});
