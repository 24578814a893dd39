/** Descriptors that are passed over UNIX sockets, as a program in another language receives them. */

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { DescriptorError as DescriptorErrorType } from '../../src/core/descriptor-error.ts';
import { type AsyncProtocol, lines, spawnPeer } from '../../src/index.ts';
import { linkOf } from '../../src/core/link-handle.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import {
  canReceive,
  DescriptorReceiver,
  inheritingReceiver,
  type Received,
} from '../support/descriptor-receiver.ts';
import { listen } from '../support/peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** Opens a new file with a content, until the end of the test. */
async function fileWith(content: string): Promise<number> {
  const path = join(await tempDir(), 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  cleanUp(() => {
    closeSync(fd);
  });
  return fd;
}

const connected = async () => {
  const receiver = await DescriptorReceiver.start();
  const protocol = createProtocol<string>({ codec: lines() });
  await protocol.connect(receiver.path);
  return { receiver, protocol };
};

/** Sends a message with a descriptor. */
const pass = async (protocol: AsyncProtocol<string>, message: string, fd: unknown) => {
  const passing = await protocol.descriptor('fd', fd);
  await protocol.sendWith(message, passing);
};

/** The message that follows each descriptor, by the descriptor's content. */
const messagesIn = ({ text, descriptors }: Received) =>
  descriptors.map(({ at, content }) => [content, /^ (.*)\n/.exec(text.slice(at))?.[1]]);

describe.skipIf(!canReceive)('a descriptor', () => {
  it('arrives with a blank right before its message', async () => {
    const { receiver, protocol } = await connected();
    await pass(protocol, 'take it', await fileWith('first'));
    await protocol.disconnect();
    expect(await receiver.received()).toEqual({
      text: ' take it\n',
      descriptors: [{ at: 0, content: 'first' }],
    });
  });
});
