import { describe, expect, it } from 'vitest';
import { ArgumentError, supervise } from '../../src/index.ts';
import { createQmpMachine, type HeartbeatOptions, QmpClient } from '../../src/qmp/index.ts';

/** A value of a wrong type, which the compiler would reject. */
const wrong = (value: unknown): never => value as never;

describe('an invalid heartbeat', () => {
  it.each<[string, unknown]>([
    ['heartbeat must be true, false or an object', 5_000],
    ['heartbeat has no option', { often: 1 }],
    ['heartbeat.every must be a number above 0', { every: 0 }],
    ['heartbeat.within must be a number above 0', { within: NaN }],
    ['heartbeat.every must be at most', { every: Infinity }],
    ['heartbeat.misses must be a number above 0', { misses: 0 }],
    ['heartbeat.pid must be the id of a process', { pid: -1 }],
    ['stopped of heartbeat must be', { stopped: 'kill' }],
    ['onChange of heartbeat must be a function', { onChange: true }],
  ])('says: %s', (message, heartbeat) => {
    for (const create of [
      () => new QmpClient({ heartbeat: wrong(heartbeat) }),
      () => createQmpMachine({ heartbeat: wrong(heartbeat) }),
      () => supervise(QmpClient, '/run/x', { heartbeat: wrong(heartbeat) }),
    ]) {
      expect(create).toThrow(ArgumentError);
      expect(create).toThrow(message);
    }
  });

  it('is not true, or false', () => {
    for (const heartbeat of [true, false, undefined, {} satisfies HeartbeatOptions]) {
      expect(() => new QmpClient({ heartbeat })).not.toThrow();
    }
  });
});
