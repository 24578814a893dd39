/**
 * Opens a WebSocket to an inspector that has proved that it knows the token.
 *
 * Only a nonce is sent before that: not the token, not a name. Then the program proves the same, and the
 * inspector confirms it. `wire.ts` describes the messages.
 */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { codeOf, memberOf } from '../core/shape.ts';
import type { Endpoint } from './endpoint.ts';
import {
  isNonce,
  isProof,
  isToken,
  newNonce,
  NONCE_HEADER,
  PROOF_HEADER,
  proofOf,
} from './proof.ts';
import {
  type ConnectionListener,
  HANDSHAKE_TIMEOUT_MS,
  MAX_COMMAND_BYTES,
  REFUSALS,
} from './transport.ts';
import type { ProofMessage, ProvedMessage } from './wire.ts';

/** One connection, or one attempt at it. Nothing may be sent on it before `onProved`. */
export class ProvenSocket {
  readonly websocket: WebSocket;
  /** The socket below it. */
  readonly socket: Socket;
  readonly #endpoint: Endpoint;
  readonly #programNonce = newNonce();
  #refusal: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(Client: typeof WebSocket, endpoint: Endpoint, listener: ConnectionListener) {
    this.#endpoint = endpoint;
    const socket = endpoint.dial();
    this.socket = socket;
    this.websocket = new Client(endpoint.url, {
      createConnection: () => socket,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      headers: { [NONCE_HEADER]: this.#programNonce },
      maxPayload: MAX_COMMAND_BYTES,
      perMessageDeflate: false,
    });
    this.#handshake();
    this.websocket.once('message', (data, isBinary) => {
      this.#onConfirmation(parsed(data, isBinary), listener);
    });
    this.websocket.on('close', () => {
      clearTimeout(this.#timer);
      listener.onClosed(this.#refusal === undefined ? undefined : { why: this.#refusal });
    });
  }

  #handshake(): void {
    const { websocket } = this;
    websocket.on('upgrade', (response) => {
      this.#onAnswer(response);
    });
    websocket.on('unexpected-response', (_, { statusCode }) => {
      this.#refuse(`it answers with the HTTP status ${String(statusCode)}`);
    });
    websocket.on('error', (error) => {
      // A `close` follows.
      if (codeOf(error)?.startsWith('HPE_') === true) this.#refusal ??= 'it does not speak HTTP';
    });
  }

  /** The inspector's answer: goes on only if it has the proof. */
  #onAnswer(response: IncomingMessage): void {
    const { authorityOf, token } = this.#endpoint;
    const [authority, inspectorNonce] = [authorityOf(this.socket), response.headers[NONCE_HEADER]];
    const challenge =
      authority !== undefined && isNonce(inspectorNonce)
        ? { authority, programNonce: this.#programNonce, inspectorNonce }
        : undefined;
    const proof = response.headers[PROOF_HEADER];
    if (challenge === undefined || !isProof(proof, token, 'inspector', challenge)) {
      this.#refuse(REFUSALS.noProof);
      return;
    }
    const message: ProofMessage = {
      type: 'wirechart.proof',
      proof: proofOf(token, 'program', challenge),
    };
    this.websocket.once('open', () => {
      this.#timer = setTimeout(() => {
        this.websocket.terminate();
      }, HANDSHAKE_TIMEOUT_MS).unref();
      this.websocket.send(JSON.stringify(message));
    });
  }

  #onConfirmation(message: unknown, { onProved, onCommand }: ConnectionListener): void {
    clearTimeout(this.#timer);
    if (memberOf(message, 'type') !== ('wirechart.proved' satisfies ProvedMessage['type'])) {
      this.websocket.terminate();
      return;
    }
    this.websocket.on('message', (data, isBinary) => {
      onCommand(parsed(data, isBinary));
    });
    onProved();
  }

  #refuse(why: string): void {
    this.#refusal = isToken(this.#endpoint.token) ? why : REFUSALS.noToken;
    this.websocket.terminate();
  }
}

/** The value in a message; `undefined` when it is not JSON. */
function parsed(data: RawData, isBinary: boolean): unknown {
  try {
    // The client is configured to deliver Buffers.
    return !isBinary && Buffer.isBuffer(data) ? JSON.parse(data.toString()) : undefined;
  } catch {
    return undefined;
  }
}
