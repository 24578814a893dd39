/** Who is let in, and what is given to whom. */

import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { hostsOf } from '../../inspector/src/guard.ts';
import { type InspectorOptions, startInspector } from '../../inspector/src/index.ts';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import { ask, inspector, open, portOf, refused, TOKEN, withToken } from './clients.ts';

expectHomeAfterEach();

const SOCKETS = ['/viewer', '/program', '/receiver'];
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** Whom no inspector of ours lets in, whatever they know. */
const FOREIGNERS: readonly (readonly [string, Record<string, string>])[] = [
  ['a page of another site', { origin: 'https://evil.example' }],
  ['a page of another port', { origin: 'http://127.0.0.1:1' }],
  ['a page without an origin of its own', { origin: 'null' }],
  ['an origin that is no URL', { origin: '127.0.0.1' }],
  ['a name that somebody points at us', { host: 'evil.example' }],
  ['a name that begins like ours', { host: 'localhost.evil.example' }],
  ['our name without the port', { host: '127.0.0.1' }],
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

  it.each(WRONG)('is asked of all WebSockets: %s is refused', async (_, query) => {
    const here = await inspector();
    for (const path of SOCKETS) {
      const { status, body } = await refused(here, path + query);
      expect([status, body]).toEqual([403, 'The token is wrong: use the URL as printed']);
    }
  });

  it.each(WRONG)('is asked of who saves or opens a recording: %s is refused', async (_, query) => {
    const here = await inspector();
    expect(await ask(here, `/recording${query}`)).toMatchObject({ status: 403 });
    expect(await ask(here, `/recording${query}`, { method: 'HEAD' })).toMatchObject({
      status: 403,
    });
    const body = '{"type":"wirechart.program","version":1,"name":"x"}\n';
    expect(await ask(here, `/recording${query}`, { method: 'POST', body })).toMatchObject({
      status: 403,
    });
    expect((await ask(here, withToken('/recording'))).body).not.toContain('"name":"x"');
  });

  it('lets in whoever says it, with or without an Origin', async () => {
    const here = await inspector();
    const { origin } = new URL(here.url);
    for (const path of SOCKETS) {
      await open(here, path);
      await open(here, path, { origin });
    }
  });

  it('is random where none is given, and stands in both addresses', async () => {
    const [one, other] = [
      await inspector({ token: undefined }),
      await inspector({ token: undefined }),
    ];
    const [first, second] = [one, other].map(({ url }) => new URL(url).searchParams.get('token'));
    expect(first).toMatch(/^[\w-]{24}$/);
    expect(second).not.toBe(first);
    expect(one.receiver).toBe(`127.0.0.1:${String(portOf(one))}/receiver?token=${String(first)}`);
  });

  it.each(['', 'short', 'with space', 'with/slash', 'umläute-', 'a-newline\n', '&token=x'])(
    'must be one that can stand in a URL and is not guessed: %j is a TypeError',
    async (token) => {
      expect(await rejection(startInspector({ token }))).toBeInstanceOf(TypeError);
    },
  );
});

describe('a foreigner', () => {
  it.each(FOREIGNERS)('is not let in with the token: %s', async (_, headers) => {
    const here = await inspector();
    for (const path of SOCKETS) {
      expect(await refused(here, withToken(path), { headers })).toMatchObject({ status: 403 });
    }
  });

  it.each(FOREIGNERS)('gets nothing: %s', async (_, headers) => {
    const here = await inspector();
    for (const path of ['/', '/page/main.js', '/recording']) {
      const answer = await ask(here, withToken(path), { headers });
      expect(answer.status).toBe(403);
      expect(answer.body).not.toContain(TOKEN);
    }
  });

  it.each(FOREIGNERS)('cannot have a recording opened: %s', async (_, headers) => {
    const here = await inspector();
    const body = '{"type":"wirechart.program","version":1,"name":"foreign"}\n';
    const answer = await ask(here, withToken('/recording'), { method: 'POST', headers, body });
    expect(answer.status).toBe(403);
    expect((await ask(here, withToken('/recording'))).body).not.toContain('foreign');
  });
});

