/**
 * Reports from a browser, with the WebSocket of the package ws in place of a native one:
 * `inspector/test/page-programs.test.ts` has real pages.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createActor, createMachine } from 'xstate';
import * as browserProof from '../../src/inspect/browser-proof.ts';
import { inspectTo } from '../../src/inspect/inspect-to-browser.ts';
import * as nodeProof from '../../src/inspect/proof.ts';
import type { Inspection, InspectOptions } from '../../src/inspect/report.ts';
import { isWirechartError } from '../../src/index.ts';
import { portOf, startTestInspector, TOKEN } from '../inspector/clients.ts';
import { openFakePage } from '../inspector/fake-page.ts';
import { startRelay } from '../security/rogue-inspectors.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { keepAlive } from './support.ts';

expectIdleAfterEach();

const ORIGIN = 'http://localhost:3000';
/** What the program in the browser has printed. */
const warnings: string[] = [];
/** The origin of the page. */
let origin = ORIGIN;
/** The URLs to which it has connected. */
const dialled: string[] = [];

beforeEach(() => {
  class PageSocket extends WebSocket {
    constructor(url: string) {
      super(url, { origin });
      dialled.push(url);
      this.on('error', () => undefined);
    }
  }
  vi.stubGlobal('WebSocket', PageSocket);
  vi.stubGlobal('origin', origin);
  vi.stubGlobal('document', { title: 'shop' });
  vi.spyOn(console, 'warn').mockImplementation((text: string) => warnings.push(text));
});
afterEach(() => {
  vi.unstubAllGlobals();
  warnings.length = 0;
  dialled.length = 0;
  origin = ORIGIN;
});

function report(url: string, options?: InspectOptions): Inspection {
  const inspection = inspectTo(url, options);
  cleanUp(() => inspection.close());
  return inspection;
}

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

const lamp = createMachine({
  id: 'lamp',
  context: { note: 'SECRET' },
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

describe('the proofs of a browser', () => {
  const challenge = {
    authority: '127.0.0.1 4444',
    programNonce: browserProof.newNonce(),
    inspectorNonce: nodeProof.newNonce(),
  };

  it.each(['program', 'inspector'] as const)('are those of Node: of the %s', async (role) => {
    const proof = await browserProof.proofOf(TOKEN, role, challenge);
    expect(proof).toBe(nodeProof.proofOf(TOKEN, role, challenge));
    expect(await browserProof.isProof(proof, TOKEN, role, challenge)).toBe(true);
  });

  it('are good for one token, role, address and pair of nonces', async () => {
    const { isProof } = browserProof;
    const proof = await browserProof.proofOf(TOKEN, 'program', challenge);
    expect(await isProof(proof, `${TOKEN}x`, 'program', challenge)).toBe(false);
    expect(await isProof(proof, TOKEN, 'inspector', challenge)).toBe(false);
    for (const key of Object.keys(challenge)) {
      const other = { ...challenge, [key]: 'other' };
      expect(await isProof(proof, TOKEN, 'program', other)).toBe(false);
    }
    for (const bad of [undefined, null, '', [proof], proof.slice(1), `${proof}=`, '!'.repeat(43)]) {
      expect(await isProof(bad, TOKEN, 'program', challenge)).toBe(false);
    }
    expect(await isProof(proof, 'short', 'program', challenge)).toBe(false);
  });

  it('have nonces as Node has them', () => {
    expect(nodeProof.isNonce(challenge.programNonce)).toBe(true);
    expect(browserProof.newNonce()).not.toBe(challenge.programNonce);
  });
});

describe('a page that reports', () => {
  it('is shown, and shows what happens', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const actor = keepAlive(createActor(lamp, { id: 'lamp' })).start();
    report(inspector.url).inspect.attach(actor);
    await viewer.actor('lamp');
    actor.send({ type: 'TOGGLE' });
    await viewer.until((it) => it.of('state').some(({ state }) => state.value === 'on'));
    expect(await viewer.program('shop')).toMatchObject({ source: 'live' });
    expect(dialled).toHaveLength(1);
    expect(dialled[0]).not.toContain(TOKEN);
  });

  it.each([
    'http://localhost',
    'http://localhost:3000',
    'https://localhost:8443',
    'http://127.0.0.1:5173',
    'http://[::1]:5173',
  ])('may be of the site %s', async (site) => {
    origin = site;
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    report(inspector.url);
    await viewer.program('shop');
  });

  it.each([
    'https://evil.example',
    'http://localhost.evil.example',
    'http://localhost:3000.evil.example',
    'http://127.0.0.2:3000',
    'http://127.0.0.1.evil.example',
    'file://',
    'null',
  ])('may not be of the site %s, although it knows the token', async (site) => {
    origin = site;
    vi.stubGlobal('origin', site);
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    report(inspector.url);
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain(
      site === 'null'
        ? 'this page has no origin, as a file or a sandboxed frame has none. Serve it from http://localhost'
        : `it does not take reports from the site ${site}. Start the inspector with --origin ${site}`,
    );
    await viewer.until((it) => it.of('problem').length > 0);
    expect(viewer.of('problem').map(({ text }) => text)).toEqual([
      `A program was not let in: Pages of '${site}' are not allowed; see the option --origin`,
    ]);
    expect(viewer.programs.size).toBe(0);
  });

  it('finds the inspector by the name localhost, at the address that it has', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    report(`http://localhost:${String(portOf(inspector))}/?token=${TOKEN}`);
    await viewer.program('shop');
    expect(dialled[0]).toMatch(/^ws:\/\/127\.0\.0\.1:/);
  });

  it('is told when too many wrong tokens have come from its address', async () => {
    const inspector = await startTestInspector();
    const wrong = new URL(`/recording?token=${'x'.repeat(22)}`, inspector.url);
    // More than are allowed, at once: the bound grows by one in each second.
    await Promise.all(Array.from({ length: 40 }, () => fetch(wrong)));
    report(inspector.url);
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain(
      'too many wrong tokens have come from this address. Wait a minute',
    );
  });
});

