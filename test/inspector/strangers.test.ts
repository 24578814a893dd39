/** Programs that prove that they know the token, strangers that cannot, and those that break the order. */

import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import type { Inspector } from '../../inspector/src/index.ts';
import { report } from '../inspect/inspectors.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import {
  closeCode,
  connectWebSocket,
  handled,
  httpRequest,
  portOf,
  refusal,
  startTestInspector,
  TOKEN,
  withToken,
} from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { introduction } from './fake-program.ts';

expectIdleAfterEach();

const nonce = (): string => randomBytes(32).toString('base64url');

/** A connection for a program, before its proof. */
interface Stranger {
  readonly socket: WebSocket;
  /** Sends a proof. Default: the right one. */
  readonly prove: (facts?: Partial<Facts>) => void;
  readonly inspectorNonce: string;
  readonly inspectorProof: string;
}

interface Facts {
  readonly token: string;
  readonly role: string;
  readonly authority: string;
  readonly programNonce: string;
  readonly inspectorNonce: string;
}

const hmac = (facts: Facts): string =>
  createHmac('sha256', facts.token)
    .update(
      [
        'wirechart-inspector/1',
        facts.role,
        facts.authority,
        facts.programNonce,
        facts.inspectorNonce,
      ].join('\n'),
    )
    .digest('base64url');

async function openStranger(to: Inspector, programNonce = nonce()): Promise<Stranger> {
  const socket = connectWebSocket(to, '/program', { headers: { 'wirechart-nonce': programNonce } });
  const answers = once(socket, 'upgrade') as Promise<[IncomingMessage]>;
  await once(socket, 'open');
  const [{ headers }] = await answers;
  const inspectorNonce = String(headers['wirechart-nonce']);
  const facts: Facts = {
    token: TOKEN,
    role: 'program',
    authority: `127.0.0.1 ${String(portOf(to))}`,
    programNonce,
    inspectorNonce,
  };
  const inspectorProof = String(headers['wirechart-proof']);
  expect(inspectorProof).toBe(hmac({ ...facts, role: 'inspector' }));
  return {
    socket,
    prove: (more = {}) => {
      socket.send(JSON.stringify({ type: 'wirechart.proof', proof: hmac({ ...facts, ...more }) }));
    },
    inspectorNonce,
    inspectorProof,
  };
}

const INTRODUCTION = JSON.stringify(introduction({ name: 'stranger' }));

describe('a program that proves that it knows the token', () => {
  it('gets the proof of the inspector first, and then a confirmation', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const { socket, prove } = await openStranger(inspector);
    prove();
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('{"type":"wirechart.proved"}');
    socket.send(INTRODUCTION);
    expect(await page.program('stranger')).toMatchObject({ source: 'live' });
  });

  it('gets another nonce each time, also for the same nonce of its own', async () => {
    const inspector = await startTestInspector();
    const own = nonce();
    const strangers = [await openStranger(inspector, own), await openStranger(inspector, own)];
    expect(new Set(strangers.map(({ inspectorNonce }) => inspectorNonce)).size).toBe(2);
  });
});

describe('a program that reports with inspectTo()', () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
  const WAYS: [string, string][] = [
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'localhost'],
    ['0.0.0.0', '127.0.0.2'],
    ...(hasIpv6
      ? ([
          ['::1', '[::1]'],
          ['::', '127.0.0.1'],
          ['::', '[::1]'],
        ] satisfies [string, string][])
      : []),
  ];

  it.each(WAYS)('is let in by an inspector on %s that it calls %s', async (host, name) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const inspector = await startTestInspector({ host });
    warn.mockRestore();
    const url = `http://${name}:${String(portOf(inspector))}/?token=${TOKEN}`;
    const page = await openFakePage(inspector);
    report(url, { name: 'p' });
    expect(await page.program('p')).toMatchObject({ source: 'live' });
  });
});

