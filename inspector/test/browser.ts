/**
 * Opens the inspector's page in Chromium, which `chromium.ts` starts.
 *
 * Import this module before `test/support/cleanup.ts`: the connection to the browser stays open and must
 * not count as a handle that a test has left open.
 */

import { describe, expect, inject } from 'vitest';
import { type Browser, chromium, type Page } from 'playwright-core';
import { requirePeer } from '../../test/support/required.ts';
import type {} from './chromium.ts';

requirePeer('chromium');
const url = inject('chromium');
const browser: Browser | undefined = url === undefined ? undefined : await chromium.connect(url);

/** A `describe` for tests that need the browser. They are skipped without one, or fail if it is required. */
export const describePage = (name: string, tests: () => void): void => {
  describe.skipIf(browser === undefined)(name, tests);
};

/** An open page. */
export interface OpenPage {
  readonly page: Page;
  /** Closes it, and asserts that it had no errors and connected to 127.0.0.1 only. */
  close(): Promise<void>;
}

/** A page that is no page of the inspector, with what it has printed on its console. */
export interface OtherPage {
  readonly page: Page;
  readonly warnings: readonly string[];
  /** Resolves when it has printed a warning. */
  readonly warned: Promise<void>;
  close(): Promise<void>;
}

/** Opens another page. Nothing is asserted of it. */
export async function openOtherPage(url: string): Promise<OtherPage> {
  if (browser === undefined) throw new Error('Chromium is not available');
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(process.env['CI'] === undefined ? 30_000 : 90_000);
  const warnings: string[] = [];
  const warned = new Promise<void>((resolve) => {
    page.on('console', (message) => {
      if (message.type() !== 'warning') return;
      warnings.push(message.text());
      resolve();
    });
  });
  await page.goto(url);
  return { page, warnings, warned, close: () => context.close() };
}

/** Opens a page of the inspector. */
export async function openPage(
  url: string,
  options: { width?: number; height?: number; dark?: boolean; expectErrors?: boolean } = {},
): Promise<OpenPage> {
  const { width = 1400, height = 860, dark = false, expectErrors = false } = options;
  if (browser === undefined) throw new Error('Chromium is not available');
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    acceptDownloads: true,
  });
  const page = await context.newPage();
  // Longer than any wait of a page takes on a busy machine; only a defect reaches it.
  page.setDefaultTimeout(process.env['CI'] === undefined ? 30_000 : 90_000);
  const errors: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('dialog', (dialog) => {
    errors.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    // A picture that the page has made itself comes from no host.
    if (!/^(?:data|blob):$/.test(protocol)) hosts.add(hostname);
  });
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).hostname));
  await page.goto(url);
  const close = async () => {
    await context.close();
    if (!expectErrors) expect(errors).toEqual([]);
    expect([...hosts]).toEqual(['127.0.0.1']);
  };
  return { page, close };
}
