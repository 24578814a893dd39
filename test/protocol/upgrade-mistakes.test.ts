/** What `upgrade()` says to the author of a handshake that uses it wrongly. */

import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  CodecError,
  lines,
  type Session,
  StateError,
  streamPair,
} from '../../src/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { failure } from './starttls.ts';

expectIdleAfterEach();

/** What a handshake does wrong, and the error that it gets. */
const mistakes: readonly (readonly [
  string,
  (session: Session<string>) => Promise<void>,
  RegExp,
])[] = [
  [
    'is called while a receive() is pending',
    async ({ receive, upgrade }) => {
      receive().catch(() => undefined);
      await upgrade({});
    },
    /receive\(\) is pending/,
  ],
  [
    'is called twice',
    async ({ upgrade }) => {
      upgrade({}).catch(() => undefined);
      await upgrade({});
    },
    /upgrade\(\) is pending/,
  ],
  [
    'is not awaited before send()',
    async ({ upgrade, send }) => {
      upgrade({}).catch(() => undefined);
      await send('hello');
    },
    /upgrade\(\) is pending/,
  ],
  [
    'is not awaited before the handshake settles',
    ({ upgrade }) => {
      upgrade({}).catch(() => undefined);
      return Promise.resolve();
    },
    /await it/,
  ],
];

describe('upgrade()', () => {
  it.each(mistakes)('fails the handshake when it %s', async (_, handshake, text) => {
    const [near] = streamPair();
    const protocol = createProtocol({ codec: lines(), handshake });
    const cause = await failure(protocol.connect({ stream: near }));
    expect(cause).toBeInstanceOf(StateError);
    expect(cause).toHaveProperty('message', expect.stringMatching(text));
  });

  it.each([
    ['no options', undefined, /tls is undefined/],
    ['a name that is misspelt', { servernme: 'x' }, /servername/],
    ['an empty authority', { ca: '' }, /tls.ca is empty/],
    ['a certificate that is none', { cert: 'x', key: 'y' }, /TLS options cannot be used/],
  ])('says what is wrong with %s', async (_, tls, text) => {
    const [near] = streamPair();
    const protocol = createProtocol({
      codec: lines(),
      handshake: ({ upgrade }) => upgrade(tls as ConnectionOptions),
    });
    const cause = await failure(protocol.connect({ stream: near }));
    expect(cause).toBeInstanceOf(ArgumentError);
    expect(cause).toHaveProperty('message', expect.stringMatching(text));
  });

  it('does not go on in plaintext when the handshake ignores its failure', async () => {
    const [near, far] = streamPair();
    far.write('220 go\nin plaintext\n');
    const received: unknown[] = [];
    const protocol = createProtocol({
      codec: lines(),
      handshake: async ({ receive, upgrade }) => {
        await receive();
        await upgrade({}).catch(() => undefined);
        received.push(await receive().catch((error: unknown) => error));
      },
    });
    const cause = await failure(protocol.connect({ stream: near }));
    expect(cause).toBeInstanceOf(CodecError);
    expect(received).toEqual([cause]);
  });

  it('is only for the handshake', async () => {
    const [near, far] = streamPair();
    cleanUp(() => far.destroy());
    const errors: unknown[] = [];
    const attempt = async ({ upgrade }: Session<string, string, void>): Promise<void> => {
      errors.push(await upgrade({}).catch((error: unknown) => error));
    };
    const protocol = createProtocol({
      codec: lines(),
      onMessage: (_, session) => attempt(session),
      farewell: attempt,
    });
    far.write('hello\n');
    far.on('end', () => far.end()).resume();
    await protocol.connect({ stream: near });
    await new Promise(setImmediate);
    await protocol.disconnect();
    expect(errors).toHaveLength(2);
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_STATE' });
  });
});
