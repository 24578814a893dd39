/**
 * P10: input never sets a prototype. While each test runs, the setter of `__proto__` records every call
 * with something of the input, also a call by Node's own code.
 */

import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import {
  ArgumentError,
  AsyncProtocol,
  type Codec,
  contentLength,
  jsonLines,
  type JsonObject,
  jsonStream,
  lines,
  parseJson,
  ProtocolServer,
  redactSecrets,
  spawnPeer,
  streamPair,
  stringifyJson,
  supervise,
} from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { type AnyQapi, QmpClient } from '../../src/qmp/index.ts';
import { redactQmp } from '../../src/qmp/redact.ts';
import { CommandFailure, ScriptedQmpServer } from '../../src/testing/index.ts';
import { record } from '../inspect/recordings.ts';
import { watch } from '../inspect/support.ts';
import { startTestInspector } from '../inspector/clients.ts';
import { openFakePage } from '../inspector/fake-page.ts';
import { event, introduction, registration, state } from '../inspector/fake-program.ts';
import { makeCertificates } from '../support/certificates.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { textOf } from '../support/sockets.ts';

expectIdleAfterEach();

/** Texts whose members would set a prototype if they were assigned. */
const TEXTS = [
  '{"__proto__":{"polluted":1}}',
  '{"a":{"__proto__":{"polluted":1}},"b":[{"__proto__":{"polluted":1}}]}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"__proto__":{"__proto__":{"polluted":1}},"n":9223372036854775807}',
  '{"__proto__":[1],"toString":"polluted","hasOwnProperty":1,"valueOf":null}',
  '{"__proto__":null}',
  '{"\\u005f_proto__":{"polluted":1}}',
] as const;

/** Where the setter of a prototype was called. */
const assigned: unknown[] = [];
const original = Object.getOwnPropertyDescriptor(Object.prototype, '__proto__');
const names = () =>
  [Object.prototype, Array.prototype, Function.prototype].map((one) => Reflect.ownKeys(one));
let before: unknown;

beforeEach(() => {
  before = names();
  Object.defineProperty(Object.prototype, '__proto__', {
    ...original,
    set(this: object, value: unknown) {
      assigned.push(new Error('A prototype was set').stack);
      Object.setPrototypeOf(this, typeof value === 'object' ? value : null);
    },
  });
});

afterEach(() => {
  if (original !== undefined) Object.defineProperty(Object.prototype, '__proto__', original);
  expect(assigned.splice(0)).toEqual([]);
  expect(names()).toEqual(before);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

/** Expects that no object in a value has another prototype than that of its kind, or an inherited member. */
function expectPlain(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const expected = Array.isArray(value) ? Array.prototype : Object.prototype;
  expect(Object.getPrototypeOf(value)).toBe(expected);
  for (const name in value) expect(Object.hasOwn(value, name)).toBe(true);
  for (const inner of Object.values(value)) expectPlain(inner);
}

it('the setter is watched', () => {
  const target: object = {};
  Object.assign(target, JSON.parse(TEXTS[0]));
  expect(assigned.splice(0)).toHaveLength(1);
});

describe.each(TEXTS)('the JSON text %s', (text) => {
  const wanted = parseJson(text) as JsonObject;
  const canonical = text.replace('\\u005f', '_');
  const codecs: readonly (readonly [string, Codec<unknown>, string])[] = [
    ['jsonLines()', jsonLines(), `${text}\n`],
    ['jsonLines() with bigints', jsonLines({ integers: 'bigint' }), `${text}\n`],
    ['jsonStream()', jsonStream(), text],
    ['jsonStream() with bigints', jsonStream({ integers: 'bigint' }), text],
    ['contentLength()', contentLength(), `Content-Length: ${String(text.length)}\r\n\r\n${text}`],
  ];

  it.each(codecs)('is data for %s', (_, codec, bytes) => {
    const decoder = codec.createDecoder({});
    const all = Buffer.from(bytes);
    for (const byte of all) decoder.write(Uint8Array.of(byte));
    const message = decoder.read();
    decoder.end();
    expectPlain(message);
    const keys = (value: unknown) => (typeof value === 'object' && value ? Object.keys(value) : []);
    expect(keys(message)).toEqual(keys(wanted));
    expect(String(codec.encode(message))).toContain('{');
  });

  it('is data for parseJson(), stringifyJson() and the redaction of secrets', () => {
    expectPlain(wanted);
    expect(stringifyJson(wanted)).toBe(canonical);
    for (const copy of [
      redactSecrets(wanted),
      redactQmp({ return: wanted }),
      redactQmp({ execute: 'x', arguments: wanted }),
    ]) {
      expectPlain(copy);
      expect(
        JSON.stringify(copy, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)),
      ).toMatch(/__proto__|constructor/);
    }
  });

  it('is data in replies, errors and events of QMP, and in what is sent', async () => {
    await using server = new ScriptedQmpServer({
      commands: {
        'x-echo': ({ arguments: args }) => args,
        'x-fail': () => new CommandFailure(text, '__proto__'),
      },
    });
    const qmp = new QmpClient<AnyQapi>();
    await qmp.connect(await server.listen());
    const events = qmp.events('__proto__', { limit: 10 });
    const reply = await qmp.execute('x-echo', wanted);
    expectPlain(reply);
    expect(stringifyJson(reply)).toBe(canonical);
    const error: unknown = await qmp.execute('x-fail').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errorClass: '__proto__' });
    for (const name of ['constructor', 'toString', '__proto__']) server.emit(name, wanted);
    for await (const { event: name, data } of events) {
      expectPlain(data);
      expect(name).toBe('__proto__');
      break;
    }
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
      await expect(qmp.execute(name)).rejects.toMatchObject({ errorClass: 'CommandNotFound' });
    }
    await qmp.disconnect();
  });

  it('is data in contexts, events and messages that are recorded', async () => {
    const { path, recording, inspect } = await record();
    const machine = createMachine({ context: { it: wanted }, on: { E: {} } });
    const actor = createActor(machine, { inspect }).start();
    actor.send({ type: 'E', it: wanted });
    await recording.close();
    const recorded = (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expectPlain(recorded);
    expect(JSON.stringify(recorded)).toMatch(/__proto__|constructor/);
    const inspector = await startTestInspector();
    await inspector.open('trace', [await readFile(path, 'utf8')]);
    const page = await openFakePage(inspector);
    expectPlain(JSON.parse(JSON.stringify(page.entries)));
    expect(page.entries.length).toBeGreaterThan(2);
  });
});

