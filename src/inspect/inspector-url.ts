/** The URL of an inspector, in Node and in browsers. */

/** What an inspector prints, for errors. */
export const EXAMPLE = 'http://127.0.0.1:4444/?token=…';

/** The URL, taken apart; `undefined` if it is none. */
export function parsedUrl(url: string | URL): URL | undefined {
  const text = String(url);
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether a URL is that of a server without encryption: there is no other inspector. */
export const isPlainWeb = ({ protocol }: URL): boolean => /^(?:http|ws):$/.test(protocol);

/** The port of such a URL. */
export const portOf = ({ port }: URL): number => Number(port === '' ? 80 : port);

/** The shared secret; '' where the URL has none. */
export const tokenIn = (url: URL): string => url.searchParams.get('token') ?? '';

/** What is wrong with a URL that cannot be that of an inspector. It does not show the query, which has the token. */
export const notAnInspector = (url: string | URL): string =>
  `'${withoutQuery(url)}' is not the URL of an inspector; pass the one that it prints, such as ${EXAMPLE}`;

/** A URL without its secret. */
export const withoutQuery = (url: string | URL): string => String(url).replace(/\?.*$/s, '?…');
