/**
 * Chromium, one for a file of tests, and the inspector's page in it.
 *
 * To be imported before `test/support/home.ts`: what connects us with the browser is open for as long
 * as the file runs, and is not what a test has left behind.
 */

import { afterAll, describe, expect } from 'vitest';
import { type Browser, chromium, type Page } from 'playwright-core';
import { requirePeer } from '../../test/support/required.ts';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
];

const path = requirePeer('chromium');
const browser: Browser | undefined =
  path === undefined ? undefined : await chromium.launch({ executablePath: path, args: ARGUMENTS });

afterAll(async () => {
  await browser?.close();
});

/** Tests that need the browser; they are skipped where there is none, and fail where one is required. */
export const describePage = (name: string, tests: () => void): void => {
  describe.skipIf(browser === undefined)(name, tests);
};

/** A page that is open, and what is asserted of it in the end. */
export interface OpenPage {
  readonly page: Page;
  /** Closes it, and asserts that it made no mistake and asked nobody but this machine. */
  close(): Promise<void>;
}

/** Opens a page of the inspector. */
export async function openPage(
  url: string,
  options: { width?: number; height?: number; dark?: boolean; expectMistakes?: boolean } = {},
): Promise<OpenPage> {
  const { width = 1400, height = 860, dark = false, expectMistakes = false } = options;
  if (browser === undefined) throw new Error('There is no browser');
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const mistakes: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => mistakes.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') mistakes.push(message.text());
  });
  page.on('dialog', (dialog) => {
    mistakes.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => hosts.add(new URL(request.url()).hostname));
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).hostname));
  await page.goto(url);
  const close = async () => {
    await context.close();
    if (!expectMistakes) expect(mistakes).toEqual([]);
    expect([...hosts]).toEqual(['127.0.0.1']);
  };
  return { page, close };
}
