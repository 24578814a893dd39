/**
 * One connection from a browser, or from a worker: over its native WebSocket, which has no headers. So the
 * nonces and proofs are in the URL and in messages; `wire.ts` describes them.
 */

import { memberOf } from '../core/shape.ts';
import { isProof, newNonce, proofOf } from './browser-proof.ts';
import { type Challenge, isNonce } from './challenge.ts';
import {
  type Connection,
  type ConnectionListener,
  HANDSHAKE_TIMEOUT_MS,
  MAX_COMMAND_BYTES,
  type Refusal,
  REFUSALS,
} from './transport.ts';
import {
  CLOSE_CODES,
  type ChallengeMessage,
  type ProofMessage,
  type ProvedMessage,
} from './wire.ts';

/** Where a connection leads. */
export interface Target {
  /** The address and port, as in a URL. */
  readonly host: string;
  /** The same, as in the proofs. */
  readonly authority: string;
  readonly token: string;
}

/** What is used of a browser's WebSocket. */
interface NativeSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

declare const WebSocket: new (url: string) => NativeSocket;

/** A browser says nothing when its buffer has been sent. */
const DRAIN_CHECK_MS = 50;

/** One connection, or one attempt at it. Nothing may be sent on it before `onProved`. */
export class BrowserConnection implements Connection {
  readonly #socket: NativeSocket;
  readonly #target: Target;
  readonly #listener: ConnectionListener;
  readonly #programNonce = newNonce();
  /** Ends a handshake that takes too long. */
  readonly #timer: ReturnType<typeof setTimeout>;
  #refusal: Refusal | undefined;
  #isClosed = false;
  #onClosed: () => void = () => undefined;

  /** @throws {DOMException} When the browser allows no WebSocket to this address. */
  constructor(target: Target, listener: ConnectionListener) {
    this.#target = target;
    this.#listener = listener;
    const socket = new WebSocket(`ws://${target.host}/program?nonce=${this.#programNonce}`);
    this.#socket = socket;
    this.#timer = setTimeout(() => {
      this.terminate();
    }, HANDSHAKE_TIMEOUT_MS);
    socket.onmessage = ({ data }) => {
      // Nothing else may come before our proof.
      socket.onmessage = null;
      this.#onChallenge(parsed(data)).catch(() => {
        this.terminate();
      });
    };
    socket.onclose = ({ code }) => {
      this.#end(refusalOf(code));
    };
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(line: string): void {
    this.#socket.send(line);
  }

  onceDrained(listener: () => void): void {
    const timer = setInterval(() => {
      if (!this.#isClosed && this.#socket.bufferedAmount > 0) return;
      clearInterval(timer);
      if (!this.#isClosed) listener();
    }, DRAIN_CHECK_MS);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      if (this.#isClosed) resolve();
      else this.#socket.close();
    });
  }

  terminate(): void {
    this.#socket.close();
    this.#end(undefined);
  }

  /** The inspector's answer: goes on only if it has the proof. */
  async #onChallenge(message: unknown): Promise<void> {
    const { authority, token } = this.#target;
    const inspectorNonce = memberOf(message, 'nonce');
    const proof = memberOf(message, 'proof');
    const challenge = { authority, programNonce: this.#programNonce, inspectorNonce };
    const isExpected =
      memberOf(message, 'type') === ('wirechart.challenge' satisfies ChallengeMessage['type']) &&
      isComplete(challenge) &&
      (await isProof(proof, token, 'inspector', challenge));
    if (this.#isClosed) return;
    if (!isExpected) {
      this.#refusal = { why: REFUSALS.noProof };
      this.#socket.close(CLOSE_CODES.noProof);
      return;
    }
    const answer: ProofMessage = {
      type: 'wirechart.proof',
      proof: await proofOf(token, 'program', challenge),
    };
    this.#socket.onmessage = ({ data }) => {
      this.#onConfirmation(parsed(data));
    };
    this.#socket.send(JSON.stringify(answer));
  }

  #onConfirmation(message: unknown): void {
    if (memberOf(message, 'type') !== ('wirechart.proved' satisfies ProvedMessage['type'])) {
      this.terminate();
      return;
    }
    clearTimeout(this.#timer);
    this.#socket.onmessage = ({ data }) => {
      if (isTooLarge(data)) this.#socket.close();
      else this.#listener.onCommand(parsed(data));
    };
    this.#listener.onProved();
  }

  #end(refusal: Refusal | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#onClosed();
    this.#listener.onClosed(this.#refusal ?? refusal);
  }
}

const isComplete = (challenge: {
  readonly authority: string;
  readonly programNonce: string;
  readonly inspectorNonce: unknown;
}): challenge is Challenge => isNonce(challenge.inspectorNonce);

const isTooLarge = (data: unknown): boolean =>
  typeof data === 'string' && data.length > MAX_COMMAND_BYTES;

/** The value in a message; `undefined` when it is not JSON. */
function parsed(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}

/** Why an inspector has closed the connection, by its code. */
function refusalOf(code: number): Refusal | undefined {
  switch (code) {
    case CLOSE_CODES.origin:
      return foreignOrigin(String(Reflect.get(globalThis, 'origin')));
    case CLOSE_CODES.wrongTokens:
      return { why: 'too many wrong tokens have come from this address', advice: 'Wait a minute' };
    case CLOSE_CODES.busy:
      return { why: 'too many connections wait there for a proof', advice: 'Wait a moment' };
    default:
      return undefined;
  }
}

const foreignOrigin = (origin: string): Refusal =>
  origin === 'null'
    ? {
        why: 'this page has no origin, as a file or a sandboxed frame has none',
        advice: 'Serve it from http://localhost',
      }
    : {
        why: `it does not take reports from the site ${origin}`,
        advice: `Start the inspector with --origin ${origin}`,
      };
