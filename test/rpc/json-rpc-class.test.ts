/** A client class that extends JsonRpc. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import { jsonLines, type ProtocolOptions, ProtocolServer, supervise } from '../../src/index.ts';
import { JsonRpc } from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';

expectIdleAfterEach();

describe('a class that extends JsonRpc', () => {
  class Calculator extends JsonRpc {
    constructor(options: ProtocolOptions = {}) {
      super({ codec: jsonLines(), cancel: 'lsp', ...options });
    }
    add(a: number, b: number): Promise<number> {
      return this.request('add', [a, b]).then(Number);
    }
  }
  class CalculatorPeer extends Calculator {
    constructor(options?: ProtocolOptions) {
      super(options);
      this.handle('add', (params) => (params as number[]).reduce((sum, n) => sum + n));
    }
  }

  it('is served, supervised, and a machine in a statechart', async () => {
    const server = new ProtocolServer(CalculatorPeer);
    const address = await server.listen({ port: 0 });
    const supervisor = supervise(Calculator, address);
    expect(await (await supervisor.up()).add(1, 2)).toBe(3);
    const actor = createActor(Calculator.createMachine(), { input: { address } }).start();
    const client = Calculator.attach(actor);
    await until(() => client.runstate === 'RUNNING');
    expect(await client.add(3, 4)).toBe(7);
    expect(server.peers.every((peer) => peer instanceof CalculatorPeer)).toBe(true);
    actor.stop();
    await supervisor.stop();
    await server.close();
  });
});
