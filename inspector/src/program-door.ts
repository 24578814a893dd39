/**
 * Where programs come in: both sides prove that they know the token before anything else is said.
 * `proof.ts` has the proofs, and `wire.ts` of the package `wirechart` the order of the messages.
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { parseObject } from './checks.ts';
import { type Refusal, TOO_MANY_WRONG } from './guard.ts';
import {
  type Challenge,
  isNonce,
  isProof,
  newNonce,
  NONCE_HEADER,
  PROOF_HEADER,
  proofOf,
} from './proof.ts';
import type { Throttle } from './throttle.ts';

/** The deadline of the program's proof. */
const PROOF_TIMEOUT_MS = 5_000;
/** A stranger that sends more than the proof is cut off. */
const MAX_STRANGER_BYTES = 1024;
/** Connections without a proof at the same time; further ones are refused. */
const MAX_STRANGERS = 64;

/** Lets in the programs that know the token. */
export class ProgramDoor {
  readonly #token: string;
  readonly #throttle: Throttle;
  readonly #sockets: WebSocketServer;
  readonly #strangers = new Set<Duplex>();
  /** The headers of each answer. */
  readonly #answers = new WeakMap<IncomingMessage, readonly string[]>();

  constructor(token: string, throttle: Throttle, sockets: WebSocketServer) {
    this.#token = token;
    this.#throttle = throttle;
    this.#sockets = sockets;
    sockets.on('headers', (headers, request) => {
      headers.push(...(this.#answers.get(request) ?? []));
    });
  }

  /** Whether a request is that of a program that wants a proof and can give one. */
  isFor({ headers }: IncomingMessage): boolean {
    return isNonce(headers[NONCE_HEADER]);
  }

  /** Why no program is let in at the moment. */
  refusal({ socket }: IncomingMessage): Refusal | undefined {
    if (this.#throttle.isBlocked(socket.remoteAddress)) return TOO_MANY_WRONG;
    return this.#strangers.size >= MAX_STRANGERS ? TOO_MANY_STRANGERS : undefined;
  }

  /**
   * Answers a request with our proof and waits for that of the program.
   *
   * @param authority - Where the program has connected to.
   * @param onProved - Called with the WebSocket of a program that has proved that it knows the token.
   */
  admit(
    request: IncomingMessage,
    head: Buffer,
    authority: string,
    onProved: (websocket: WebSocket) => void,
  ): void {
    const { socket } = request;
    const programNonce = request.headers[NONCE_HEADER];
    if (!isNonce(programNonce)) return;
    const challenge = { authority, programNonce, inspectorNonce: newNonce() };
    const proof = proofOf(this.#token, 'inspector', challenge);
    this.#answers.set(request, [
      `${NONCE_HEADER}: ${challenge.inspectorNonce}`,
      `${PROOF_HEADER}: ${proof}`,
    ]);
    this.#strangers.add(socket);
    socket.once('close', () => this.#strangers.delete(socket));
    this.#sockets.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('error', () => undefined); // A `close` follows.
      this.#awaitProof(websocket, request, challenge, onProved);
    });
  }

  #awaitProof(
    websocket: WebSocket,
    { socket }: IncomingMessage,
    challenge: Challenge,
    onProved: (websocket: WebSocket) => void,
  ): void {
    const { remoteAddress } = socket;
    const release = boundStranger(websocket, socket);
    websocket.once('message', (data, isBinary) => {
      const proof = !isBinary && Buffer.isBuffer(data) ? proofIn(data.toString()) : undefined;
      if (!isProof(proof, this.#token, 'program', challenge)) {
        this.#throttle.countWrong(remoteAddress);
        websocket.terminate();
        return;
      }
      release();
      this.#strangers.delete(socket);
      websocket.send(JSON.stringify({ type: 'wirechart.proved' }));
      onProved(websocket);
    });
  }
}

const TOO_MANY_STRANGERS: Refusal = {
  status: 503,
  text: 'Too many connections are waiting for a proof of the token',
};

/** Ends a connection that takes too long or sends too much, until the returned function is called. */
function boundStranger(websocket: WebSocket, socket: Duplex): () => void {
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_STRANGER_BYTES) socket.destroy();
  };
  const timer = setTimeout(() => {
    websocket.terminate();
  }, PROOF_TIMEOUT_MS).unref();
  const release = () => {
    clearTimeout(timer);
    socket.off('data', count);
  };
  socket.on('data', count).once('close', release);
  return release;
}

function proofIn(text: string): unknown {
  try {
    const { type, proof } = parseObject(text);
    return type === 'wirechart.proof' ? proof : undefined;
  } catch {
    return undefined;
  }
}
