/** Where log records go: as texts, or with their fields. */

import { describe, expect, it } from 'vitest';
import { Log } from '../../src/core/log.ts';
import type { LogRecord } from '../../src/core/types.ts';
import { recordingLogger } from '../support/null-protocol.ts';

describe('a logger of texts', () => {
  it('gets the name before each text', () => {
    const { logger, records } = recordingLogger();
    const log = new Log(logger, 'vm1');
    log.debug('one');
    log.info('two');
    log.warn('three', { session: 1 });
    log.error('four');
    expect(records).toEqual([
      'debug vm1: one',
      'info vm1: two',
      'warn vm1: three',
      'error vm1: four',
    ]);
  });

  it('gets the text alone when there is no name', () => {
    const { logger, records } = recordingLogger();
    new Log(logger, undefined).debug('one');
    expect(records).toEqual(['debug one']);
  });

  it('gets one argument, so that a % in a text formats nothing', () => {
    const calls: unknown[][] = [];
    const debug = (...args: unknown[]) => calls.push(args);
    const log = new Log({ debug, info: debug, warn: debug, error: debug }, 'vm1');
    log.debug('%s 100 %', { session: 1 });
    expect(calls).toEqual([['vm1: %s 100 %']]);
  });

  it('is called as a method', () => {
    class Counting {
      count = 0;
      debug(): void {
        this.count += 1;
      }
      readonly info = () => undefined;
      readonly warn = this.info;
      readonly error = this.info;
    }
    const counting = new Counting();
    new Log(counting, undefined).debug('one');
    expect(counting.count).toBe(1);
  });

  it('may be a function that has the levels as methods', () => {
    const { logger, records } = recordingLogger();
    const callable = Object.assign(() => expect.fail('called'), logger);
    new Log(callable, 'vm1').warn('one');
    expect(records).toEqual(['warn vm1: one']);
  });
});

describe('a logger that is a function', () => {
  it('gets the level, the text, the name and all fields', () => {
    const records: LogRecord[] = [];
    const log = new Log(
      (record) => records.push(record),
      'vm1',
      () => ({ session: 2 }),
    );
    log.debug('one', { message: 'inbound' });
    log.warn('two');
    expect(records).toEqual([
      { level: 'debug', text: 'one', name: 'vm1', session: 2, message: 'inbound' },
      { level: 'warn', text: 'two', name: 'vm1', session: 2 },
    ]);
  });
});

describe('every record', () => {
  it('hides what looks like a secret in its text', () => {
    const { logger, records } = recordingLogger();
    const log = new Log(logger, undefined);
    log.warn('qemu: -object secret,id=s0,data=hush: bad format');
    log.info('https://me:hush@host');
    log.error('password=hush');
    expect(records.join()).not.toContain('hush');
  });

  it('is given the name of its last owner only', () => {
    const { logger, records } = recordingLogger();
    new Log(new Log(logger, 'server'), 'server#1').debug('one');
    expect(records).toEqual(['debug server#1: one']);
  });
});

describe('a logger that fails', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('full'))],
    [
      'returns a thenable that throws',
      () => ({
        then: () => {
          throw new Error('full');
        },
      }),
    ],
    [
      'returns a thenable that rejects',
      () => ({
        then: (_: unknown, no: (e: Error) => void) => {
          no(new Error('full'));
        },
      }),
    ],
  ])('does no harm when it %s', async (_, fail) => {
    const log = new Log({ debug: fail, info: fail, warn: fail, error: fail }, 'vm1');
    log.debug('one');
    new Log(fail, 'vm1').warn('two');
    await new Promise(setImmediate); // An unhandled rejection would fail the test here.
  });

  it('does no harm when it lacks a level', () => {
    const { logger } = recordingLogger();
    const incomplete = { ...logger, debug: undefined };
    new Log(incomplete as never, 'vm1').debug('one');
  });
});
