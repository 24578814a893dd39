/** What is left of a sealed address in a stored context is no address. */

import { expect, it } from 'vitest';
import { type Address, lines, sealAddress } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

it.each(['ca', 'passphrase', 'session', 'key'])(
  'is refused because of its option %s, and not dialled with the text that stands for it',
  async (name) => {
    const address: Address = { port: 1, tls: { [name]: 'secret', rejectUnauthorized: false } };
    const remains = JSON.parse(JSON.stringify(sealAddress(address))) as Address;
    const refused = await rejection(createProtocol<string>({ codec: lines() }).connect(remains));
    expect(refused).toMatchObject({
      code: 'ERR_CONNECT',
      retryable: false,
      cause: {
        code: 'ERR_ARGUMENT',
        message: expect.stringContaining(`tls.${name} is '[redacted]'`) as string,
      },
    });
  },
);