describe('a server that holds the address of the inspector', () => {
  /** What it says first, to a request with this URL. */
  type Answer = (url: string) => unknown;
  const nonce = 'n'.repeat(43);

  const FRAUDS: [string, Answer][] = [
    ['has no proof', () => ({ type: 'wirechart.challenge', nonce })],
    ['makes a proof up', () => ({ type: 'wirechart.challenge', nonce, proof: 'p'.repeat(43) })],
    ['confirms at once', () => ({ type: 'wirechart.proved' })],
    ['asks for the actors at once', () => ({ type: 'xstate.inspecting' })],
    ['says nothing of sense', () => 5],
    [
      'proves it for another address',
      (url) => {
        const programNonce = new URL(url, 'ws://x').searchParams.get('nonce') ?? '';
        const challenge = { authority: '127.0.0.1 1', programNonce, inspectorNonce: nonce };
        const proof = nodeProof.proofOf(TOKEN, 'inspector', challenge);
        return { type: 'wirechart.challenge', nonce, proof };
      },
    ],
  ];

  it.each(FRAUDS)('gets nothing but a nonce when it %s', async (_, answer) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    cleanUp(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const received: unknown[] = [];
    const codes: number[] = [];
    server.on('connection', (websocket, request) => {
      websocket.on('message', (data) => received.push(data));
      websocket.on('close', (code) => codes.push(code));
      for (const message of [
        answer(request.url ?? ''),
        { type: 'wirechart.proved' },
        { type: 'xstate.inspecting' },
      ]) {
        websocket.send(JSON.stringify(message));
      }
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { inspect } = report(`http://127.0.0.1:${String(port)}/?token=${TOKEN}`, {
      name: 'SECRET',
      control: true,
    });
    keepAlive(createActor(lamp, { inspect })).start();
    // It comes again, in vain.
    await until(() => codes.length > 1);
    expect(codes.every((code) => code === 4401)).toBe(true);
    expect(received).toEqual([]);
    expect(warnings).toEqual([
      `[wirechart] Nothing is reported to the inspector at 127.0.0.1:${String(port)}: it does not prove that it knows the token. ` +
        'Use the URL that the running inspector prints, and for a forwarded port the same address and number on both hosts',
    ]);
  });

  it('cannot pass the proof on from another port', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const relay = await startRelay(
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port: portOf(inspector) },
    );
    const port = 'port' in relay.address ? relay.address.port : 0;
    const { inspect } = report(`http://127.0.0.1:${String(port)}/?token=${TOKEN}`);
    keepAlive(createActor(lamp, { inspect })).start();
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain('it does not prove that it knows the token');
    expect(relay.fromInspector()).toContain('wirechart.challenge');
    expect(relay.fromProgram()).not.toContain('SECRET');
    await viewer.handled();
    expect(viewer.programs.size).toBe(0);
  });
});

