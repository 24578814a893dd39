/** Connections over real sockets that are held in each state of the chart. */

import type { Socket } from 'node:net';
import { waitFor } from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  lines,
  type MachineOptions,
  type ProtocolActorRef,
  type ProtocolDefinition,
  type ProtocolMachine,
} from '../../src/index.ts';
import { pathOf } from '../machines/support.ts';
import { tempDir } from '../support/cleanup.ts';
import { rawPeer, type Script } from '../support/peers.ts';
import { type Gate, gate } from '../support/signal.ts';

/** How an actor is led to a state, and held there. */
interface Hold {
  readonly options?: MachineOptions;
  /** What the peer does with the first connection; it discards what it receives, and keeps its side open. */
  readonly peer?: Script;
  /** The callbacks of the protocol that do not return. */
  readonly held?: readonly ('handshake' | 'onMessage' | 'farewell')[];
  /** Where the actor goes first: it dials, or listens, or nothing listens where it dials. */
  readonly by?: 'dialing' | 'listening' | 'refusal';
  /** The state that it must reach first. Default: none. */
  readonly first?: string;
  /** What is sent to it there. */
  readonly then?: (ref: ProtocolActorRef<string>) => void;
}

const BIG = 'x'.repeat(4_000_000);
/** Sends more than a socket takes, to a peer that does not read. */
const sendMuch = (ref: ProtocolActorRef<string>) => {
  AsyncProtocol.attach(ref)
    .send(BIG)
    .catch(() => undefined);
};
const disconnect = (ref: ProtocolActorRef<string>) => {
  ref.send({ type: 'DISCONNECT' });
};
const OPEN = 'RUNNING.open';
const pause: Script = (socket) => socket.pause();
const sayHello: Script = (socket) => socket.resume().write('hello\n');
const endWithTheClient: Script = (socket) => {
  socket.resume().on('end', () => socket.end());
};

/** All states, with the one that comes after a failure. */
const HOLDS = {
  IDLE: {},
  'IDLE failed': { by: 'refusal' },
  'CONNECTING.dialing': { by: 'dialing' },
  'CONNECTING.listening.binding': { by: 'listening' },
  'CONNECTING.listening.bound': { by: 'listening', first: 'CONNECTING.listening.bound' },
  'CONNECTING.accepting': {
    by: 'listening',
    first: 'CONNECTING.listening.bound',
    then: (ref) => {
      ref.send({ type: 'ACCEPT' });
    },
  },
  'CONNECTING.establishing': {
    by: 'dialing',
    held: ['handshake'],
    first: 'CONNECTING.establishing',
  },
  'RUNNING.open': { by: 'dialing', first: OPEN },
  'RUNNING.ending': {
    by: 'dialing',
    first: OPEN,
    then: (ref) => {
      ref.send({ type: 'EXPECT_END' });
    },
  },
  'RUNNING.halfOpen': {
    by: 'dialing',
    options: { allowHalfOpen: true },
    peer: (socket) => socket.resume().end(),
    first: 'RUNNING.halfOpen',
  },
  'DISCONNECTING.draining.handling': {
    by: 'dialing',
    peer: sayHello,
    held: ['onMessage'],
    first: OPEN,
    then: disconnect,
  },
  'DISCONNECTING.draining.farewell': {
    by: 'dialing',
    held: ['farewell'],
    first: OPEN,
    then: disconnect,
  },
  'DISCONNECTING.flushing.twoway': {
    by: 'dialing',
    peer: pause,
    first: OPEN,
    then: (ref) => {
      sendMuch(ref);
      disconnect(ref);
    },
  },
  'DISCONNECTING.flushing.oneway': {
    by: 'dialing',
    peer: (socket) => socket.pause().end(),
    first: OPEN,
    then: sendMuch,
  },
  'DISCONNECTING.closing': { by: 'dialing', first: OPEN, then: disconnect },
  'DISCONNECTING.destroying': {
    by: 'dialing',
    first: OPEN,
    then: (ref) => {
      ref.send({ type: 'DISCONNECT', force: true });
    },
  },
  ENDED: {
    by: 'dialing',
    options: { once: true },
    peer: endWithTheClient,
    first: OPEN,
    then: disconnect,
  },
  'ENDED failed': { by: 'refusal', options: { once: true } },
} satisfies Record<string, Hold>;

