/** The example of a client for MCP, against the reference server of the protocol. */

import { describe, expect, test } from 'vitest';
import { McpClient, ToolError } from '../../examples/mcp/client.ts';
import type { Sampled, Sampling } from '../../examples/mcp/methods.ts';
import { memberOf } from '../../src/core/shape.ts';
import { type JsonValue, streamPair } from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { fileOf, outputOf, PATIENT, PROGRAM_TEST_MS, startProgram } from '../support/programs.ts';
import { gate, rejection } from '../support/signal.ts';
import { rawEnd } from '../rpc/support.ts';

expectIdleAfterEach();

const TIMEOUT = { timeout: PROGRAM_TEST_MS };
const EVERYTHING = fileOf('@modelcontextprotocol/server-everything/dist/index.js');
const LONG = 'trigger-long-running-operation';

/** A client that answers the server, and keeps what it sends. */
class Host extends McpClient {
  readonly received: JsonValue[] = [];
  override roots = [{ uri: 'file:///srv/data', name: 'data' }];
  override sample = (asked: Sampling): Promise<Sampled> =>
    Promise.resolve({
      role: 'assistant',
      model: 'none',
      content: { type: 'text', text: `You asked: ${asked.messages[0]?.content.text ?? ''}` },
    });
  protected override inbound(message: JsonValue): JsonValue {
    this.received.push(message);
    return message;
  }
}

/** A client that is connected to the server, and disconnected after the test. */
async function connected<C extends McpClient>(client: C): Promise<C> {
  track(client);
  // It does not always exit when its standard input ends, and is then ended by SIGTERM, as MCP wants it.
  const server = startProgram([EVERYTHING, 'stdio'], 100);
  await client.connect(server.address);
  return client;
}

describe('the reference server', TIMEOUT, () => {
  test('negotiates with our client, and lists its tools', async () => {
    const client = await connected(new Host({ timeouts: PATIENT }));
    expect(client.negotiated).toMatchObject({
      protocolVersion: '2025-06-18',
      serverInfo: { name: 'mcp-servers/everything' },
      capabilities: { tools: {} },
    });
    const names = (await client.tools()).map(({ name }) => name);
    // The last one is there only for clients that can answer it.
    expect(names).toEqual(expect.arrayContaining(['echo', 'get-sum', 'trigger-sampling-request']));
    await client.disconnect();
  });

  test('calls tools at the same time, and says what is wrong with a call', async () => {
    const client = await connected(new Host({ timeouts: PATIENT }));
    const sums = await Promise.all([1, 2, 3].map((n) => client.call('get-sum', { a: n, b: n })));
    expect(sums.map((text) => /is (\d)/.exec(text)?.[1])).toEqual(['2', '4', '6']);
    expect(await client.call('echo', { message: 'hello' })).toBe('Echo: hello');
    expect(await rejection(client.call('get-sum', { a: 'one' }))).toBeInstanceOf(ToolError);
    expect(await rejection(client.request('no/such/method' as 'tools/list', {}))).toMatchObject({
      errorCode: -32_601,
    });
    await client.disconnect();
  });

  test('reports the progress of a tool to the call that asked for it', async () => {
    const client = await connected(new Host({ timeouts: PATIENT }));
    const seen: unknown[] = [];
    const onProgress = (progress: unknown) => void seen.push(progress);
    const args = { duration: 0.05, steps: 3 };
    expect(await client.call(LONG, args, { onProgress })).toContain('Steps: 3');
    expect(seen).toMatchObject([1, 2, 3].map((progress) => ({ progress, total: 3 })));
    await client.disconnect();
  });

  test('stops the reports of a tool that our client cancels, and sends no reply', async () => {
    const client = await connected(new Host({ timeouts: PATIENT }));
    const controller = new AbortController();
    const started = gate();
    const givenUp = client.call(
      LONG,
      { duration: 0.4, steps: 4 },
      { signal: controller.signal, onProgress: started.open },
    );
    await started.opened;
    controller.abort(new Error('no longer wanted'));
    expect(await rejection(givenUp)).toMatchObject({ message: 'no longer wanted' });
    // It would have replied to the first call before the second one is over.
    await client.call(LONG, { duration: 1, steps: 1 });
    const isReply = (message: JsonValue) =>
      memberOf(message, 'id') === 2 && memberOf(message, 'method') === undefined;
    expect(client.received.filter(isReply)).toEqual([]);
    await client.disconnect();
  });

  test('gets text of a model and the roots from our client', async () => {
    const client = await connected(new Host({ timeouts: PATIENT }));
    const sampled = await client.call('trigger-sampling-request', { prompt: 'six times seven?' });
    expect(sampled).toContain(
      'You asked: Resource trigger-sampling-request context: six times seven?',
    );
    expect(await client.call('get-roots-list')).toContain('file:///srv/data');
    await client.disconnect();
  });

  test('offers no sampling to a client that has none', async () => {
    const client = await connected(new McpClient({ timeouts: PATIENT }));
    const names = (await client.tools()).map(({ name }) => name);
    expect(names).toContain('echo');
    expect(names).not.toContain('trigger-sampling-request');
    await client.disconnect();
  });
});

describe('the example of a client', TIMEOUT, () => {
  test('prints what the server has, reports and asks', async () => {
    const output = await outputOf('examples/mcp/run.ts');
    expect(output).toMatch(/^mcp-servers\/everything has echo:/);
    for (const text of [
      'progress { progress: 2, total: 2',
      'Long running operation completed',
      '1 message, no idea',
      'file:///srv/data',
    ]) {
      expect(output).toContain(text);
    }
  });

  test('refuses a server of another version', async () => {
    const [stream, peer] = streamPair();
    const client = track(new McpClient());
    const { tell, written } = rawEnd(peer);
    cleanUp(() => peer.destroy());
    const connecting = rejection(client.connect({ stream }));
    await until(() => written.length === 1);
    tell({
      jsonrpc: '2.0',
      id: 1,
      result: { protocolVersion: '1999-01-01', capabilities: {}, serverInfo: {} },
    });
    expect(await connecting).toMatchObject({
      cause: { code: 'ERR_REFUSED', message: 'It speaks MCP 1999-01-01' },
    });
  });
});
