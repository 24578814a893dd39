/**
 * Slows the guessing of tokens down. Each wrong token costs its address a point, and points expire at a
 * fixed rate. An address with too many is refused without a look at its token; a right token from another
 * address is still accepted. When many addresses guess together, each may be wrong only once.
 */

/** Points that expire in a second: of one address, and of all. */
const ADDRESS_RATE = 1;
const TOTAL_RATE = 10;
/** Points from which on an address is refused. */
const MAX_ADDRESS_POINTS = 20;
/** Points of all addresses together from which on one point is too many. */
const MAX_TOTAL_POINTS = 200;
/** Addresses that are remembered; the longest unchanged one is forgotten first. */
const MAX_ADDRESSES = 1_000;

interface Points {
  readonly points: number;
  readonly at: number;
}

/** Counts wrong tokens. */
export class Throttle {
  readonly #now: () => number;
  readonly #addresses = new Map<string, Points>();
  #total: Points = { points: 0, at: 0 };

  /** @param now - The time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#addresses.size;
  }

  /** Whether requests from this address are refused for the moment. */
  isBlocked(address: string | undefined): boolean {
    const points = this.#left(this.#addresses.get(groupOf(address)), ADDRESS_RATE);
    const isFlood = this.#left(this.#total, TOTAL_RATE) >= MAX_TOTAL_POINTS;
    return points > (isFlood ? 0 : MAX_ADDRESS_POINTS - 1);
  }

  /** The address has sent a wrong token, or a wrong proof. */
  countWrong(address: string | undefined): void {
    const group = groupOf(address);
    const at = this.#now();
    const points = this.#left(this.#addresses.get(group), ADDRESS_RATE) + 1;
    this.#total = { points: this.#left(this.#total, TOTAL_RATE) + 1, at };
    this.#addresses.delete(group);
    if (this.#addresses.size >= MAX_ADDRESSES) this.#forgetOldest();
    this.#addresses.set(group, { points, at });
  }

  #left(counted: Points | undefined, rate: number): number {
    if (counted === undefined) return 0;
    return Math.max(0, counted.points - ((this.#now() - counted.at) / 1_000) * rate);
  }

  #forgetOldest(): void {
    for (const oldest of this.#addresses.keys()) {
      this.#addresses.delete(oldest);
      return;
    }
  }
}

/** One host has all addresses of an IPv6 network of 64 bits. UNIX sockets have no address. */
function groupOf(address = 'unix'): string {
  if (!address.includes(':') || /^::ffff:[\d.]+$/.test(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = head.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8).fill('0');
  return [...groups, ...zeros].slice(0, 4).join(':');
}
