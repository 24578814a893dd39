/** How often wrong tokens may be sent. */

import { describe, expect, it } from 'vitest';
import { Throttle } from '../../inspector/src/throttle.ts';

/** A throttle whose time the test tells. */
function throttleAt() {
  const clock = { ms: 0 };
  const throttle = new Throttle(() => clock.ms);
  const guess = (address: string | undefined, times = 1) => {
    for (let at = 0; at < times; at += 1) throttle.countWrong(address);
  };
  return { throttle, clock, guess };
}

describe('an address that sends wrong tokens', () => {
  it('is blocked after twenty at once, and no other is', () => {
    const { throttle, guess } = throttleAt();
    guess('10.0.0.1', 19);
    expect(throttle.isBlocked('10.0.0.1')).toBe(false);
    guess('10.0.0.1');
    expect(throttle.isBlocked('10.0.0.1')).toBe(true);
    expect(throttle.isBlocked('10.0.0.2')).toBe(false);
    expect(throttle.isBlocked(undefined)).toBe(false);
  });

  it('may try again once a second', () => {
    const { throttle, clock, guess } = throttleAt();
    guess('10.0.0.1', 20);
    clock.ms += 999;
    expect(throttle.isBlocked('10.0.0.1')).toBe(true);
    clock.ms += 2;
    expect(throttle.isBlocked('10.0.0.1')).toBe(false);
    guess('10.0.0.1');
    expect(throttle.isBlocked('10.0.0.1')).toBe(true);
    clock.ms += 20_000;
    guess('10.0.0.1', 19);
    expect(throttle.isBlocked('10.0.0.1')).toBe(false);
  });

  it.each([
    ['its network of 64 bits', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
    ['another such network', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['a network that is written short', '2001:db8::1', '2001:db8:0:0:9::', true],
    ['another link', 'fe80::1%eth0', 'fe80::2%eth1', true],
    ['itself as an address of IPv6', '::ffff:10.0.0.1', '::ffff:10.0.0.2', false],
  ])('shares its count with %s', (_, one, other, shares) => {
    const { throttle, guess } = throttleAt();
    guess(one, 20);
    expect(throttle.isBlocked(one)).toBe(true);
    expect(throttle.isBlocked(other)).toBe(shares);
  });
});

describe('many addresses that guess together', () => {
  const addressOf = (at: number) =>
    `10.${String(at >> 16)}.${String((at >> 8) & 255)}.${String(at & 255)}`;

  it('may be wrong once each, and an address that was not wrong is not blocked', () => {
    const { throttle, clock, guess } = throttleAt();
    for (let at = 0; at < 200; at += 1) guess(addressOf(at));
    expect(throttle.isBlocked(addressOf(199))).toBe(true);
    expect(throttle.isBlocked(addressOf(200))).toBe(false);
    clock.ms += 1_001;
    expect(throttle.isBlocked(addressOf(199))).toBe(false);
  });

  it('take a bounded number of entries', () => {
    const { throttle, guess } = throttleAt();
    guess(addressOf(0), 20);
    for (let at = 1; at < 1_000; at += 1) guess(addressOf(at));
    expect(throttle.isBlocked(addressOf(0))).toBe(true);
    for (let at = 1_000; at < 100_000; at += 1) guess(addressOf(at));
    expect(throttle.size).toBe(1_000);
    expect(throttle.isBlocked(addressOf(0))).toBe(false);
    expect(throttle.isBlocked(addressOf(99_999))).toBe(true);
  });
});
