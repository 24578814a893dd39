/** What is served: the files of the page, and nothing else. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { ask, inspector, refused, withToken } from './clients.ts';

expectHomeAfterEach();

const ROOT = new URL('../../inspector/', import.meta.url);

describe('the page', () => {
  it('is there without the token', async () => {
    const here = await inspector();
    const answer = await ask(here, '/');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
    });
    expect(answer.body).toBe(readFileSync(new URL('page/index.html', ROOT), 'utf8'));
  });

  it('has all that it refers to', async () => {
    const here = await inspector();
    const { body } = await ask(here, '/');
    const paths = [...body.matchAll(/(?:src|href)="(\/[^"#?]+)"/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) expect([path, (await ask(here, path)).status]).toEqual([path, 200]);
  });

  it.each([
    ['/page/style.css', 'text/css; charset=utf-8'],
    ['/page/icon.svg', 'image/svg+xml'],
    ['/page/main.js', 'text/javascript; charset=utf-8'],
    ['/shared/history.js', 'text/javascript; charset=utf-8'],
  ])('consists of files such as %s, of the right type', async (path, type) => {
    const here = await inspector();
    const { status, headers, body } = await ask(here, `${path}?anything`);
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(body).not.toBe('');
  });

  it('has modules that a browser can run', async () => {
    const here = await inspector();
    const { body } = await ask(here, '/shared/history.js');
    expect(body).toContain('export class History');
    expect(body).not.toMatch(/\.ts'|interface |readonly /);
  });

  it.each(['/', '/page/main.js', '/nowhere', '/recording'])(
    'is guarded by its headers, whatever is asked for: %s',
    async (path) => {
      const here = await inspector();
      const { headers } = await ask(here, path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      const policy = String(headers['content-security-policy']).split('; ');
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy.join()).not.toMatch(/unsafe|\*|https?:|data:/);
    },
  );
});

describe('nothing else', () => {
  it.each([
    '/src/server.ts',
    '/page/../src/server.ts',
    '/page/%2e%2e/src/server.ts',
    '/page/..%2fsrc/server.ts',
    '/page/..%2Fstyle.css',
    '/page/..%5cstyle.css',
    '/page\\..\\src\\server.ts',
    '/page/./style.css/../../package.json',
    '/page/main.ts',
    '/shared/history.ts',
    '/page/style.css%00.css',
    '/page/style%2ecss',
    '/page/Style.css',
    '/page//style.css',
    '/page/',
    '/page',
    '/page/style',
    '/page/none.css',
    '/page/none.js',
    '/page/none.html',
    '/shared/none.svg',
    '/package.json',
    '/node_modules/ws/index.js',
    '//page/style.css',
    '//evil.example/page/style.css',
    '/http://evil.example/',
    '/%',
    '/%ff',
    '/~root',
    '/index.html',
    '/favicon.ico',
  ])('is served: %s', async (path) => {
    const here = await inspector();
    expect(await ask(here, path)).toMatchObject({ status: 404, body: 'There is nothing here' });
  });

  it('is found by a path that leads in and out again', async () => {
    const here = await inspector();
    expect(await ask(here, '/nowhere/../page/style.css')).toMatchObject({ status: 200 });
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'is done: %s',
    async (method) => {
      const here = await inspector();
      for (const path of ['/', '/recording', '/viewer']) {
        expect(await ask(here, withToken(path), { method })).toMatchObject({ status: 405 });
      }
    },
  );

  it('can be posted to', async () => {
    const here = await inspector();
    for (const path of ['/', '/viewer', '/page/style.css', '/recordings']) {
      const answer = await ask(here, withToken(path), { method: 'POST', body: 'x' });
      expect(answer).toMatchObject({ status: 404 });
    }
  });

  it('is at the end of a WebSocket', async () => {
    const here = await inspector();
    for (const path of [
      '/',
      '/nowhere',
      '/viewer/',
      '/Viewer',
      '//viewer',
      '/recording',
      '/toString',
    ]) {
      const answer = await refused(here, withToken(path));
      expect(answer).toMatchObject({ status: 404, body: 'Nothing can be connected to here' });
    }
  });

  it('is where WebSockets are, for those that are none', async () => {
    const here = await inspector();
    for (const path of ['/viewer', '/program', '/receiver']) {
      expect(await ask(here, withToken(path))).toMatchObject({ status: 404 });
    }
  });
});

describe('HEAD', () => {
  it.each(['/', '/page/main.js', '/nowhere', withToken('/recording')])(
    'has the head of GET and no body: %s',
    async (path) => {
      const here = await inspector();
      const [head, get] = [await ask(here, path, { method: 'HEAD' }), await ask(here, path)];
      expect(head.status).toBe(get.status);
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
      expect(get.body).not.toBe('');
      expect(head.body).toBe('');
    },
  );
});
