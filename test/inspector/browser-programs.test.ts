/** Programs in browsers at the door of the inspector, before and without their proof. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Inspector } from '../../inspector/src/index.ts';
import { isProof, proofOf } from '../../src/inspect/proof.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import {
  closeCode,
  connectWebSocket,
  portOf,
  refusal,
  startTestInspector,
  TOKEN,
  withToken,
} from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { introduction } from './fake-program.ts';

expectIdleAfterEach();

const ORIGIN = 'http://localhost:3000';
const nonce = (): string => randomBytes(32).toString('base64url');

/** A page that asks to report. */
const knock = (inspector: Inspector, origin = ORIGIN, programNonce = nonce()): WebSocket =>
  connectWebSocket(inspector, `/program?nonce=${programNonce}`, { headers: { origin } });

/** The same, with the challenge that it gets. */
async function open(inspector: Inspector) {
  const programNonce = nonce();
  const socket = knock(inspector, ORIGIN, programNonce);
  const [data] = (await once(socket, 'message')) as [Buffer];
  const message = JSON.parse(data.toString()) as { type: string; nonce: string; proof: string };
  const authority = `127.0.0.1 ${String(portOf(inspector))}`;
  return { socket, message, challenge: { authority, programNonce, inspectorNonce: message.nonce } };
}

const proofMessage = (proof: string): string => JSON.stringify({ type: 'wirechart.proof', proof });

describe('a program in a browser', () => {
  it('gets a proof of the inspector first, and a confirmation of its own', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const { socket, message, challenge } = await open(inspector);
    expect(message.type).toBe('wirechart.challenge');
    expect(isProof(message.proof, TOKEN, 'inspector', challenge)).toBe(true);
    socket.send(proofMessage(proofOf(TOKEN, 'program', challenge)));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('{"type":"wirechart.proved"}');
    socket.send(JSON.stringify(introduction({ name: 'shop' })));
    expect(await page.program('shop')).toMatchObject({ source: 'live' });
  });

  it.each<[string, (opened: Awaited<ReturnType<typeof open>>) => string]>([
    ['another token', ({ challenge }) => proofMessage(proofOf(`${TOKEN}x`, 'program', challenge))],
    ['the proof of the inspector', ({ message }) => proofMessage(message.proof)],
    ['no proof but an introduction', () => JSON.stringify(introduction({ name: 'shop' }))],
  ])('is cut off, and counted, when it proves %s', async (_, answer) => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const opened = await Promise.all(Array.from({ length: 20 }, () => open(inspector)));
    const closed = opened.map(({ socket }) => closeCode(socket));
    // At once: an address that guesses has one more attempt in each second.
    for (const each of opened) each.socket.send(answer(each));
    expect(new Set(await Promise.all(closed))).toEqual(new Set([1006]));
    expect(await closeCode(knock(inspector))).toBe(4429);
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem').map(({ text }) => text)).toEqual([
      `A program was not let in: it has not proved that it knows the token (a page of '${ORIGIN}'). Give it the URL that this inspector has printed`,
    ]);
    expect(page.programs.size).toBe(0);
  });

  it('is told so when 64 others have not proved anything', async () => {
    const inspector = await startTestInspector();
    for (let at = 0; at < 64; at += 1) await open(inspector);
    expect(await closeCode(knock(inspector))).toBe(4503);
  });

  it('is refused as one without a token when its nonce is none', async () => {
    const inspector = await startTestInspector();
    expect(await refusal(inspector, '/program?nonce=short')).toMatchObject({ status: 403 });
  });

  it('cannot watch other programs, although it may report', async () => {
    const inspector = await startTestInspector();
    const headers = { origin: ORIGIN };
    for (const path of ['/viewer', '/receiver', '/program']) {
      expect(await refusal(inspector, withToken(path), { headers })).toMatchObject({ status: 403 });
    }
  });
});

describe('pages of other sites', () => {
  it('get no proof, and do not take the places of programs', async () => {
    const inspector = await startTestInspector();
    const messages: unknown[] = [];
    const closed = Array.from({ length: 100 }, () => {
      const socket = knock(inspector, 'https://evil.example');
      socket.on('error', () => undefined);
      socket.on('message', (data) => messages.push(data));
      return closeCode(socket);
    });
    const { message } = await open(inspector);
    expect(message.type).toBe('wirechart.challenge');
    const codes = new Set(await Promise.all(closed));
    expect(codes).toContain(4403);
    expect([...codes].filter((code) => code !== 4403 && code !== 1006)).toEqual([]);
    expect(messages).toEqual([]);
  });
});
