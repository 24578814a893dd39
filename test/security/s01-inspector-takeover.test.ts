/**
 * S1: a process that holds the inspector's address gets nothing from a program, and cannot control it: the
 * inspector must prove that it knows the token before the program reports, a relay cannot pass the proof on, and events that
 * would lead a program elsewhere, or forge what has happened, are refused by the program itself.
 */

import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { type AsyncProtocol, lines, ProtocolServer, supervise } from '../../src/index.ts';
import { inspectTo, type Inspection, type InspectOptions } from '../../src/inspect/index.ts';
import { portOf, startTestInspector, TOKEN } from '../inspector/clients.ts';
import { openFakePage } from '../inspector/fake-page.ts';
import { report, startFakeInspector } from '../inspect/inspectors.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { rawPeer, portOf as portOfPeer } from '../support/peers.ts';
import { acceptance, collectWarnings, frame, startRelay, startRogue } from './rogue-inspectors.ts';

expectIdleAfterEach();

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** Starts a program with secrets that reports to a port, and that allows control. */
function startProgram(url: string): {
  readonly events: unknown[];
  readonly protocol: AsyncProtocol<string>;
} {
  const { inspect } = report(url, { name: 'SECRET-NAME', control: true });
  const events: unknown[] = [];
  const machine = createMachine({
    id: 'SECRET-ID',
    context: { note: 'SECRET-CONTEXT' },
    on: { '*': { actions: ({ event }) => events.push(event) } },
  });
  const actor = createActor(machine, { inspect }).start();
  cleanUp(() => actor.stop());
  return { events, protocol: createProtocol({ codec: lines() }, { name: 'SECRET-VM', inspect }) };
}

/** Everything that a program would do for an inspector, in one packet. */
const orders = (): Buffer =>
  Buffer.concat(
    [
      { type: 'wirechart.proved' },
      { type: 'xstate.inspecting' },
      { type: 'wirechart.wire', on: true },
      ...['x:0', 'x:1', 'x:2', 'x:3'].map((service) => ({
        type: 'xstate.event',
        service,
        event: JSON.stringify({ name: 'EVIL', data: { type: 'EVIL' } }),
      })),
    ].map(frame),
  );

describe('a server that holds the port of the inspector', () => {
  const proofs: [string, Record<string, string>][] = [
    ['has no proof', {}],
    ['makes a proof up', { 'Wirechart-Nonce': 'n'.repeat(43), 'Wirechart-Proof': 'p'.repeat(43) }],
    ['has an empty proof', { 'Wirechart-Nonce': 'n'.repeat(43), 'Wirechart-Proof': '' }],
  ];

  it.each(proofs)(
    'gets no token and no message, and sends no event, when it %s',
    async (_, headers) => {
      const rogue = await startRogue((request) =>
        Buffer.concat([Buffer.from(acceptance(request, headers)), orders()]),
      );
      const warnings = collectWarnings();
      const port = portOfPeer(rogue.peer);
      const { events, protocol } = startProgram(`http://127.0.0.1:${String(port)}/?token=${TOKEN}`);
      // The program comes again, and again in vain.
      await until(() => rogue.peer.sockets.length === 3);
      await until(() => rogue.peer.sockets.slice(0, 2).every(({ closed }) => closed));
      expect(rogue.received()).toMatch(/^GET \/program HTTP\/1\.1\r\n/);
      expect(rogue.received()).not.toContain(TOKEN);
      expect(rogue.received()).not.toContain('SECRET');
      // Nothing but requests: no frame follows the empty line.
      expect(rogue.received().split('\r\n\r\n').slice(0, 2)).toEqual([
        expect.stringMatching(/^GET /),
        expect.stringMatching(/^GET /),
      ]);
      expect(events).toEqual([]);
      expect(protocol.runstate).toBe('IDLE');
      expect(warnings).toEqual([
        `Nothing is reported to the inspector at 127.0.0.1:${String(port)}: it does not prove that it knows the token. ` +
          'Use the URL that the running inspector prints, and for a forwarded port the same address and number on both hosts',
      ]);
    },
  );

  it.each(['', '?token=', '?token=short'])(
    'gets nothing from a program whose URL has no secret: %j',
    async (query) => {
      // It knows this "secret", and so its proof is right.
      const token = new URLSearchParams(query).get('token') ?? '';
      const inspector = await startFakeInspector(0, { token });
      const warnings = collectWarnings();
      report(`http://127.0.0.1:${String(inspector.port)}/${query}`);
      await until(() => warnings.length > 0);
      expect(warnings[0]).toContain('the URL has no token of 22 or more characters');
      expect(inspector.connections).toEqual([]);
    },
  );

  it('gets nothing by a proof for another token or another address, or by the proof of a program', async () => {
    const frauds = [
      { token: 'x'.repeat(24) },
      { authority: '127.0.0.1 1' },
      { authority: 'unix' },
      { role: 'program' },
    ];
    for (const fraud of frauds) {
      const inspector = await startFakeInspector(0, fraud);
      const warnings = collectWarnings();
      report(inspector.url);
      await until(() => warnings.length > 0);
      expect(warnings[0]).toContain('it does not prove that it knows the token');
      expect(inspector.connections).toEqual([]);
    }
    // The same server is believed when it commits no fraud.
    const inspector = await startFakeInspector(0, {});
    report(inspector.url);
    await inspector.nextConnection();
  });
});

