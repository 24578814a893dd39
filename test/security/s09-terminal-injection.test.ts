/**
 * S9, P4: nothing that a QMP server says reaches a terminal or a log unescaped. One table: everything that
 * shows its texts, by every kind of text that a terminal, a log or a reader obeys.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { type LogRecord, supervise } from '../../src/index.ts';
import { printable } from '../../src/core/printable.ts';
import { memberOf } from '../../src/core/shape.ts';
import { recordTo } from '../../src/inspect/index.ts';
import { type AnyQapi, QmpClient } from '../../src/qmp/index.ts';
import { printable as printableInInspector } from '../../inspector/src/printable.ts';
import { expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { rejection } from '../support/signal.ts';
import { describeOutlets, evilIn, type Outlet, printedOf } from './hostile.ts';
import { hostileMonitor } from './hostile-monitor.ts';

expectIdleAfterEach();

/** A client in a session with a monitor. */
async function client(said: string, path = hostileMonitor(said)) {
  const { logger, records } = recordingLogger();
  const fields: LogRecord[] = [];
  const qmp = track(
    new QmpClient<AnyQapi>({
      name: said,
      logger: (record) => {
        fields.push(record);
        logger[record.level](record.text);
      },
    }),
  );
  const connected = qmp.connect(await path);
  return { qmp, connected, records, fields };
}

const OUTLETS: Readonly<Record<string, Outlet>> = {
  'the error of a command': async (said) => {
    const { qmp, connected } = await client(said);
    await connected;
    const error = await rejection(qmp.execute('fail'));
    await qmp.disconnect();
    expect(error).toMatchObject({ errorClass: said, description: said });
    return { lines: printedOf(error), texts: [String(error)] };
  },

  'a refused negotiation': async (said) => {
    const { connected, records } = await client(said, hostileMonitor(said, { refuses: true }));
    const error = await rejection(connected);
    return { lines: printedOf(error), texts: evilIn(records) };
  },

  'a server that cannot parse': async (said) => {
    const { qmp, connected, records } = await client(said);
    await connected;
    // As a message: it has an id, so that the error without one says that it could not be parsed.
    const error = await rejection(qmp.executeMessage({ execute: 'unparsed' }));
    expect(error).toMatchObject({ code: 'ERR_QMP_SERVER_PARSE' });
    await qmp.disconnect();
    return { lines: printedOf(error), texts: evilIn(records) };
  },

  'bytes that are no message': async (said) => {
    const { qmp, connected, records } = await client(said);
    await connected;
    const error = await rejection(qmp.execute('junk'));
    return { lines: [...printedOf(error), inspect(await qmp.closed)], texts: evilIn(records) };
  },

  'records of messages': async (said) => {
    const { qmp, connected, records, fields } = await client(said);
    await connected;
    await qmp.execute('cont');
    await qmp.execute('query-version');
    await qmp.disconnect();
    expect(evilIn(records).length).toBe(3);
    return { texts: [...evilIn(records), ...fields.map(({ text }) => `evil ${text}`)] };
  },

  'a shutdown': async (said) => {
    const { qmp, connected } = await client(said);
    await connected;
    const stopped = rejection(qmp.waitFor('STOP'));
    const interrupted = await rejection(qmp.execute('shutdown'));
    const outcome = await qmp.closed;
    const late = await rejection(qmp.execute('query-status'));
    const lines = [await stopped, interrupted, late].flatMap(printedOf);
    return { lines: [...lines, inspect(outcome)], texts: [String(await stopped), String(late)] };
  },

  'a client that is printed': async (said) => {
    const { qmp, connected } = await client(said);
    await connected;
    const texts = [inspect(qmp), String(qmp), inspect(qmp.protocol)];
    await qmp.disconnect();
    return { texts };
  },

  'the warning of a listener that failed': async (said) => {
    const qmp = track(new QmpClient<AnyQapi>());
    await qmp.connect(await hostileMonitor(said));
    qmp.on('TALK', ({ data }) => {
      throw new Error(Object.keys(data ?? {})[0]);
    });
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await qmp.execute('talk');
    await qmp.disconnect();
    expect(warn).toHaveBeenCalledOnce();
    const [text, options] = warn.mock.calls[0] ?? [];
    return { texts: [String(text)], lines: [String(memberOf(options, 'detail'))] };
  },

  'a recording': async (said) => {
    const path = join(await tempDir(), 'trace.jsonl');
    const recording = recordTo(path);
    const qmp = track(new QmpClient<AnyQapi>({ inspect: recording.inspect }));
    await qmp.connect(await hostileMonitor(said));
    await qmp.execute('cont');
    await rejection(qmp.execute('junk'));
    await recording.close();
    const text = readFileSync(path, 'utf8');
    expect(() =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).not.toThrow();
    return { lines: [text] };
  },

  'the records of a supervisor': async (said) => {
    const { logger, records } = recordingLogger();
    const path = await hostileMonitor(said, { refuses: true });
    await using supervisor = supervise(QmpClient, path, { logger, attempts: 1 });
    const error = await rejection(supervisor.up());
    expect(supervisor.failures).toHaveLength(1);
    return {
      lines: [...printedOf(error), inspect(supervisor.failures, { depth: 5 })],
      texts: evilIn(records),
    };
  },
};

describeOutlets(OUTLETS);

describe('the escapes', () => {
  it('are the same in the inspector, for every character', () => {
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (printableInInspector(character) === printable(character)) continue;
      expect.fail(printable(character));
    }
  });
});
