/** The peer process: a server, each of whose sessions follows the plan in its first line. */

import {
  type AsyncProtocol,
  type Codec,
  lines,
  ProtocolServer,
  WirechartError,
} from '../src/index.ts';
import { BROKEN, lineOf, numberOf, planOf, type Plan, type Report } from './plan.ts';
import { takeSample } from './sample.ts';

const lineCodec = lines();

/** Lines, except `BROKEN`, which is sent as bytes that are not UTF-8. */
const codec: Codec<string> = {
  encode: (line) => (line === BROKEN ? Buffer.of(0xff, 0x0a) : lineCodec.encode(line)),
  createDecoder: (limits) => lineCodec.createDecoder(limits),
};

/** The server's side of a session. */
class Session {
  readonly #peer: () => AsyncProtocol<string>;
  #plan: Plan | undefined;
  #received = 0;
  #sent = 0;
  #isOrdered = true;

  constructor(peer: () => AsyncProtocol<string>) {
    this.#peer = peer;
  }

  receive(line: string): Promise<void> | undefined {
    if (this.#plan === undefined) {
      this.#begin(planOf(line));
      return undefined;
    }
    this.#isOrdered &&= numberOf(line) === this.#received;
    this.#received += 1;
    const { fault, at } = this.#plan;
    if (fault === 'slow' && this.#received % 64 === 0) return new Promise(setImmediate);
    if (fault === 'stall' && this.#received === at) {
      return new Promise((resolve) => setTimeout(resolve, 50));
    }
    return undefined;
  }

  #begin(plan: Plan): void {
    this.#plan = plan;
    void this.#peer().closed.then(() => {
      const [received, sent, isOrdered] = [this.#received, this.#sent, this.#isOrdered];
      report({ session: plan.session, received, sent, isOrdered });
    });
    this.#send(plan).catch((error: unknown) => {
      // The session has ended, as the plans of some sessions demand.
      if (!(error instanceof WirechartError)) throw error;
    });
  }

  async #send({ count, fault, at }: Plan): Promise<void> {
    const peer = this.#peer();
    while (this.#sent < count) {
      if (fault === 'reset' && this.#sent === at) return peer.disconnect({ force: true });
      if (fault === 'garbage' && this.#sent === at) return peer.send(BROKEN);
      const sending = peer.send(lineOf(this.#sent));
      this.#sent += 1;
      await sending;
    }
  }
}

const report = (message: Report | Awaited<ReturnType<typeof takeSample>> | 'ready'): void => {
  process.send?.(message);
};

const server = new ProtocolServer<string>(
  (_, peer) => {
    const session = new Session(peer);
    return { codec, onMessage: (line) => session.receive(line) };
  },
  { limits: { maxPeers: Infinity, maxBacklog: Infinity, highWaterMark: 64 * 1024 } },
);

// The IPC channel closes when the main process ends.
process.once('disconnect', () => process.exit());
process.on('message', () => void takeSample(server.peers.length).then(report));
await server.listen(process.argv[2] ?? '');
report('ready');