describe('a relay to the real inspector', () => {
  /** Reports through a relay, and expects that the inspector answers it and the program goes away. */
  async function expectRefused(
    where: Parameters<typeof startRelay>[0],
    target: Parameters<typeof startRelay>[1],
    urlOf: (port: number) => string,
  ): Promise<void> {
    const relay = await startRelay(where, target);
    const warnings = collectWarnings();
    startProgram(urlOf('port' in relay.address ? relay.address.port : 0));
    await until(() => warnings.length > 0);
    expect(warnings[0]).toContain('it does not prove that it knows the token');
    expect(relay.fromInspector()).toMatch(/^HTTP\/1\.1 101 [^]*wirechart-proof: /i);
    expect(relay.fromProgram()).not.toContain('SECRET');
    expect(relay.fromProgram()).not.toContain(TOKEN);
  }

  it('cannot pass the proof on from another port', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    await expectRefused(
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port: portOf(inspector) },
      (port) => `http://127.0.0.1:${String(port)}/?token=${TOKEN}`,
    );
    await page.handled();
    expect(page.programs.size).toBe(0);
  });

  it.skipIf(!hasIpv6)(
    'cannot from the same port of another address with the same name',
    async () => {
      const inspector = await startTestInspector();
      const port = portOf(inspector);
      await expectRefused(
        { host: '::1', port },
        { host: '127.0.0.1', port },
        () => `http://[::1]:${String(port)}/?token=${TOKEN}`,
      );
    },
  );

  it('cannot from a UNIX socket to a port, or from a port to a UNIX socket', async () => {
    const directory = await tempDir();
    const inspector = await startTestInspector({ path: join(directory, 'own', 'i.sock') });
    await expectRefused(
      { path: join(directory, 'relay') },
      { host: '127.0.0.1', port: portOf(inspector) },
      () => `unix:${join(directory, 'relay')}?token=${TOKEN}`,
    );
    await expectRefused(
      { host: '127.0.0.1', port: 0 },
      { path: join(directory, 'own', 'i.sock') },
      (port) => `http://127.0.0.1:${String(port)}/?token=${TOKEN}`,
    );
  });

  it('is let through from one UNIX socket to another, as ssh forwards them', async () => {
    const directory = await tempDir();
    const path = join(directory, 'own', 'i.sock');
    const page = await openFakePage(await startTestInspector({ path }));
    const forwarded = join(directory, 'forwarded');
    await startRelay({ path: forwarded }, { path });
    report(`unix:${forwarded}?token=${TOKEN}`, { name: 'from afar' });
    expect(await page.program('from afar')).toMatchObject({ source: 'live' });
  });

  it('is what made the difference: without it, the same program is let in by both ways', async () => {
    const inspector = await startTestInspector({ path: join(await tempDir(), 'own', 'i.sock') });
    const page = await openFakePage(inspector);
    for (const url of [inspector.url, inspector.socketUrl ?? '']) {
      report(url, { name: url });
      expect(await page.program(url)).toMatchObject({ source: 'live' });
    }
  });
});

