/** Opens a page in a new Chromium, and asks it something. `npx tsx examples/cdp/run.ts [FLAG …]` */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cdp, chromium } from './client.ts';

const profile = await mkdtemp(join(tmpdir(), 'wirechart-cdp-'));
const browser = new Cdp();
await browser.connect(chromium(profile, ...process.argv.slice(2))); // as root: --no-sandbox
console.log(browser.negotiated?.['product']);

const page = await browser.open('about:blank');
browser.events.on('Runtime.consoleAPICalled', ({ type, args }) => {
  console.log(type, args);
});
await page('Runtime.enable');
await page('Runtime.evaluate', { expression: 'console.log("hello from the page")' });
const squares = { expression: '[1, 2, 3].map((n) => n * n).join()' };
console.log(await page('Runtime.evaluate', squares));

await browser.disconnect(); // closes Chromium, and waits until it has exited
await rm(profile, { recursive: true, maxRetries: 3 });
