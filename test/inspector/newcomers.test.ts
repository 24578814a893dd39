/** What a person reads who has not used the inspector before, and what is in the way. */

import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nextSteps } from '../../inspector/src/next-steps.ts';
import { nodeProblem } from '../../inspector/src/node-version.ts';
import { portInUse } from '../../inspector/src/port-owner.ts';
import { tokenFrom } from '../../inspector/src/token.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { portOf, startTestInspector } from './clients.ts';

expectIdleAfterEach();

const readPackage = (path: string): { readonly engines: { readonly node: string } } =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
    engines: { node: string };
  };

describe('a version of Node', () => {
  it.each(['18.20.4', '20.0.0', '20.18.3', '16.1.0', '0.12.0'])(
    'that is too old is named, with the one that is needed: %s',
    (version) => {
      expect(nodeProblem(version)).toMatch(
        `wirechart-inspector needs Node 20.19 or later, and this is Node ${version}: install`,
      );
    },
  );

  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0-nightly2026', process.versions.node])(
    'that is new enough is no problem: %s',
    (version) => {
      expect(nodeProblem(version)).toBeUndefined();
    },
  );

  it('is needed as the package says', () => {
    expect(readPackage('../../inspector/package.json').engines.node).toBe('>=20.19');
  });
});

describe('a port that is in use', () => {
  const isLinux = process.platform === 'linux';
  const us = isLinux ? ` (the process ${String(process.pid)}, ` : '';

  it('by another inspector leads to the URL of that', async () => {
    const port = portOf(await startTestInspector());
    expect(await portInUse('127.0.0.1', port)).toMatch(
      `Port ${String(port)} is in use; choose another with --port, or open the URL that the inspector there has printed${us}`,
    );
  });

  it('by another program is that of this process', async () => {
    const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp(() => once(server.close(), 'close'));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const text = await portInUse('127.0.0.1', port);
    expect(text).toMatch(`Port ${String(port)} is in use; choose another with --port`);
    expect(text).not.toContain('inspector');
    if (isLinux) expect(text).toMatch(`. It belongs to the process ${String(process.pid)}, `);
  });
});

describe('the next steps', () => {
  it('are three lines, with the URL where it is needed', () => {
    const url = 'http://127.0.0.1:4444/?token=only-for-tests-0123456789';
    const [browser, ...programs] = nextSteps(url).split('\n');
    expect(browser).toMatch(/in a browser/);
    expect(programs).toHaveLength(2);
    for (const line of programs) expect(line).toContain(`'${url}'`);
  });
});

describe('a token file', () => {
  it('that is missing can be made with the command in the error', async () => {
    const file = join(await tempDir(), 'none');
    expect(() => tokenFrom(file)).toThrow(
      /is refused: ENOENT: .*; create it with: \(umask 077; node /,
    );
  });

  it('that is a link is to be named itself', async () => {
    const folder = await tempDir();
    writeFileSync(join(folder, 'token'), 'x'.repeat(22), { mode: 0o600 });
    symlinkSync('token', join(folder, 'link'));
    expect(() => tokenFrom(join(folder, 'link'))).toThrow(
      /it is a link: give the path of the file/,
    );
    expect(tokenFrom(join(folder, 'token'))).toBe('x'.repeat(22));
  });
});
