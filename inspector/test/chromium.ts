/** Vitest's global set-up for the tests of the page: starts Chromium, once for all of them. */

import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { findProgram } from '../../scripts/programs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL at which Playwright connects to Chromium; `undefined` when that is not installed. */
    chromium: string | undefined;
  }
}

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
];

export default async function setUp({
  provide,
}: TestProject): Promise<(() => Promise<void>) | undefined> {
  const executablePath = findProgram('chromium');
  if (executablePath === undefined) return undefined;
  const server = await chromium.launchServer({ executablePath, args: ARGUMENTS });
  provide('chromium', server.wsEndpoint());
  return () => server.close();
}
