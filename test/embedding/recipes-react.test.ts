/** The component that `docs/embedding-program.md` shows, in a page. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createElement, type FunctionComponent } from 'react';
import { afterAll, describe, expect, it } from 'vitest';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { ROOT } from '../support/source-packages.ts';
import { openPage } from './react-support.ts';

expectIdleAfterEach();

const page = readFileSync(join(ROOT, 'docs/embedding-program.md'), 'utf8');
const [, code = ''] = /^```tsx\n([^]*?)^```\n/m.exec(page) ?? [];

// In the repository, so that React and XState are found.
const folder = mkdtempSync(join(ROOT, '.examples-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const file = join(folder, 'monitor.tsx');
writeFileSync(file, code);
const { Monitor } = (await import(file)) as {
  readonly Monitor: FunctionComponent<{ readonly address: string }>;
};

async function startServer(): Promise<string> {
  const address = `${await tempDir()}/qmp.sock`;
  const server = new ScriptedQmpServer({ address });
  cleanUp(() => server.close());
  await server.listen();
  return address;
}

describe.each([false, true])('the component of the page, in StrictMode: %s', (isStrict) => {
  it('shows that it connects, and then that it is connected', async () => {
    const address = await startServer();
    const { text } = await openPage(() => createElement(Monitor, { address }), isStrict);
    expect(text()).toBe('connecting …');
    await until(() => text() === 'connected');
  });

  it('shows why it has failed', async () => {
    const address = '/nonexistent/socket';
    const { text } = await openPage(() => createElement(Monitor, { address }), isStrict);
    await until(() => text().includes('ENOENT'));
  });
});
