/** A server that is closed before it is open; in a file of its own, as a leak would spoil its neighbours. */

import { describe, expect, it } from 'vitest';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { expectNoHandles } from '../support/handles.ts';

describe('close() of a server that binds', () => {
  it('leaves nothing open, whatever becomes of listen()', async () => {
    const server = new ScriptedQmpServer();
    const listening = Promise.allSettled([server.listen()]);
    await server.close();
    await listening;
    await expectNoHandles();
  });

  it('makes a later listen() reject', async () => {
    const server = new ScriptedQmpServer();
    await server.close();
    const [outcome] = await Promise.allSettled([server.listen()]);
    await server.close();
    expect(outcome.status).toBe('rejected');
  });
});
