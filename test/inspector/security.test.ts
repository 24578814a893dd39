/** Which requests the inspector accepts. */

import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { hostsOf } from '../../inspector/src/guard.ts';
import { type InspectorOptions, startInspector } from '../../inspector/src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import {
  httpRequest,
  startTestInspector,
  openWebSocket,
  portOf,
  refusal,
  TOKEN,
  withToken,
} from './clients.ts';

expectIdleAfterEach();

const SOCKETS = ['/viewer', '/program', '/receiver'];
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** Headers with which a request is refused even with the token. */
const FOREIGN: readonly (readonly [string, Record<string, string>])[] = [
  ['a page of another site', { origin: 'https://evil.example' }],
  ['a page of another port', { origin: 'http://127.0.0.1:1' }],
  ['a page without an origin of its own', { origin: 'null' }],
  ['an origin that is not a URL', { origin: '127.0.0.1' }],
  ['a foreign name that resolves to the inspector', { host: 'evil.example' }],
  ['a name that starts like that of the inspector', { host: 'localhost.evil.example' }],
  ['the name without the port', { host: '127.0.0.1' }],
];

describe('the token', () => {
  const WRONG = [
    ['none', ''],
    ['an empty one', '?token='],
    ['another of the same length', `?token=${'x'.repeat(TOKEN.length)}`],
    ['a part of it', `?token=${TOKEN.slice(0, -1)}`],
    ['a longer one', `?token=${TOKEN}x`],
    ['a long one', `?token=${'x'.repeat(8_000)}`],
    ['one that is not ASCII', `?token=${'%C3%A4'.repeat(TOKEN.length)}`],
    ['the right one second', `?token=wrong&token=${TOKEN}`],
    ['the right one by another name', `?Token=${TOKEN}`],
  ] as const;

  it.each(WRONG)('is required for all WebSockets: %s is refused', async (_, query) => {
    const inspector = await startTestInspector();
    for (const path of SOCKETS) {
      const { status, body } = await refusal(inspector, path + query);
      expect([status, body]).toEqual([403, 'Wrong token; use the URL that the inspector printed']);
    }
  });

  it.each(WRONG)('is required to save or open a recording: %s is refused', async (_, query) => {
    const inspector = await startTestInspector();
    expect(await httpRequest(inspector, `/recording${query}`)).toMatchObject({ status: 403 });
    expect(await httpRequest(inspector, `/recording${query}`, { method: 'HEAD' })).toMatchObject({
      status: 403,
    });
    const body = '{"type":"wirechart.program","version":1,"name":"x"}\n';
    expect(
      await httpRequest(inspector, `/recording${query}`, { method: 'POST', body }),
    ).toMatchObject({
      status: 403,
    });
    expect((await httpRequest(inspector, withToken('/recording'))).body).not.toContain(
      '"name":"x"',
    );
  });

  it('is sufficient, with or without an Origin', async () => {
    const inspector = await startTestInspector();
    const { origin } = new URL(inspector.url);
    for (const path of SOCKETS) {
      await openWebSocket(inspector, path);
      await openWebSocket(inspector, path, { origin });
    }
  });

  it('is random by default, and part of both addresses', async () => {
    const [one, other] = [
      await startTestInspector({ token: undefined }),
      await startTestInspector({ token: undefined }),
    ];
    const [first, second] = [one, other].map(({ url }) => new URL(url).searchParams.get('token'));
    expect(first).toMatch(/^[\w-]{24}$/);
    expect(second).not.toBe(first);
    expect(one.receiver).toBe(`127.0.0.1:${String(portOf(one))}/receiver?token=${String(first)}`);
  });

  it.each([
    '',
    'short',
    'x'.repeat(21),
    'with space'.repeat(3),
    'with/slash'.repeat(3),
    'umläute-'.repeat(3),
    `${TOKEN}\n`,
    `${TOKEN}&token=x`,
  ])('must be long and need no escaping in a URL: %j is a TypeError', async (token) => {
    expect(await rejection(startInspector({ token }))).toBeInstanceOf(TypeError);
  });
});

describe('a foreign request', () => {
  it.each(FOREIGN)('is refused a WebSocket: %s', async (_, headers) => {
    const inspector = await startTestInspector();
    for (const path of SOCKETS) {
      expect(await refusal(inspector, withToken(path), { headers })).toMatchObject({ status: 403 });
    }
  });

  it.each(FOREIGN)('is refused all files: %s', async (_, headers) => {
    const inspector = await startTestInspector();
    for (const path of ['/', '/page/main.js', '/recording']) {
      const answer = await httpRequest(inspector, withToken(path), { headers });
      expect(answer.status).toBe(403);
      expect(answer.body).not.toContain(TOKEN);
    }
  });

  it.each(FOREIGN)('cannot open a recording: %s', async (_, headers) => {
    const inspector = await startTestInspector();
    const body = '{"type":"wirechart.program","version":1,"name":"foreign"}\n';
    const answer = await httpRequest(inspector, withToken('/recording'), {
      method: 'POST',
      headers,
      body,
    });
    expect(answer.status).toBe(403);
    expect((await httpRequest(inspector, withToken('/recording'))).body).not.toContain('foreign');
  });
});