describe('a page that can never report', () => {
  it('says at once that its URL has no token, and does not connect', async () => {
    await report('http://127.0.0.1:1/?token=short').close();
    expect(warnings[0]).toContain('the URL has no token of 22 or more characters');
    expect(dialled).toEqual([]);
  });

  it('says at once that it has no means to prove the token, and does not connect', async () => {
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const inspection = report(`http://127.0.0.1:1/?token=${TOKEN}`);
    createActor(lamp, { inspect: inspection.inspect }).start().stop();
    await inspection.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('this page has no crypto.subtle');
    expect(dialled).toEqual([]);
  });

  it.each(['', 'nonsense', 'unix:/run/i.sock', 'https://127.0.0.1:4444/'])(
    'throws an ArgumentError for %j',
    (url) => {
      const error = thrownBy(() => inspectTo(url));
      expect(isWirechartError(error)).toBe(true);
      expect(error).toMatchObject({
        name: 'ArgumentError',
        code: 'ERR_ARGUMENT',
        retryable: false,
      });
      expect(error).toHaveProperty('stack', expect.stringMatching(/^ArgumentError: '/));
    },
  );

  it('throws one for the name of a host, without its token', () => {
    const inspecting = () => inspectTo(`http://printer:4444/?token=${TOKEN}`);
    expect(inspecting).toThrow("'http://printer:4444/?…' has the name of a host");
    expect(inspecting).not.toThrow(TOKEN);
  });

  it('throws one for an unknown option', () => {
    const options: object = { nme: 'x' };
    expect(() => inspectTo('http://127.0.0.1/', options)).toThrow(
      "inspectTo() has no option 'nme': did you mean 'name', 'sanitize', 'control'?",
    );
  });

  it.each([[null], [[]], ['name'], [new AbortController().signal]])(
    'throws one for what is no object of options: %s',
    (options) => {
      const inspecting = (): void => {
        Reflect.apply(inspectTo, undefined, ['http://127.0.0.1/', options]);
      };
      expect(inspecting).toThrow(
        /options of inspectTo\(\) must be an object|has no option 'aborted'/,
      );
    },
  );

  it('takes options that are undefined as absent', () => {
    const options: object = { nme: undefined };
    expect(() => inspectTo('nonsense', options)).toThrow('is not the URL of an inspector');
  });
});

describe('close() in a browser', () => {
  it('resolves when no inspector answers', async () => {
    const inspection = report(`http://127.0.0.1:1/?token=${TOKEN}`);
    keepAlive(createActor(lamp, { inspect: inspection.inspect })).start();
    await inspection.close();
  });

  it('sends the last messages', async () => {
    const inspector = await startTestInspector();
    const viewer = await openFakePage(inspector);
    const inspection = report(inspector.url);
    const actor = keepAlive(createActor(lamp, { id: 'lamp', inspect: inspection.inspect })).start();
    await viewer.actor('lamp');
    actor.send({ type: 'TOGGLE' });
    await inspection.close();
    await viewer.until((it) => it.of('state').some(({ state }) => state.value === 'on'));
  });
});
