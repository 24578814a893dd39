/** A phase with messages in both directions at once; some sessions are cut, reset, stalled, or get garbage. */

import { join } from 'node:path';
import { AsyncProtocol, lines, WirechartError } from '../src/index.ts';
import { Random } from '../test/fuzz/engine/random.ts';
import { inTenParts, type Phase, together, withDeadline, type Work } from './phase.ts';
import { type Fault, FAULTS, lineOf, numberOf, type Plan, type Report } from './plan.ts';
import { Server } from './server.ts';

const CLIENTS = 4;
const MAX_MESSAGES_PER_SESSION = 10_000;

/** Faults with which no message may be lost. */
const LOSSLESS: readonly Fault[] = ['none', 'stall', 'slow'];

/** A client that uses one protocol object for all its sessions. */
class Client {
  readonly #protocol = new AsyncProtocol<string>({
    codec: lines(),
    onMessage: (line) => {
      this.#receive(line);
    },
  });
  #plan: Plan | undefined;
  #received = 0;
  #isOrdered = true;
  #onFirst: () => void = () => undefined;
  #onLast: () => void = () => undefined;

  /** Runs a session to its end. Resolves with the number of messages that arrived at both ends. */
  async run(plan: Plan, server: Server): Promise<number> {
    this.#plan = plan;
    this.#received = 0;
    const last = new Promise<void>((resolve) => {
      this.#onLast = resolve;
    });
    const first = new Promise<void>((resolve) => {
      this.#onFirst = resolve;
    });
    const reported = server.report(plan.session);
    await this.#protocol.connect(server.path);
    const { closed } = this.#protocol;
    const sent = await this.#send(plan);
    if (LOSSLESS.includes(plan.fault)) await Promise.race([last, closed]);
    else if (plan.fault === 'cut') {
      // A message of the server shows that it has the plan; without it, it would send no report.
      await Promise.race([first, closed]);
      await this.#protocol.disconnect({ force: true }).catch(ignoreSessionError);
    } else await closed;
    await this.#protocol.disconnect().catch(ignoreSessionError);
    const report = await reported;
    this.#check(plan, sent, report);
    return this.#received + report.received;
  }

  #receive(line: string): void {
    this.#isOrdered &&= numberOf(line) === this.#received;
    this.#received += 1;
    if (this.#received === 1) this.#onFirst();
    if (this.#received === this.#plan?.count) this.#onLast();
  }

  /** Resolves with the number of messages that `send()` was called with. */
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
      ignoreSessionError(error);
    }
    return sent;
  }

  #check({ session, fault, count }: Plan, sent: number, report: Report): void {
    const name = `Session ${String(session)} (${fault})`;
    const received = this.#received;
    if (!this.#isOrdered || !report.isOrdered)
      throw new Error(`${name} received messages out of order`);
    if (received > report.sent || report.received > sent) {
      throw new Error(`${name} received more messages than were sent`);
    }
    const isWhole = received === count && report.received === count;
    if (LOSSLESS.includes(fault) && !isWhole) {
      const counts = `${String(received)} and ${String(report.received)} of ${String(count)}`;
      throw new Error(`${name} lost messages: ${counts} arrived`);
    }
  }
}

function ignoreSessionError(error: unknown): void {
  if (!(error instanceof WirechartError)) throw error;
}

async function run(work: Work): Promise<void> {
  const server = await Server.start(join(work.directory, 'messages'));
  const random = new Random(work.seed);
  const clients = Array.from({ length: CLIENTS }, () => new Client());
  const faults = new Map<Fault, number>();
  const perSession = Math.max(10, Math.min(MAX_MESSAGES_PER_SESSION, Math.ceil(work.count / 100)));
  let [sessions, arrived] = [0, 0];
  const next = (until: number) => (): Plan | undefined => {
    if (arrived >= until || !work.hasTime()) return undefined;
    const fault = random.below(3) === 0 ? random.pick(FAULTS) : 'none';
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    sessions += 1;
    return { session: sessions, count: perSession, fault, at: 1 + random.below(perSession - 1) };
  };
  try {
    await inTenParts(work, async (_, to) => {
      // Twice, because messages of both directions are counted.
      await together(CLIENTS, next(2 * to), async (plan, worker) => {
        const ran = clients[worker]?.run(plan, server) ?? Promise.resolve(0);
        arrived += await withDeadline(ran, `Session ${String(plan.session)} (${plan.fault})`);
      });
      await work.sample(arrived, { peer: await server.sample() });
    });
  } finally {
    await server.stop();
  }
  const counts = [...faults].map(([fault, count]) => `${fault} ${String(count)}`).sort();
  work.print(`${String(sessions)} sessions: ${counts.join(', ')}`);
}

export const messages: Phase = { name: 'messages', unit: 'each way', count: 10_000_000, run };