describe('a stranger', () => {
  const MISTAKES: [string, (stranger: Stranger) => void][] = [
    [
      'proves another token',
      ({ prove }) => {
        prove({ token: 'x'.repeat(24) });
      },
    ],
    [
      'proves that it is an inspector',
      ({ prove }) => {
        prove({ role: 'inspector' });
      },
    ],
    [
      'proves it for another address',
      ({ prove }) => {
        prove({ authority: '127.0.0.1 1' });
      },
    ],
    [
      'proves it for another connection',
      ({ prove }) => {
        prove({ inspectorNonce: nonce() });
      },
    ],
    [
      'sends the proof of the inspector back',
      ({ socket, inspectorProof }) => {
        socket.send(JSON.stringify({ type: 'wirechart.proof', proof: inspectorProof }));
      },
    ],
    [
      'sends no proof but an introduction',
      ({ socket }) => {
        socket.send(INTRODUCTION);
      },
    ],
    [
      'sends something else',
      ({ socket }) => {
        socket.send('[]');
      },
    ],
    [
      'sends bytes',
      ({ socket }) => {
        socket.send(Buffer.from('{}'));
      },
    ],
    [
      'sends a proof that is not a text',
      ({ socket }) => {
        socket.send('{"type":"wirechart.proof","proof":[1]}');
      },
    ],
    [
      'sends more than a proof has',
      ({ socket }) => {
        socket.send('x'.repeat(1_100));
      },
    ],
    [
      'begins a message of many megabytes',
      ({ socket }) => {
        socket.send('x'.repeat(2_000), { fin: false });
      },
    ],
  ];

  it.each(MISTAKES)('is cut off, and nothing of it is shown, when it %s', async (_, mistake) => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const stranger = await openStranger(inspector);
    const messages: unknown[] = [];
    stranger.socket.on('message', (data) => messages.push(data));
    mistake(stranger);
    if (stranger.socket.readyState === stranger.socket.OPEN) stranger.socket.send(INTRODUCTION);
    await closeCode(stranger.socket);
    await page.handled();
    expect(page.programs.size).toBe(0);
    expect(messages).toEqual([]);
  });

  it('is cut off when it says nothing for five seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanUp(() => vi.useRealTimers());
    const inspector = await startTestInspector();
    const { socket } = await openStranger(inspector);
    const closed = closeCode(socket);
    vi.advanceTimersByTime(4_999);
    await handled(socket);
    vi.advanceTimersByTime(1);
    await closed;
  });

  it('is refused while 64 others have not proved anything', async () => {
    const inspector = await startTestInspector();
    const strangers = [];
    for (let at = 0; at < 64; at += 1) strangers.push(await openStranger(inspector));
    const headers = { 'wirechart-nonce': nonce() };
    expect(await refusal(inspector, '/program', { headers })).toMatchObject({ status: 503 });
    // One that proves the token, or leaves, makes room.
    const [first] = strangers;
    first?.prove();
    await once(first?.socket ?? process, 'message');
    (await openStranger(inspector)).socket.terminate();
  });

  it.each(['', 'short', 'n'.repeat(44), 'with space'.repeat(5).slice(0, 43)])(
    'is refused as one without a token when its nonce is %j',
    async (bad) => {
      const inspector = await startTestInspector();
      const headers = { 'wirechart-nonce': bad };
      expect(await refusal(inspector, '/program', { headers })).toMatchObject({ status: 403 });
    },
  );

  it.each([
    ['of another site', { origin: 'https://evil.example' }],
    ['by another name', { host: 'evil.example' }],
  ])('gets no proof when it is a page %s', async (_, foreign) => {
    const inspector = await startTestInspector();
    const headers = { 'wirechart-nonce': nonce(), ...foreign };
    const answer = await refusal(inspector, '/program', { headers });
    expect(answer.status).toBe(403);
    expect(answer.headers['wirechart-proof']).toBeUndefined();
  });
});

describe('an address that guesses', () => {
  const wrong = (at: number) => withToken('/recording', `wrong-${String(at).padStart(20, '0')}`);

  it('is refused without a look at its token, while others are let in', async () => {
    const inspector = await startTestInspector();
    for (let at = 0; at < 20; at += 1) {
      expect(await httpRequest(inspector, wrong(at))).toMatchObject({ status: 403 });
    }
    const refused = { status: 429, body: 'Too many wrong tokens from your address; wait a minute' };
    expect(await httpRequest(inspector, wrong(20))).toMatchObject(refused);
    expect(await httpRequest(inspector, withToken('/recording'))).toMatchObject(refused);
    for (const path of ['/viewer', '/receiver', '/program']) {
      expect(await refusal(inspector, withToken(path))).toMatchObject(refused);
    }
    const headers = { 'wirechart-nonce': nonce() };
    expect(await refusal(inspector, '/program', { headers })).toMatchObject(refused);
    const other = connectWebSocket(inspector, withToken('/viewer'), { localAddress: '127.0.0.2' });
    await once(other, 'open');
  });

  it('is counted for wrong proofs, too', async () => {
    const inspector = await startTestInspector();
    for (let at = 0; at < 20; at += 1) {
      const { socket, prove } = await openStranger(inspector);
      prove({ token: `wrong-${String(at).padStart(20, '0')}` });
      await closeCode(socket);
    }
    expect(await refusal(inspector, withToken('/viewer'))).toMatchObject({ status: 429 });
  });

  it.each([
    ['of an image in a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['of an image in a page of another port', { 'sec-fetch-site': 'same-site' }],
    ['of a page of another site', { origin: 'https://evil.example' }],
  ])('is not blamed for the requests %s', async (_, headers) => {
    const inspector = await startTestInspector();
    for (let at = 0; at < 30; at += 1) {
      expect(await httpRequest(inspector, wrong(at), { headers })).toMatchObject({ status: 403 });
    }
    expect(await httpRequest(inspector, withToken('/recording'), { headers })).toMatchObject({
      status: 403,
    });
    const own = { 'sec-fetch-site': 'same-origin' };
    expect(await httpRequest(inspector, withToken('/recording'), { headers: own })).toMatchObject({
      status: 200,
    });
  });
});