describe('sites that are listed', () => {
  const LISTED = ['http://127.0.0.1:3000', 'https://Charts.example/', 'chrome-extension://abc'];

  it.each(['http://127.0.0.1:3000', 'https://charts.example', 'chrome-extension://abc'])(
    'are let in with the token, and only with it: %s',
    async (origin) => {
      const here = await inspector({ origins: LISTED });
      await open(here, '/viewer', { origin });
      expect(await refused(here, '/viewer', { origin })).toMatchObject({ status: 403 });
    },
  );

  it.each(['http://127.0.0.1:3001', 'http://charts.example', 'https://charts.example.org'])(
    'are not their neighbours: %s',
    async (origin) => {
      const here = await inspector({ origins: LISTED });
      expect(await refused(here, withToken('/viewer'), { origin })).toMatchObject({ status: 403 });
    },
  );

  it('must be sites', async () => {
    expect(await rejection(startInspector({ origins: ['somewhere'] }))).toBeInstanceOf(TypeError);
  });
});

describe('our own names', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST'])('are %s', async (name) => {
    const here = await inspector();
    const host = `${name}:${String(portOf(here))}`;
    expect(await ask(here, '/', { headers: { host } })).toMatchObject({ status: 200 });
    const origin = `http://${host.toLowerCase()}`;
    await open(here, '/viewer', { headers: { host }, origin });
    const https = origin.replace('http', 'https');
    expect(await refused(here, withToken('/viewer'), { origin: https })).toMatchObject({
      status: 403,
    });
  });

  it('have no port in a browser where it is that of http', () => {
    expect([...hostsOf('::1', 80)]).toEqual(['[::1]', '127.0.0.1', 'localhost']);
    expect([...hostsOf('printer', 81)]).toContain('printer:81');
  });

  it.skipIf(!hasIpv6)('may be those of IPv6', async () => {
    const here = await inspector({ host: '::1' });
    expect(here.url).toBe(`http://[::1]:${String(portOf(here))}/?token=${TOKEN}`);
    expect(await ask(here, '/')).toMatchObject({ status: 200 });
    await open(here, '/viewer', { origin: new URL(here.url).origin });
  });

  it.each(['0.0.0.0', ...(hasIpv6 ? ['::'] : [])])(
    'are all addresses of the machine, where it listens on %s',
    async (everywhere) => {
      const here = await inspector({ host: everywhere });
      const port = String(portOf(here));
      expect(here.url).toBe(`http://localhost:${port}/?token=${TOKEN}`);
      const there = { url: `http://127.0.0.2:${port}` };
      expect(await ask(there, '/')).toMatchObject({ status: 200 });
      await open(there, '/viewer', { origin: there.url });
      // But not those of others.
      const headers = { host: `127.0.0.3:${port}` };
      expect(await ask(there, '/', { headers })).toMatchObject({ status: 403 });
      const origin = `http://127.0.0.3:${port}`;
      expect(await refused(there, withToken('/viewer'), { origin })).toMatchObject({ status: 403 });
    },
  );
});

describe('an inspector that cannot be started', () => {
  it('says that the port is taken', async () => {
    const here = await inspector();
    const error = await rejection(startInspector({ port: portOf(here) }));
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each<InspectorOptions>([{ port: -1 }, { port: 65_536 }, { port: 1.5 }, { port: NaN }])(
    'says that the port is none: %o',
    async (options) => {
      expect(await rejection(startInspector(options))).toBeInstanceOf(TypeError);
    },
  );

  it('says that the address is not of this machine', async () => {
    const error = await rejection(startInspector({ host: '192.0.2.1' }));
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});

it('frees its port when it is closed', async () => {
  const here = await inspector();
  const port = portOf(here);
  await here.close();
  const next = await inspector({ port });
  const socket = await open(next, '/viewer');
  const closed = once(socket, 'close');
  await next[Symbol.asyncDispose]();
  await closed;
});