describe('listed origins', () => {
  const LISTED = ['http://127.0.0.1:3000', 'https://Charts.example/', 'chrome-extension://abc'];

  it.each(['http://127.0.0.1:3000', 'https://charts.example', 'chrome-extension://abc'])(
    'are accepted only with the token: %s',
    async (origin) => {
      const inspector = await startTestInspector({ origins: LISTED });
      await openWebSocket(inspector, '/viewer', { origin });
      expect(await refusal(inspector, '/viewer', { origin })).toMatchObject({ status: 403 });
    },
  );

  it.each(['http://127.0.0.1:3001', 'http://charts.example', 'https://charts.example.org'])(
    'do not include similar ones: %s',
    async (origin) => {
      const inspector = await startTestInspector({ origins: LISTED });
      expect(await refusal(inspector, withToken('/viewer'), { origin })).toMatchObject({
        status: 403,
      });
    },
  );

  it('must be URLs', async () => {
    expect(await rejection(startInspector({ origins: ['somewhere'] }))).toBeInstanceOf(TypeError);
  });
});

describe('the names of the inspector', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST'])('include %s', async (name) => {
    const inspector = await startTestInspector();
    const host = `${name}:${String(portOf(inspector))}`;
    expect(await httpRequest(inspector, '/', { headers: { host } })).toMatchObject({ status: 200 });
    const origin = `http://${host.toLowerCase()}`;
    await openWebSocket(inspector, '/viewer', { headers: { host }, origin });
    const https = origin.replace('http', 'https');
    expect(await refusal(inspector, withToken('/viewer'), { origin: https })).toMatchObject({
      status: 403,
    });
  });

  it('have no port when it is 80, as in browsers', () => {
    expect([...hostsOf('::1', 80)]).toEqual(['[::1]', '127.0.0.1', 'localhost']);
    expect([...hostsOf('printer', 81)]).toContain('printer:81');
  });

  it.skipIf(!hasIpv6)('can be IPv6 addresses', async () => {
    const inspector = await startTestInspector({ host: '::1' });
    expect(inspector.url).toBe(`http://[::1]:${String(portOf(inspector))}/?token=${TOKEN}`);
    expect(await httpRequest(inspector, '/')).toMatchObject({ status: 200 });
    await openWebSocket(inspector, '/viewer', { origin: new URL(inspector.url).origin });
  });

  it.each(['0.0.0.0', ...(hasIpv6 ? ['::'] : [])])(
    'are all addresses of the machine when it listens on %s',
    async (host) => {
      const inspector = await startTestInspector({ host });
      const port = String(portOf(inspector));
      expect(inspector.url).toBe(`http://localhost:${port}/?token=${TOKEN}`);
      const there = { url: `http://127.0.0.2:${port}` };
      expect(await httpRequest(there, '/')).toMatchObject({ status: 200 });
      await openWebSocket(there, '/viewer', { origin: there.url });
      // But not the address of another host.
      const headers = { host: `127.0.0.3:${port}` };
      expect(await httpRequest(there, '/', { headers })).toMatchObject({ status: 403 });
      const origin = `http://127.0.0.3:${port}`;
      expect(await refusal(there, withToken('/viewer'), { origin })).toMatchObject({ status: 403 });
    },
  );
});

describe('an inspector that cannot be started', () => {
  it('rejects with EADDRINUSE when the port is in use', async () => {
    const inspector = await startTestInspector();
    const error = await rejection(startInspector({ port: portOf(inspector) }));
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each<InspectorOptions>([{ port: -1 }, { port: 65_536 }, { port: 1.5 }, { port: NaN }])(
    'rejects with a TypeError when the port is invalid: %o',
    async (options) => {
      expect(await rejection(startInspector(options))).toBeInstanceOf(TypeError);
    },
  );

  it('rejects with EADDRNOTAVAIL when the address is that of another machine', async () => {
    const error = await rejection(startInspector({ host: '192.0.2.1' }));
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});

it('the inspector frees its port when it is closed', async () => {
  const inspector = await startTestInspector();
  const port = portOf(inspector);
  await inspector.close();
  const next = await startTestInspector({ port });
  const socket = await openWebSocket(next, '/viewer');
  const closed = once(socket, 'close');
  await next[Symbol.asyncDispose]();
  await closed;
});
