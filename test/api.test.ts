/** The exported names and their types: a change here affects every user. */

import { describe, expect, expectTypeOf, test } from 'vitest';
import * as wirechart from '../src/index.ts';
import {
  type AsyncProtocol,
  type TextCodec,
  createProtocolMachine,
  lines,
  ProtocolServer,
} from '../src/index.ts';
import * as codecs from '../src/codecs/index.ts';
import * as qmp from '../src/qmp/index.ts';
import type { OpenQapi, QmpClient, QmpEvent, StatusInfo } from '../src/qmp/index.ts';
import * as inspect from '../src/inspect/index.ts';
import * as inspector from '../inspector/src/index.ts';
import * as rpc from '../src/rpc/index.ts';
import * as testing from '../src/testing/index.ts';

describe('the exported names', () => {
  test('of wirechart', () => {
    expect(Object.keys(wirechart).sort()).toMatchInlineSnapshot(`
      [
        "ArgumentError",
        "AsyncProtocol",
        "BufferedDecoder",
        "ByteBuffer",
        "ClosedError",
        "CodecError",
        "ConnectError",
        "HandlerError",
        "LimitError",
        "LineDecoder",
        "ProcessError",
        "ProtocolServer",
        "RefusedError",
        "StateError",
        "Supervisor",
        "TimeoutError",
        "WirechartError",
        "contentLength",
        "createProtocolMachine",
        "createSupervisorMachine",
        "defineClient",
        "framed",
        "inHandshake",
        "isWirechartError",
        "joinStreams",
        "jsonLines",
        "jsonStream",
        "lengthPrefixed",
        "lines",
        "parseJson",
        "printable",
        "printableLines",
        "protocolMessages",
        "protocolSetup",
        "redactSecrets",
        "sealAddress",
        "spawnPeer",
        "stdioAddress",
        "streamPair",
        "stringifyJson",
        "supervise",
        "toSession",
      ]
    `);
  });
  test('of wirechart/codecs', () => {
    expect(Object.keys(codecs).sort()).toMatchInlineSnapshot(`
      [
        "ArgumentError",
        "BufferedDecoder",
        "ByteBuffer",
        "ClosedError",
        "CodecError",
        "LimitError",
        "LineDecoder",
        "WirechartError",
        "contentLength",
        "framed",
        "isWirechartError",
        "jsonLines",
        "jsonStream",
        "lengthPrefixed",
        "lines",
        "parseJson",
        "stringifyJson",
      ]
    `);
  });
  test('of wirechart/qmp', () => {
    expect(Object.keys(qmp).sort()).toMatchInlineSnapshot(`
      [
        "BadReplyError",
        "BusyMonitorError",
        "DescriptorError",
        "EventListener",
        "ExecInterruptedError",
        "ExecuteError",
        "GreetingError",
        "HeartbeatError",
        "JobError",
        "MigrationError",
        "NegotiationError",
        "QmpClient",
        "ServerParseError",
        "createQmpMachine",
        "parseJson",
        "qmpCommand",
        "qmpCommandFor",
        "qmpEvents",
        "stringifyJson",
      ]
    `);
  });
  test('of wirechart/rpc', () => {
    expect(Object.keys(rpc).sort()).toMatchInlineSnapshot(`
      [
        "Calls",
        "JsonRpc",
        "JsonRpcError",
        "RPC_CODES",
        "defineJsonRpc",
      ]
    `);
  });
  test('of wirechart/inspect', () => {
    expect(Object.keys(inspect).sort()).toMatchInlineSnapshot(`
      [
        "inspectTo",
        "recordTo",
        "setSanitize",
        "toDot",
        "toMermaid",
        "toSource",
      ]
    `);
  });
  test('of wirechart-inspector', () => {
    expect(Object.keys(inspector).sort()).toMatchInlineSnapshot(`
      [
        "CoverageError",
        "coverageOf",
        "coverageReport",
        "mergeCoverage",
        "parseCoverage",
        "percentile",
        "startInspector",
        "statesCovered",
        "transitionsCovered",
      ]
    `);
  });
  test('of wirechart/testing', () => {
    expect(Object.keys(testing).sort()).toMatchInlineSnapshot(`
      [
        "CodecCheckError",
        "CommandFailure",
        "Fault",
        "ScriptError",
        "ScriptedPeer",
        "ScriptedQmpServer",
        "checkCodec",
        "faults",
        "job",
        "sequence",
      ]
    `);
  });
});

describe('the types', () => {
  test('of messages come from the codec', () => {
    expectTypeOf(lines()).toEqualTypeOf<TextCodec<string>>();
    expectTypeOf<AsyncProtocol<string, number>['send']>().parameter(0).toEqualTypeOf<number>();
    const machine = createProtocolMachine({ codec: lines() });
    expectTypeOf(machine).toEqualTypeOf<wirechart.ProtocolMachine<string>>();
  });

  test("of a server's peers come from the codec of the definition", () => {
    const shared = new ProtocolServer({ codec: lines() });
    const perPeer = new ProtocolServer((number) => ({
      codec: lines(),
      inbound: () => String(number),
    }));
    expectTypeOf(shared).toEqualTypeOf<ProtocolServer<string>>();
    expectTypeOf(perPeer).toEqualTypeOf<ProtocolServer<string>>();
    expectTypeOf(perPeer.peers[0]).toEqualTypeOf<AsyncProtocol<string> | undefined>();
  });

  test('of a bound address follow the form of the address that was asked for', () => {
    const listen = (protocol: AsyncProtocol<string>, server: ProtocolServer<string>) => ({
      tcp: [protocol.listen({ port: 0 }), server.listen({ port: 0, tls: {} })],
      path: [protocol.listen({ path: '/run/x' }), server.listen({ path: '/run/x' })],
      any: [protocol.listen('tcp::0'), server.listen({ fd: 3 })],
    });
    const { returns } = expectTypeOf(listen);
    returns.toHaveProperty('tcp').toEqualTypeOf<Promise<wirechart.BoundTcp>[]>();
    returns.toHaveProperty('path').toEqualTypeOf<Promise<wirechart.BoundPath>[]>();
    returns.toHaveProperty('any').toEqualTypeOf<Promise<wirechart.BoundAddress>[]>();
    expectTypeOf<wirechart.BoundAddress>().toExtend<wirechart.Address>();
  });

  test('of known commands are specific, those of others any JSON', () => {
    const execute = (client: QmpClient<OpenQapi>) => ({
      known: client.execute('query-status'),
      other: client.execute('x-mine', { size: 2n }),
    });
    const { returns } = expectTypeOf(execute);
    returns.toHaveProperty('known').toEqualTypeOf<Promise<StatusInfo>>();
    returns.toHaveProperty('other').toEqualTypeOf<Promise<wirechart.JsonValue>>();
  });

  test('of known events are specific, those of others any object', () => {
    const listen = (client: QmpClient<OpenQapi>) => {
      client.on('SHUTDOWN', ({ data }) => {
        expectTypeOf(data.reason).toExtend<string>();
      });
      client.on('X_MINE', (event) => {
        expectTypeOf(event).toEqualTypeOf<QmpEvent>();
      });
    };
    expectTypeOf(listen).returns.toBeVoid();
  });
});
