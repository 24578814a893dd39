/** One's own logger: records with names, and with fields for pino and its like. */

import {
  AsyncProtocol,
  lines,
  type LogRecord,
  ProtocolServer,
  streamPair,
  supervise,
} from 'wirechart';
import { QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { expect, it } from 'vitest';

/** A logger like `console`: it gets texts. */
function textLogger() {
  const calls: unknown[][] = [];
  const log =
    (level: string) =>
    (...args: unknown[]) =>
      calls.push([level, ...args]);
  return {
    calls,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  };
}

it('gets the name of its connection before each text', async () => {
  const { calls, logger } = textLogger();
  const protocol = new AsyncProtocol({ codec: lines() }, { name: 'vm1', logger });
  const [near, far] = streamPair();
  await protocol.connect({ stream: near });
  await protocol.send('100 %s');
  far.write('%d\n');
  far.on('error', () => undefined).destroy(new Error('reset'));
  await protocol.closed;
  expect(calls.every((call) => call.length === 2)).toBe(true);
  const texts = calls.map(([, text]) => text);
  expect(texts.filter((text) => !String(text).startsWith('vm1: '))).toEqual([]);
  expect(texts).toContain('vm1: --> 100 %s');
  expect(texts).toContain('vm1: RUNNING (session 1)');
});

it('gets each record with its fields when it is a function', async () => {
  const records: LogRecord[] = [];
  const logger = (record: LogRecord) => records.push(record);
  const protocol = new AsyncProtocol({ codec: lines() }, { name: 'vm1', logger });
  const [near, far] = streamPair();
  await protocol.connect({ stream: near });
  await protocol.send('hello');
  far.write('world\n');
  await new Promise((resolve) => far.once('data', resolve));
  await protocol.disconnect({ force: true });
  far.destroy();
  const error: unknown = await protocol
    .connect('/nowhere/at/all')
    .catch((reason: unknown) => reason);
  const common = { name: 'vm1', session: 1 };
  expect(records).toEqual(
    expect.arrayContaining([
      { ...common, level: 'debug', text: 'RUNNING (session 1)', runstate: 'RUNNING' },
      { ...common, level: 'debug', text: '--> hello', runstate: 'RUNNING', message: 'outbound' },
      expect.objectContaining({ name: 'vm1', session: 2, level: 'warn', error }),
    ]),
  );
  for (const record of records) expect(record.text).not.toMatch(/^vm1/);
});

it('fits a logger with fields, such as pino, in two lines', async () => {
  const calls: unknown[][] = [];
  const log =
    (level: string) =>
    (fields: object, text: string): void => {
      calls.push([level, fields, text]);
    };
  const pino = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const logger = ({ level, text, error, ...fields }: LogRecord) => {
    pino[level]({ ...fields, err: error }, text);
  };
  const protocol = new AsyncProtocol({ codec: lines() }, { name: 'vm1', logger });
  await protocol.connect('/nowhere/at/all').catch(() => undefined);
  expect(calls[0]).toEqual([
    'debug',
    { name: 'vm1', session: 1, runstate: 'CONNECTING', err: undefined },
    'CONNECTING (session 1)',
  ]);
});

it('names servers and their peers, supervisors and QMP clients', async () => {
  const records: LogRecord[] = [];
  const logger = (record: LogRecord) => records.push(record);
  const server = new ProtocolServer<string>({ codec: lines() }, { name: 'chat', logger });
  const bound = await server.listen({ port: 0 });
  const visitor = new AsyncProtocol<string>({ codec: lines() });
  await visitor.connect(bound);
  await visitor.disconnect();
  await server.close();
  const supervisor = supervise({ codec: lines() }, '/nowhere', {
    name: 'kept',
    logger,
    attempts: 1,
  });
  await supervisor.up().catch(() => undefined);
  await supervisor.stop();
  await using monitor = new ScriptedQmpServer();
  const qmp = new QmpClient({ name: 'vm1', logger });
  await qmp.connect(await monitor.listen());
  await qmp.disconnect();
  const names = new Set(records.map(({ name }) => name));
  expect([...names].sort()).toEqual(['chat', 'chat#1', 'kept', 'vm1']);
  expect(records.find(({ text }) => text === 'LISTENING')).toMatchObject({
    name: 'chat',
    state: 'LISTENING',
  });
});

it('is never given a name twice', async () => {
  const { calls, logger } = textLogger();
  const server = new ProtocolServer<string>({ codec: lines() }, { name: 'chat', logger });
  const visitor = new AsyncProtocol<string>({ codec: lines() });
  await visitor.connect(await server.listen({ port: 0 }));
  await visitor.disconnect();
  await server.close();
  const supervisor = supervise({ codec: lines() }, '/nowhere', {
    name: 'kept',
    logger,
    attempts: 1,
  });
  await supervisor.up().catch(() => undefined);
  await supervisor.stop();
  const texts = calls.map(([, text]) => String(text));
  expect(texts.filter((text) => /(chat|kept).*: (chat|kept)/.test(text))).toEqual([]);
  expect(texts.some((text) => text.startsWith('chat#1: RUNNING'))).toBe(true);
  expect(texts.some((text) => text.startsWith('kept: GIVEN_UP'))).toBe(true);
});
