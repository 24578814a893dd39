/** The inspector serves the files of the page and nothing else. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { httpRequest, startTestInspector, refusal, withToken } from './clients.ts';

expectIdleAfterEach();

const ROOT = new URL('../../inspector/', import.meta.url);

/** What a module imports; not what a text in it says. */
const IMPORT = /^(?:import|export)\s[^;'"]*["'](\.[^"']+)["']/gm;

describe('the page', () => {
  it('is served without the token', async () => {
    const inspector = await startTestInspector();
    const answer = await httpRequest(inspector, '/');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
    });
    expect(answer.body).toBe(readFileSync(new URL('page/index.html', ROOT), 'utf8'));
  });

  it('refers to existing files only', async () => {
    const inspector = await startTestInspector();
    const { body } = await httpRequest(inspector, '/');
    const paths = [...body.matchAll(/(?:src|href)="(\/[^"#?]+)"/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths)
      expect([path, (await httpRequest(inspector, path)).status]).toEqual([path, 200]);
  });

  it('tells the browser all modules that it will load, and each of them once', async () => {
    const inspector = await startTestInspector();
    const { headers } = await httpRequest(inspector, '/');
    const links = String(headers['link']).split(', ');
    expect(new Set(links).size).toBe(links.length);
    expect(links).toEqual(
      links.filter((link) => /^<\/[a-z/-]+\.js>; rel=modulepreload$/.test(link)),
    );
    const paths = links.map((link) => link.slice(1, link.indexOf('>')));
    const imported = new Set(['/page/main.js']);
    for (const path of paths) {
      const { status, body } = await httpRequest(inspector, path);
      expect([path, status]).toEqual([path, 200]);
      for (const [, relative = ''] of body.matchAll(IMPORT))
        imported.add(new URL(relative, `http://page${path}`).pathname);
    }
    expect(new Set(paths)).toEqual(imported);
    expect((await httpRequest(inspector, '/page/main.js')).headers).not.toHaveProperty('link');
  });

  it.each([
    ['/page/style.css', 'text/css; charset=utf-8'],
    ['/page/icon.svg', 'image/svg+xml'],
    ['/page/main.js', 'text/javascript; charset=utf-8'],
    ['/shared/history.js', 'text/javascript; charset=utf-8'],
  ])('has files of the right type: %s', async (path, type) => {
    const inspector = await startTestInspector();
    const { status, headers, body } = await httpRequest(inspector, `${path}?anything`);
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(body).not.toBe('');
  });

  it('has modules without TypeScript syntax', async () => {
    const inspector = await startTestInspector();
    const { body } = await httpRequest(inspector, '/shared/history.js');
    expect(body).toContain('export class History');
    expect(body).not.toMatch(/\.ts'|interface |readonly /);
  });

  it.each(['/', '/page/main.js', '/nowhere', '/recording'])(
    'has security headers in every response: %s',
    async (path) => {
      const inspector = await startTestInspector();
      const { headers } = await httpRequest(inspector, path);
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

describe('any other request', () => {
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
  ])('is answered with 404: %s', async (path) => {
    const inspector = await startTestInspector();
    expect(await httpRequest(inspector, path)).toMatchObject({ status: 404, body: 'Not found' });
  });

  it('can have a path that is normalized to a file of the page', async () => {
    const inspector = await startTestInspector();
    expect(await httpRequest(inspector, '/nowhere/../page/style.css')).toMatchObject({
      status: 200,
    });
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'is answered with 405 for the method %s',
    async (method) => {
      const inspector = await startTestInspector();
      for (const path of ['/', '/recording', '/viewer']) {
        expect(await httpRequest(inspector, withToken(path), { method })).toMatchObject({
          status: 405,
        });
      }
    },
  );

  it('is answered with 404 when it posts to another path', async () => {
    const inspector = await startTestInspector();
    for (const path of ['/', '/viewer', '/page/style.css', '/recordings']) {
      const answer = await httpRequest(inspector, withToken(path), { method: 'POST', body: 'x' });
      expect(answer).toMatchObject({ status: 404 });
    }
  });

  it('is refused when it is a WebSocket at another path', async () => {
    const inspector = await startTestInspector();
    for (const path of [
      '/',
      '/nowhere',
      '/viewer/',
      '/Viewer',
      '//viewer',
      '/recording',
      '/toString',
    ]) {
      const answer = await refusal(inspector, withToken(path));
      expect(answer).toMatchObject({ status: 404, body: 'There is no WebSocket at this path' });
    }
  });

  it('is answered with 404 at a WebSocket path', async () => {
    const inspector = await startTestInspector();
    for (const path of ['/viewer', '/program', '/receiver']) {
      expect(await httpRequest(inspector, withToken(path))).toMatchObject({ status: 404 });
    }
  });
});

describe('HEAD', () => {
  it.each(['/', '/page/main.js', '/nowhere', withToken('/recording')])(
    'is answered like GET, without the body: %s',
    async (path) => {
      const inspector = await startTestInspector();
      const [head, get] = [
        await httpRequest(inspector, path, { method: 'HEAD' }),
        await httpRequest(inspector, path),
      ];
      expect(head.status).toBe(get.status);
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
      expect(get.body).not.toBe('');
      expect(head.body).toBe('');
    },
  );
});
