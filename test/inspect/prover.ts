/**
 * The inspector's side of the proofs, written from the description in `src/inspect/wire.ts` for servers
 * of tests: it shares no code with the inspector.
 */

import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { WebSocket, WebSocketServer } from 'ws';

/** A token that is long enough. */
export const TEST_TOKEN = 'only-for-tests-0123456789';

/** What a prover may do differently from an honest inspector. */
export interface ProverOptions {
  readonly token?: string;
  /** The role that it proves. Default: `inspector`. */
  readonly role?: string;
  /** What it takes for the program's end of its connection. Default: where the program has connected. */
  readonly authority?: string;
}

interface Proofs {
  readonly programNonce: string;
  readonly inspectorNonce: string;
  readonly authority: string;
}

/** Proves to each program that the server knows the token; see `awaitProof()` for the other direction. */
export function proveTo(server: WebSocketServer, options: ProverOptions = {}): void {
  server.on('headers', (headers, request) => {
    const proofs = proofsOf(request, options);
    CHALLENGES.set(request, proofs);
    const proof = hmac(options.role ?? 'inspector', proofs, options.token);
    headers.push(`Wirechart-Nonce: ${proofs.inspectorNonce}`, `Wirechart-Proof: ${proof}`);
  });
}

/** Resolves when the program has proved that it knows the token, and confirms it. */
export async function awaitProof(
  websocket: WebSocket,
  request: IncomingMessage,
  { token }: ProverOptions = {},
): Promise<void> {
  const text = await new Promise<string>((resolve) => {
    websocket.once('message', (data: Buffer) => {
      resolve(data.toString());
    });
  });
  const proofs = CHALLENGES.get(request);
  if (proofs === undefined) throw new Error('The request got no proof');
  const expected = { type: 'wirechart.proof', proof: hmac('program', proofs, token) };
  if (text !== JSON.stringify(expected)) throw new Error(`This is not the proof: ${text}`);
  websocket.send('{"type":"wirechart.proved"}');
}

const CHALLENGES = new WeakMap<IncomingMessage, Proofs>();

function proofsOf({ headers, socket }: IncomingMessage, options: ProverOptions): Proofs {
  const { localAddress, localPort } = socket;
  const actual = localAddress === undefined ? 'unix' : `${localAddress} ${String(localPort)}`;
  return {
    programNonce: String(headers['wirechart-nonce']),
    inspectorNonce: randomBytes(32).toString('base64url'),
    authority: options.authority ?? actual,
  };
}

function hmac(role: string, proofs: Proofs, token = TEST_TOKEN): string {
  const { authority, programNonce, inspectorNonce } = proofs;
  return createHmac('sha256', token)
    .update(`wirechart-inspector/1\n${role}\n${authority}\n${programNonce}\n${inspectorNonce}`)
    .digest('base64url');
}
