/** Connects a report from a browser: from a page, or from a worker. */

import { authorityText, isToken } from './challenge.ts';
import { BrowserConnection, type Target } from './browser-connection.ts';
import { BrowserArgumentError } from './browser-error.ts';
import { memberOf } from '../core/shape.ts';
import {
  EXAMPLE,
  isPlainWeb,
  notAnInspector,
  parsedUrl,
  portOf,
  tokenIn,
  withoutQuery,
} from './inspector-url.ts';
import { introductionOf } from './report.ts';
import {
  type Connection,
  type ConnectionListener,
  type Refusal,
  REFUSALS,
  type Transport,
} from './transport.ts';
import type { ProgramMessage } from './wire.ts';

/** Opens connections from a browser. */
export class BrowserTransport implements Transport {
  readonly name: string;
  readonly unable: Refusal | undefined;
  readonly #targets: readonly Target[];
  #attempts = 0;

  /** @throws {BrowserArgumentError} When the URL cannot be that of an inspector, or has a name instead of an address. */
  constructor(url: string | URL) {
    const parsed = parsedUrl(url);
    if (parsed === undefined || !isPlainWeb(parsed)) {
      throw new BrowserArgumentError(notAnInspector(url));
    }
    const token = tokenIn(parsed);
    const port = portOf(parsed);
    this.name = parsed.host;
    this.#targets = addressesOf(parsed).map((address) => ({
      host: `${address}:${String(port)}`,
      authority: authorityText(address.replace(/^\[(.*)\]$/, '$1'), port),
      token,
    }));
    this.unable = obstacle(token);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  connect(listener: ConnectionListener): Connection {
    const target = this.#targets[this.#attempts % this.#targets.length];
    this.#attempts += 1;
    if (target === undefined) throw new TypeError('There is no address');
    return new BrowserConnection(target, listener);
  }

  introduction(name: string | undefined, control: boolean): ProgramMessage {
    return introductionOf({ name: name ?? programName(), control });
  }

  warn(text: string): void {
    console.warn(`[wirechart] ${text}`);
  }

  later(run: () => void, ms: number): () => void {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  }
}

/**
 * The addresses of a URL. A page does not see where a name leads, and so could not notice a relay: `localhost`
 * is dialled at its two addresses in turn, and no other name is taken.
 */
function addressesOf(url: URL): readonly string[] {
  const { hostname } = url;
  if (hostname === 'localhost') return ['127.0.0.1', '[::1]'];
  if (/^\[.*\]$|^[\d.]+$/.test(hostname)) return [hostname];
  throw new BrowserArgumentError(
    `'${withoutQuery(url)}' has the name of a host; from a browser, inspectTo() takes an address, such as ${EXAMPLE}`,
  );
}

/** What makes every attempt from here futile. */
function obstacle(token: string): Refusal | undefined {
  if (!isToken(token)) return { why: REFUSALS.noToken };
  if (memberOf(Reflect.get(globalThis, 'crypto'), 'subtle') !== undefined) return undefined;
  return {
    why: 'this page has no crypto.subtle, with which the token is proved; browsers give it to secure contexts only',
    advice: 'Open the page at http://localhost or over https',
  };
}

/** The title of the page, or where it is; the name of a worker, or the file of its script. */
function programName(): string {
  const { document, location, name } = globalThis as {
    readonly document?: { readonly title: string };
    readonly location?: { readonly host: string; readonly pathname: string };
    readonly name?: string;
  };
  const { host, pathname } = location ?? { host: '', pathname: '' };
  const [named, place] =
    document === undefined
      ? [name, pathname.slice(pathname.lastIndexOf('/') + 1)]
      : [document.title, `${host}${pathname}`];
  return [named, place].find((text) => text !== undefined && text !== '') ?? 'browser';
}