describe('names of what every object has', () => {
  const MEAN = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'] as const;

  it.each(MEAN)('are ordinary in a recording of a stranger: %s', async (name) => {
    const inspector = await startTestInspector();
    const states = JSON.parse(`{"${name}":{"on":{"${name}":[{"target":"#m"}]}}}`) as object;
    const machine = JSON.stringify({ id: 'm', initial: name, states });
    const empty = JSON.stringify({ id: 'm', initial: name, states: { a: {} } });
    const messages = [
      introduction(),
      registration('x:0'),
      registration(name, { id: name, machine }),
      registration('x:2', { id: name, machine: empty }),
      { type: name, sessionId: 'x:0' },
      { ...state('x:0', name), [name]: 1 },
      event('x:0', name),
      event(name, name),
    ];
    await inspector.open(
      name,
      messages.map((message) => `${JSON.stringify(message)}\n`),
    );
    const page = await openFakePage(inspector);
    expect(page.programs.size).toBe(1);
    expectPlain(JSON.parse(JSON.stringify(page.entries)));
  });

  it.each(MEAN)('are ordinary in an event of an inspector: %s', (name) => {
    const feed = new Feed();
    const log = watch(feed);
    const seen: unknown[] = [];
    const machine = createMachine({
      on: { '*': { actions: ({ event: given }) => seen.push(given) } },
    });
    const actor = createActor(machine, { id: 'm', inspect: feed.inspect }).start();
    const data = `{"type":"E","${name}":{"polluted":1}}`;
    const scxml = `{"name":"E","data":${data},"origin":"${actor.sessionId}","${name}":1}`;
    feed.send({ type: 'xstate.event', event: scxml });
    feed.send({ type: 'xstate.event', event: scxml.replaceAll(actor.sessionId, name) });
    actor.stop();
    expectPlain(seen);
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(seen)).toContain(`"${name}":{"polluted":1}`);
    expect(log.lines.length).toBeGreaterThan(0);
  });
});

describe('options from JSON', () => {
  const given = (text: string) => JSON.parse(text) as object;
  const calls: readonly (readonly [string, (options: object) => unknown])[] = [
    ['new AsyncProtocol()', (options) => new AsyncProtocol({ codec: lines() }, options)],
    ['timeouts', (timeouts) => new AsyncProtocol({ codec: lines() }, { timeouts })],
    ['limits', (limits) => new AsyncProtocol({ codec: lines() }, { limits })],
    ['new QmpClient()', (options) => new QmpClient(options)],
    ['new ProtocolServer()', (options) => new ProtocolServer({ codec: lines() }, options)],
    ['supervise()', (options) => supervise({ codec: lines() }, { port: 1 }, options)],
    ['backoff', (backoff) => supervise({ codec: lines() }, { port: 1 }, { backoff })],
    ['jsonLines()', (options) => jsonLines(options)],
    ['jsonStream()', (options) => jsonStream(options)],
    ['spawnPeer()', (options) => spawnPeer('/bin/true', [], options)],
  ];

  it.each(calls)('%s refuse unknown names of every object', (_, call) => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(() => call(given(`{"${name}":{"name":"x"}}`))).toThrow(ArgumentError);
    }
  });

  it('never weaken TLS by a member named __proto__', async () => {
    const { server: identity } = await makeCertificates();
    await using server = new ProtocolServer({ codec: lines() });
    const { port } = await server.listen({ port: 0, tls: identity });
    for (const text of [
      '{"__proto__":{"rejectUnauthorized":false}}',
      '{"constructor":{"rejectUnauthorized":false}}',
    ]) {
      const protocol = new AsyncProtocol({ codec: lines() });
      const address = { port, tls: given(text) };
      await expect(protocol.connect(address)).rejects.toMatchObject({ code: 'ERR_CONNECT' });
      await expect(
        protocol.connect(given(`{"port":${String(port)},"__proto__":{"tls":{}}}`) as never),
      ).rejects.toThrow("has no member '__proto__'");
    }
  });

  it('may be the environment of a child', async () => {
    const env = given('{"__proto__":"polluted","A":"1"}') as NodeJS.ProcessEnv;
    const { address } = spawnPeer('/usr/bin/env', [], { stdio: 'stdio', env });
    expect((await textOf(address.stream)).split('\n')).toContain('A=1');
  });
});

it('a message is handed over as it is', async () => {
  const [near, far] = streamPair();
  const messages: unknown[] = [];
  const protocol = new AsyncProtocol<unknown>({
    codec: jsonLines(),
    onMessage: (message) => void messages.push(message),
  });
  await protocol.connect({ stream: near });
  far.end(`${TEXTS.join('\n')}\n`);
  await protocol.closed;
  far.destroy();
  expect(messages).toHaveLength(TEXTS.length);
  expectPlain(messages);
});
