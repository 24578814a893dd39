/**
 * Where programs come in: both sides prove that they know the token before anything else is said.
 * `proof.ts` has the proofs, and `wire.ts` of the package `wirechart` the order of the messages: of Node
 * programs, which use headers, and of those in browsers, which cannot.
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { parseObject } from './checks.ts';
import { type Refusal, TOO_MANY_WRONG, urlOf } from './guard.ts';
import { printable } from './printable.ts';
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

/** The close codes of WebSockets for refusals: a page does not see an HTTP status. */
const CLOSE_CODES = 4000;
/** Pages that are being refused at the same time. They must not take the places of programs. */
const MAX_TURNED_AWAY = 16;
/** How long a WebSocket that is refused may take to close. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Lets in the programs that know the token. */
export class ProgramDoor {
  readonly #token: string;
  readonly #throttle: Throttle;
  readonly #sockets: WebSocketServer;
  /** Tells the people who look at the inspector why a program is not shown. */
  readonly #reportRefusal: (why: string) => void;
  readonly #strangers = new Set<Duplex>();
  readonly #turnedAway = new Set<Duplex>();
  /** The headers of each answer. */
  readonly #answers = new WeakMap<IncomingMessage, readonly string[]>();

  constructor(
    token: string,
    throttle: Throttle,
    sockets: WebSocketServer,
    reportRefusal: (why: string) => void,
  ) {
    this.#token = token;
    this.#throttle = throttle;
    this.#sockets = sockets;
    this.#reportRefusal = reportRefusal;
    sockets.on('headers', (headers, request) => {
      headers.push(...(this.#answers.get(request) ?? []));
    });
  }

  /** Whether a request is that of a program that wants a proof and can give one. */
  isFor(request: IncomingMessage): boolean {
    return nonceIn(request) !== undefined;
  }

  /** Whether such a program is in a browser. */
  isForBrowser({ headers }: IncomingMessage): boolean {
    return !isNonce(headers[NONCE_HEADER]);
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
    const programNonce = nonceIn(request);
    if (programNonce === undefined) return;
    const nonce = newNonce();
    const challenge = { authority, programNonce, inspectorNonce: nonce };
    const proof = proofOf(this.#token, 'inspector', challenge);
    const isBrowser = this.isForBrowser(request);
    if (!isBrowser)
      this.#answers.set(request, [`${NONCE_HEADER}: ${nonce}`, `${PROOF_HEADER}: ${proof}`]);
    this.#open(request, head, this.#strangers, (websocket) => {
      if (isBrowser) websocket.send(JSON.stringify({ type: 'wirechart.challenge', nonce, proof }));
      this.#awaitProof(websocket, request, challenge, onProved);
    });
  }

  /** Refuses a program in a browser, so that its page can say why. */
  turnAway(request: IncomingMessage, head: Buffer, { status, text }: Refusal): void {
    if (status === 403) this.#reportRefusal(printable(text));
    const places = this.#turnedAway;
    if (places.size >= MAX_TURNED_AWAY) {
      request.socket.destroy();
      return;
    }
    this.#open(request, head, places, (websocket) => {
      websocket.close(CLOSE_CODES + status);
      const timer = setTimeout(() => {
        websocket.terminate();
      }, CLOSE_TIMEOUT_MS).unref();
      websocket.once('close', () => {
        clearTimeout(timer);
      });
    });
  }

  /** Opens the WebSocket of a stranger, which has a place until it closes. */
  #open(
    request: IncomingMessage,
    head: Buffer,
    places: Set<Duplex>,
    onOpen: (websocket: WebSocket) => void,
  ): void {
    const { socket } = request;
    places.add(socket);
    socket.once('close', () => places.delete(socket));
    this.#sockets.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('error', () => undefined); // A `close` follows.
      onOpen(websocket);
    });
  }

  #awaitProof(
    websocket: WebSocket,
    request: IncomingMessage,
    challenge: Challenge,
    onProved: (websocket: WebSocket) => void,
  ): void {
    const { socket } = request;
    const { remoteAddress } = socket;
    const reportAbsence = () => {
      this.#reportRefusal(withoutProof(request));
    };
    websocket.once('close', reportAbsence);
    const release = boundStranger(websocket, socket);
    websocket.once('message', (data, isBinary) => {
      const proof = !isBinary && Buffer.isBuffer(data) ? proofIn(data.toString()) : undefined;
      if (!isProof(proof, this.#token, 'program', challenge)) {
        this.#throttle.countWrong(remoteAddress);
        websocket.terminate();
        return;
      }
      release();
      websocket.off('close', reportAbsence);
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

/** The nonce of a program: of Node in a header, of a browser in the URL. */
function nonceIn(request: IncomingMessage): string | undefined {
  const { [NONCE_HEADER]: inHeader = urlOf(request).searchParams.get('nonce') } = request.headers;
  return isNonce(inHeader) ? inHeader : undefined;
}

/** Why a program that has gone is not shown. */
function withoutProof({ headers: { origin } }: IncomingMessage): string {
  const where = origin === undefined ? '' : ` (a page of '${printable(origin)}')`;
  return `it has not proved that it knows the token${where}. Give it the URL that this inspector has printed`;
}

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
