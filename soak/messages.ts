/** Messages both ways at once, in sessions of which some are cut, reset, stalled or fed garbage. */

import { join } from 'node:path';
import { AsyncProtocol, lines, WirechartError } from '../src/index.ts';
import { Random } from '../test/fuzz/engine/random.ts';
import { inTenParts, inTime, type Phase, together, type Work } from './phase.ts';
import { type Fault, FAULTS, lineOf, numberOf, type Plan, type Report } from './plan.ts';
import { Server } from './server.ts';

const CLIENTS = 4;
const MOST_IN_A_SESSION = 10_000;

/** Faults that lose nothing. */
const LOSSLESS: readonly Fault[] = ['none', 'stall', 'slow'];

/** One client, whose protocol is the same in all of its sessions. */
class Client {
  readonly #protocol = new AsyncProtocol<string>({
    codec: lines(),
    onMessage: (line) => {
      this.#take(line);
    },
  });
  #plan: Plan | undefined;
  #received = 0;
  #isOrdered = true;
  #hasOne: () => void = () => undefined;
  #hasAll: () => void = () => undefined;

  /** Runs a session to its end. Resolves with how many messages arrived, at both ends. */
  async run(plan: Plan, server: Server): Promise<number> {
    this.#plan = plan;
    this.#received = 0;
    const all = new Promise<void>((resolve) => {
      this.#hasAll = resolve;
    });
    const one = new Promise<void>((resolve) => {
      this.#hasOne = resolve;
    });
    const reported = server.report(plan.session);
    await this.#protocol.connect(server.path);
    const { closed } = this.#protocol;
    const sent = await this.#send(plan);
    if (LOSSLESS.includes(plan.fault)) await Promise.race([all, closed]);
    else if (plan.fault === 'cut') {
      // The server must have had the plan, to know of the session.
      await Promise.race([one, closed]);
      await this.#protocol.disconnect({ force: true }).catch(expected);
    } else await closed;
    await this.#protocol.disconnect().catch(expected);
    const report = await reported;
    this.#check(plan, sent, report);
    return this.#received + report.received;
  }

  #take(line: string): void {
    this.#isOrdered &&= numberOf(line) === this.#received;
    this.#received += 1;
    if (this.#received === 1) this.#hasOne();
    if (this.#received === this.#plan?.count) this.#hasAll();
  }

  /** Resolves with how many messages were accepted. */
  async #send(plan: Plan): Promise<number> {
    let sent = 0;
    try {
      await this.#protocol.send(JSON.stringify(plan));
      while (sent < plan.count && !(plan.fault === 'cut' && sent === plan.at)) {
        const sending = this.#protocol.send(lineOf(sent));
        sent += 1;
        await sending;
      }
    } catch (error) {
      expected(error);
    }
    return sent;
  }

  #check({ session, fault, count }: Plan, sent: number, report: Report): void {
    const name = `Session ${String(session)} (${fault})`;
    const received = this.#received;
    if (!this.#isOrdered || !report.isOrdered) throw new Error(`${name} was out of order`);
    if (received > report.sent || report.received > sent) {
      throw new Error(`${name} received what was not sent`);
    }
    const isWhole = received === count && report.received === count;
    if (LOSSLESS.includes(fault) && !isWhole) {
      const counts = `${String(received)} and ${String(report.received)} of ${String(count)}`;
      throw new Error(`${name} has lost messages: ${counts} arrived`);
    }
  }
}

function expected(error: unknown): void {
  if (!(error instanceof WirechartError)) throw error;
}

async function run(work: Work): Promise<void> {
  const server = await Server.start(join(work.directory, 'messages'));
  const random = new Random(work.seed);
  const clients = Array.from({ length: CLIENTS }, () => new Client());
  const faults = new Map<Fault, number>();
  // Each message is counted where it arrives, so both ways are twice as many.
  const each = Math.max(10, Math.min(MOST_IN_A_SESSION, Math.ceil(work.count / 100)));
  let [sessions, arrived] = [0, 0];
  const next = (until: number) => (): Plan | undefined => {
    if (arrived >= until || !work.hasTime()) return undefined;
    const fault = random.below(3) === 0 ? random.pick(FAULTS) : 'none';
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    sessions += 1;
    return { session: sessions, count: each, fault, at: 1 + random.below(each - 1) };
  };
  try {
    await inTenParts(work, async (_, to) => {
      await together(CLIENTS, next(2 * to), async (plan, worker) => {
        const ran = clients[worker]?.run(plan, server) ?? Promise.resolve(0);
        arrived += await inTime(ran, `Session ${String(plan.session)} (${plan.fault})`);
      });
      await work.sample(arrived, { peer: await server.sample() });
    });
  } finally {
    await server.stop();
  }
  const counts = [...faults].map(([fault, count]) => `${fault} ${String(count)}`).sort();
  work.say(`${String(sessions)} sessions: ${counts.join(', ')}`);
}

export const messages: Phase = { name: 'messages', unit: 'each way', count: 10_000_000, run };
