/** Sites of users, whose pages report to an inspector with wirechart-inspect: bundled as users bundle theirs. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { cleanUp } from '../../test/support/cleanup.ts';
import { ROOT } from '../../test/support/source-packages.ts';
import { openOtherPage, type OtherPage } from './browser.ts';

/** A machine with two states, in scope of every script. */
const LAMP = `
  import { createActor, createMachine } from 'xstate';
  import { inspectTo } from 'wirechart-inspect';
  const lamp = createMachine({
    id: 'lamp',
    initial: 'off',
    states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
  });
`;

/** The scripts of a site by their names. */
export type Scripts = Readonly<Record<string, string>>;

/** A site on a free port of this machine. */
export interface Site {
  readonly url: string;
  /** Opens its page, which is closed after the test. */
  open(): Promise<OtherPage>;
}

/**
 * Serves a site, which is closed after the test.
 *
 * @param scripts - Its page runs `main`; others are workers. In scope is the machine `lamp`.
 * @param inspectorUrl - `INSPECTOR` in the scripts.
 */
export async function startSite(
  scripts: Scripts,
  inspectorUrl: string,
  { host = '127.0.0.1', title = 'shop' } = {},
): Promise<Site> {
  const files = new Map<string | undefined, string>();
  for (const [name, code] of Object.entries(scripts)) {
    files.set(`/${name}.js`, await bundle(code, inspectorUrl));
  }
  const head = title === '' ? '' : `<title>${title}</title>`;
  const page = `<!doctype html>${head}<body><main></main><script type="module" src="/main.js"></script>`;
  const server = createServer((request, response) => {
    const script = files.get(request.url);
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? page);
  });
  await new Promise<void>((resolve) => server.listen({ host, port: 0 }, resolve));
  cleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://${host}:${String((server.address() as AddressInfo).port)}/`;
  const open = async () => {
    const opened = await openOtherPage(url);
    cleanUp(() => opened.close());
    return opened;
  };
  return { url, open };
}

async function bundle(code: string, inspectorUrl: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `${LAMP}${code}`, resolveDir: ROOT, loader: 'tsx' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    alias: { 'wirechart-inspect': `${ROOT}/inspect/src/browser.ts` },
    define: {
      INSPECTOR: JSON.stringify(inspectorUrl),
      'process.env.NODE_ENV': '"development"',
    },
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}
