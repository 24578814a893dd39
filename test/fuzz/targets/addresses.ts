/**
 * What a caller passes: addresses as texts and as objects, and the names of options. Texts of addresses may
 * come from configuration files and from other programs.
 */

import { ArgumentError } from '../../../src/core/errors.ts';
import { checkNames } from '../../../src/core/options.ts';
import { MAX_PATH_BYTES, parseAddress, type Target as Address } from '../../../src/io/address.ts';
import { Mismatch, type Target } from '../engine/target.ts';
import { checkPrototypes } from './prototypes.ts';

const NAMES = { codec: true, timeouts: true, limits: true, logger: true, maxPeers: true };

/** Returns `undefined` if the value is refused. @throws {unknown} What is no `ArgumentError`. */
function unlessRefused<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof ArgumentError) return undefined;
    throw error;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkAddress(given: unknown): void {
  const address = unlessRefused(() => parseAddress(given));
  if (address !== undefined && !isUsable(address))
    throw new Mismatch('An address was accepted', 'an ArgumentError', address);
}

function isUsable(address: Address): boolean {
  if (address.kind === 'stream') return false; // There is none in JSON.
  if (address.kind === 'unix') {
    const { path } = address;
    return path !== '' && !path.includes('\0') && Buffer.byteLength(path) <= MAX_PATH_BYTES;
  }
  const { host, port } = address;
  return (
    host !== '' && !host.includes('\0') && Number.isInteger(port) && port >= 0 && port < 65_536
  );
}

function parseAll(text: string): void {
  checkAddress(text);
  const value = parsedJson(text);
  if (value === undefined) return;
  checkAddress(value);
  unlessRefused(() => {
    checkNames('call()', value, NAMES);
  });
}

/** Addresses and options. */
export const ADDRESSES: Target = {
  name: 'addresses',
  dictionary: [
    ...[
      'unix:',
      'tcp:',
      'tls:',
      ':',
      '/',
      '[',
      ']',
      '::1',
      '127.0.0.1',
      'localhost',
      ':4444',
      ',server',
    ],
    ...[
      ',nowait',
      '65535',
      '65536',
      '0',
      '-1',
      '\0',
      '\xff',
      '\xc3\xa9',
      ' ',
      '.',
      '~',
      '{',
      '}',
      ',',
    ],
    ...[
      '"path":"/a"',
      '"port":1',
      '"host":"h"',
      '"tls":{}',
      '"keepAlive":',
      '"stream":{}',
      '"pat":1',
    ],
    ...[
      '"mode":384',
      '"__proto__":{}',
      '"codex":1',
      '"timeout":1',
      '"readable":{}',
      '"writable":{}',
    ],
  ],
  maxSize: 400,
  budget: {
    maxNanoseconds: 1000,
    run: (input) => {
      parseAll(input.toString('utf8'));
    },
  },
  run: (input) => {
    parseAll(input.toString('utf8'));
    checkPrototypes();
  },
};