describe('an event from an inspector, in a program that allows control', () => {
  /** An inspector and a page that control a program. */
  async function controlled(options: InspectOptions = { control: true }) {
    const inspector = await startTestInspector({ control: true });
    const page = await openFakePage(inspector);
    const inspection: Inspection = inspectTo(inspector.url, options);
    cleanUp(() => inspection.close());
    const refuses = async (name: string, ...events: readonly { readonly type: string }[]) => {
      const { id } = await page.actor(name);
      for (const event of events) {
        const seen = page.of('problem').length;
        page.send({ type: 'send', actor: id, event });
        await page.until((it) => it.of('problem').length > seen);
        const name5 = event.type.replace('error.platform', 'xstate.error.actor');
        expect(page.of('problem').at(-1)?.text).toContain(
          `The program refused the event '${name5}'`,
        );
      }
    };
    const send = async (name: string, type: string) => {
      page.send({ type: 'send', actor: (await page.actor(name)).id, event: { type } });
    };
    return { inspect: inspection.inspect, page, refuses, send };
  }

  /** Forged results of the actors of a session. */
  const FORGED = [
    { type: 'xstate.error.actor.reader', error: 'forged', actorId: 'reader' },
    { type: 'xstate.done.actor.owner' },
    { type: 'error.platform.writer' },
    { type: 'xstate.stop' },
  ] as const;

  it('cannot lead a connection to another peer, or forge what happens to it', async () => {
    const evil = await rawPeer();
    const { inspect, refuses, send } = await controlled();
    const good = await rawPeer((socket) => socket.on('end', () => socket.end()).resume());
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect });
    await protocol.connect({ host: '127.0.0.1', port: portOfPeer(good) });
    await refuses(
      'vm1',
      ...FORGED,
      { type: 'FAIL', ...{ error: { message: 'forged' } } },
      { type: 'ABORT', ...{ reason: 'forged' } },
      { type: 'MESSAGES', ...{ messages: ['forged'] } },
      { type: 'EXPECT_END', ...{ shutdown: {} } },
      { type: 'EXPECT_MORE' },
      { type: 'CHECK_IDLE' },
      { type: 'CHECK_FIRST_MESSAGE' },
    );
    expect(protocol.runstate).toBe('RUNNING');
    await send('vm1', 'DISCONNECT');
    await protocol.closed;
    const address = { host: '127.0.0.1', port: portOfPeer(evil) };
    await refuses(
      'vm1',
      { type: 'CONNECT', ...{ address } },
      { type: 'LISTEN', ...{ address } },
      {
        type: 'ACCEPT',
      },
    );
    expect(protocol.runstate).toBe('IDLE');
    expect(evil.sockets).toEqual([]);
  });

  it('cannot make a server listen elsewhere, or serve a forged connection', async () => {
    const { inspect, refuses, send } = await controlled();
    const server = new ProtocolServer({ codec: lines() }, { name: 'door', inspect });
    await refuses(
      'door',
      { type: 'LISTEN', ...{ address: { host: '127.0.0.1', port: 0 } } },
      { type: 'ADOPT', ...{ connection: {} } },
      { type: 'ABORT', ...{ reason: 'forged' } },
      { type: 'xstate.done.actor.acceptor' },
    );
    expect(server.state).toBe('IDLE');
    await server.listen({ host: '127.0.0.1', port: 0 });
    await send('door', 'CLOSE');
    await until(() => server.state === 'IDLE');
  });

  it('cannot forge the end of a supervised session', async () => {
    const { inspect, refuses, send } = await controlled();
    const peer = await rawPeer((socket) => socket.on('end', () => socket.end()).resume());
    const vm = supervise(
      { codec: lines() },
      { host: '127.0.0.1', port: portOfPeer(peer) },
      { name: 'vm', inspect },
    );
    await vm.up();
    await refuses(
      'vm',
      { type: 'FAIL', ...{ error: { message: 'forged' } } },
      { type: 'OVER', ...{ session: 1 } },
      { type: 'ENDING', ...{ session: 1 } },
      { type: 'xstate.after.backoff.supervisor.WAITING' },
    );
    expect(vm.state).toBe('UP');
    await send('vm', 'STOP');
    await until(() => vm.state === 'STOPPED');
  });

  it("reaches a machine of the user's, except when it is one of XState's own", async () => {
    const { inspect, page, refuses, send } = await controlled();
    const events: unknown[] = [];
    const machine = createMachine({
      on: { '*': { actions: ({ event }) => events.push(event.type) } },
    });
    const actor = createActor(machine, { id: 'mine', inspect }).start();
    cleanUp(() => actor.stop());
    await refuses('mine', ...FORGED, { type: '*' });
    await send('mine', 'CONNECT');
    await page.until((it) => it.of('event').some(({ name }) => name === 'CONNECT'));
    expect(events).toEqual(['CONNECT']);
  });

  it('is refused by default, and the page says why', async () => {
    const { inspect, page, send } = await controlled({});
    const protocol = createProtocol({ codec: lines() }, { name: 'vm1', inspect });
    await send('vm1', 'DISCONNECT');
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem').map(({ text }) => text)).toEqual([
      'The program refused an event: it takes none from an inspector without `control: true` of inspectTo()',
    ]);
    expect(protocol.runstate).toBe('IDLE');
  });
});