export type HeldState = keyof typeof HOLDS;
const isHeldState = (name: string): name is HeldState => name in HOLDS;
export const HELD_STATES = Object.keys(HOLDS).filter(isHeldState);

const holdOf = (state: HeldState): Hold => HOLDS[state];
/** Whether the actor dials on its way to the state. */
export const dials = (state: HeldState): boolean =>
  ['dialing', 'refusal'].includes(holdOf(state).by ?? '');
/** Whether the actor has ended in the state. */
export const isOver = (state: HeldState): boolean => state.startsWith('ENDED');

/** A stage for one actor: its protocol, its machine and its peer. */
export class Stage {
  readonly state: HeldState;
  /** Where the peer listens, or would; and where the actor listens, in the states of a listener. */
  readonly path: string;
  /** While it is shut, the callbacks of the protocol do not return, and the peer does what the state needs. */
  readonly #release: Gate = gate();
  #isReleased = false;
  readonly #handled: Gate = gate();

  private constructor(state: HeldState, path: string) {
    this.state = state;
    this.path = path;
  }

  /** The sockets of the peer, in the order in which they were accepted. */
  readonly sockets: Socket[] = [];
  #received = '';
  #isListening = false;
  #onReceived: (value: unknown) => void = () => undefined;

  /** What the peer has received from its last client since nothing is held. */
  get received(): string {
    return this.#received;
  }

  static async of(state: HeldState): Promise<Stage> {
    const stage = new Stage(state, `${await tempDir()}/peer.sock`);
    if (holdOf(state).by === 'dialing') await stage.#listen();
    return stage;
  }

  /** Whether the peer listens. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Resolves when the peer has received this text, and no other, from its last client. */
  async hasReceived(text: string): Promise<void> {
    while (this.#received !== text) await new Promise((resolve) => (this.#onReceived = resolve));
  }

  /** A client that was stopped may have been accepted later. */
  #receive(chunk: Buffer, socket: Socket): void {
    if (socket !== this.sockets.at(-1)) return;
    this.#received += chunk.toString();
    this.#onReceived(undefined);
  }

  async #listen(): Promise<void> {
    this.#isListening = true;
    await rawPeer(
      (socket) => {
        this.sockets.push(socket);
        this.#received = '';
        const { peer = (first: Socket) => first.resume() } = holdOf(this.state);
        if (!this.#isReleased) peer(socket);
        else
          endWithTheClient(
            socket.on('data', (chunk: Buffer) => {
              this.#receive(chunk, socket);
            }),
          );
      },
      { path: this.path },
    );
  }

  /** A new machine, as a program makes when it starts. */
  createMachine(options: MachineOptions = {}): ProtocolMachine<string> {
    return createProtocolMachine(this.#definition, { ...holdOf(this.state).options, ...options });
  }

  get #definition(): ProtocolDefinition<string> {
    const { held = [] } = holdOf(this.state);
    const wait = async () => {
      this.#handled.open();
      await this.#release.opened;
    };
    return { codec: lines(), ...Object.fromEntries(held.map((name) => [name, wait])) };
  }

  /**
   * Leads an actor to the state, and acts there at once: it leaves some states in the next turn. It dials by itself
   * if it got the address as its input.
   */
  async lead<T>(ref: ProtocolActorRef<string>, by: 'input' | 'event', act: () => T): Promise<T> {
    const { by: way, first, then, held = [] } = holdOf(this.state);
    if (way === 'listening') ref.send({ type: 'LISTEN', address: this.path });
    else if (way !== undefined && by === 'event') {
      ref.send({ type: 'CONNECT', address: this.path });
    }
    if (first !== undefined) await waitFor(ref, ({ value }) => pathOf(value) === first);
    if (held.includes('onMessage')) await this.#handled.opened;
    then?.(ref);
    if (!this.isHere(ref.getSnapshot())) await waitFor(ref, this.isHere, { timeout: 5_000 });
    return act();
  }

  /** Whether the actor is in the state. */
  readonly isHere = ({ value, context }: ReturnType<ProtocolActorRef<string>['getSnapshot']>) => {
    const [state = '', failed] = this.state.split(' ');
    const { cause } = context.outcome ?? {};
    return pathOf(value) === state && (failed === undefined || cause !== undefined);
  };

  /** From now on nothing is held: the peer reads, and ends its side when its client does. */
  async release(): Promise<void> {
    this.#isReleased = true;
    this.#release.open();
    if (holdOf(this.state).by !== 'dialing') await this.#listen();
  }
}
