/** The line before the door, by itself. */

import { describe, expect, it } from 'vitest';
import { Backlog } from '../../src/server/backlog.ts';
import { defer } from '../../src/async/deferred.ts';
import type { PendingConnection } from '../../src/machines/server-port.ts';
import { CountingClock } from '../machines/fake-link.ts';

/** Somebody who comes, and who goes when the test says so. */
class Somebody implements PendingConnection {
  readonly #gone = defer<undefined>();
  readonly gone: Promise<void> = this.#gone.promise;
  isClosed = false;

  open(): never {
    throw new Error('Nobody in the line is heard');
  }
  close(): void {
    this.isClosed = true;
  }
  async go(): Promise<void> {
    this.#gone.resolve(undefined);
    await this.gone;
  }
}

const setUp = (limit: number) => {
  const clock = new CountingClock();
  const overdue: PendingConnection[] = [];
  const onOverdue = (arrival: PendingConnection): void => void overdue.push(arrival);
  return { clock, overdue, backlog: new Backlog({ limit, ms: 100, clock, onOverdue }) };
};

const somebodies = (): [Somebody, Somebody, Somebody] => [
  new Somebody(),
  new Somebody(),
  new Somebody(),
];

describe('the backlog', () => {
  it('gives who came first, first, and sets no timer for who is not in it', () => {
    const { backlog, clock } = setUp(2);
    const [first, second, third] = somebodies();
    expect([first, second, third].map((one) => backlog.add(one))).toEqual([true, true, false]);
    expect(backlog.size).toBe(2);
    expect([backlog.take(), backlog.take(), backlog.take()]).toEqual([first, second, undefined]);
    expect(clock.timers).toBe(0);
  });

  it('has room again when somebody has gone by themselves', async () => {
    const { backlog, clock } = setUp(2);
    const [first, second, third] = somebodies();
    backlog.add(first);
    backlog.add(second);
    await first.go();
    expect(backlog.add(third)).toBe(true);
    expect(backlog.take()).toBe(second);
    await second.go();
    expect(backlog.size).toBe(1);
    expect(clock.timers).toBe(1);
  });

  it('tells of who has waited too long, whom it does not close, and not of who was taken', () => {
    const { backlog, clock, overdue } = setUp(3);
    const [first, second, third] = somebodies();
    backlog.add(first);
    clock.increment(50);
    backlog.add(second);
    backlog.add(third);
    clock.increment(50);
    expect(overdue).toEqual([first]);
    expect(first.isClosed).toBe(false);
    expect(backlog.take()).toBe(second);
    clock.increment(50);
    expect(overdue).toEqual([first, third]);
    expect(backlog.size).toBe(0);
  });

  it('sends everybody away when it is cleared', () => {
    const { backlog, clock, overdue } = setUp(3);
    const all = somebodies();
    for (const one of all) backlog.add(one);
    backlog.clear();
    expect(all.map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
    expect([backlog.size, clock.timers]).toEqual([0, 0]);
    clock.increment(1000);
    expect(overdue).toEqual([]);
  });
});
