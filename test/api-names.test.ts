/**
 * Names that users rely on when they embed, inspect and extend the machines. They are part of the
 * API: docs/versions.md says what a change of one means. A change here needs an entry in
 * CHANGELOG.md.
 */

import { describe, expect, expectTypeOf, test } from 'vitest';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import {
  type ConnectPhase,
  createProtocolMachine,
  createSupervisorMachine,
  type ErrorCode,
  lines,
  type ProtocolEmitted,
  type Runstate,
  type ServerState,
  type SupervisorEmitted,
  type SupervisorState,
  type TimeoutPhase,
} from '../src/index.ts';
import { peerSessionChart } from '../src/machines/peer-session.ts';
import type { PeerSessionEmitted } from '../src/machines/peer-session-setup.ts';
import { serverChart } from '../src/machines/server.ts';
import type { ServerEmitted } from '../src/machines/server-setup.ts';

const nodesFrom = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesFrom(child)),
];

const sorted = (names: Iterable<string>): string => [...new Set(names)].sort().join(' ');

/** The public names of a chart. */
const namesOf = ({ id, root, events, implementations }: AnyStateMachine) => {
  const nodes = nodesFrom(root);
  return {
    id,
    states: nodes.slice(1).map(({ path }) => path.join('.')),
    tags: sorted(nodes.flatMap(({ tags }) => tags)),
    actors: sorted(nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id))),
    delays: sorted(Object.keys(implementations.delays)),
    accepts: sorted(events.map(String).filter((type) => !type.startsWith('xstate.'))),
  };
};

const definition = { codec: lines() };

describe('the names of a connection', () => {
  test('are those of its chart', () => {
    expect(namesOf(createProtocolMachine(definition))).toMatchInlineSnapshot(`
      {
        "accepts": "ABORT ACCEPT CHECK_FIRST_MESSAGE CHECK_IDLE CONNECT DISCONNECT EXPECT_END EXPECT_MORE FAIL LISTEN MESSAGES SEND SEND_FAILED",
        "actors": "acceptor closer destroyer dialer drain farewell flush handshake listener owner reader session writer",
        "delays": "acceptTimeout closeTimeout connectTimeout drainTimeout flushTimeout handshakeTimeout",
        "id": "protocol",
        "states": [
          "IDLE",
          "CONNECTING",
          "CONNECTING.dialing",
          "CONNECTING.listening",
          "CONNECTING.listening.binding",
          "CONNECTING.listening.bound",
          "CONNECTING.accepting",
          "CONNECTING.establishing",
          "RUNNING",
          "RUNNING.open",
          "RUNNING.ending",
          "RUNNING.halfOpen",
          "DISCONNECTING",
          "DISCONNECTING.draining",
          "DISCONNECTING.draining.handling",
          "DISCONNECTING.draining.farewell",
          "DISCONNECTING.flushing",
          "DISCONNECTING.flushing.twoway",
          "DISCONNECTING.flushing.oneway",
          "DISCONNECTING.closing",
          "DISCONNECTING.destroying",
          "DISCONNECTING.closed",
        ],
        "tags": "busy idle up",
      }
    `);
  });
  test('include the state ENDED in a machine for a single session', () => {
    expect(namesOf(createProtocolMachine(definition, { once: true })).states).toContain('ENDED');
  });
  test('of its emitted events and public states are in its types', () => {
    expectTypeOf<ProtocolEmitted['type']>().toEqualTypeOf<
      'runstate' | 'listening' | 'closed' | 'message' | 'sendFailed'
    >();
    expectTypeOf<Runstate>().toEqualTypeOf<'IDLE' | 'CONNECTING' | 'RUNNING' | 'DISCONNECTING'>();
  });
});

describe('the names of a supervisor', () => {
  test('are those of its chart', () => {
    expect(namesOf(createSupervisorMachine(definition))).toMatchInlineSnapshot(`
      {
        "accepts": "ENDING FAIL OVER RETRY START STOP",
        "actors": "connection locator synchronizer",
        "delays": "backoff locateTimeout stableTime syncTimeout",
        "id": "supervisor",
        "states": [
          "CONNECTING",
          "CONNECTING.locating",
          "CONNECTING.connecting",
          "CONNECTING.synchronizing",
          "UP",
          "FAILING",
          "JUDGING",
          "WAITING",
          "STOPPING",
          "STOPPED",
          "GIVEN_UP",
        ],
        "tags": "busy failed idle up",
      }
    `);
  });
  test('of its emitted events and public states are in its types', () => {
    expectTypeOf<SupervisorEmitted['type']>().toEqualTypeOf<
      'connecting' | 'up' | 'failing' | 'waiting' | 'stopping' | 'stopped' | 'gaveUp' | 'outage'
    >();
    expectTypeOf<SupervisorState>().toEqualTypeOf<
      'CONNECTING' | 'UP' | 'FAILING' | 'WAITING' | 'STOPPING' | 'STOPPED' | 'GIVEN_UP'
    >();
  });
});

describe('the names of a server', () => {
  test('are those of its chart', () => {
    expect(namesOf(serverChart)).toMatchInlineSnapshot(`
      {
        "accepts": "ABORT ADOPT CLOSE LISTEN",
        "actors": "acceptor binder destroyer drainer owner",
        "delays": "closeTimeout connectTimeout shutdownTimeout",
        "id": "server",
        "states": [
          "IDLE",
          "BINDING",
          "LISTENING",
          "ADOPTING",
          "CLOSING",
          "CLOSING.draining",
          "CLOSING.destroying",
          "CLOSING.closed",
        ],
        "tags": "",
      }
    `);
  });
  test('of its emitted events and public states are in its types', () => {
    expectTypeOf<ServerEmitted['type']>().toEqualTypeOf<
      'state' | 'listening' | 'adopted' | 'dismissed' | 'problem' | 'closed'
    >();
    expectTypeOf<ServerState>().toEqualTypeOf<
      'IDLE' | 'BINDING' | 'LISTENING' | 'ADOPTING' | 'CLOSING'
    >();
  });
});

describe("the names of a server's peer", () => {
  test('are those of its chart', () => {
    expect(namesOf(peerSessionChart)).toMatchInlineSnapshot(`
      {
        "accepts": "ADMIT LEAVE QUEUE TAKE",
        "actors": "handler handshake session upgrader watcher",
        "delays": "backlogTimeout drainTimeout handshakeTimeout",
        "id": "peer",
        "states": [
          "ARRIVED",
          "QUEUED",
          "CONNECTING",
          "CONNECTING.securing",
          "CONNECTING.establishing",
          "RUNNING",
          "RUNNING.offered",
          "RUNNING.served",
          "RUNNING.handled",
          "RUNNING.handled.serving",
          "RUNNING.handled.finishing",
          "DISCONNECTING",
          "GONE",
        ],
        "tags": "busy up",
      }
    `);
  });
  test('of its emitted events are in its types', () => {
    expectTypeOf<PeerSessionEmitted['type']>().toEqualTypeOf<'state' | 'refused' | 'gone'>();
  });
});

describe('the names in errors', () => {
  test('of codes and phases are closed unions', () => {
    expectTypeOf<ErrorCode>().toEqualTypeOf<
      | 'ERR_STATE'
      | 'ERR_CONNECT'
      | 'ERR_CONNECT_ABORTED'
      | 'ERR_ARGUMENT'
      | 'ERR_TIMEOUT'
      | 'ERR_CLOSED'
      | 'ERR_CODEC'
      | 'ERR_LIMIT'
      | 'ERR_HANDLER'
      | 'ERR_REFUSED'
      | 'ERR_PROCESS'
      | 'ERR_DESCRIPTOR'
      | 'ERR_QMP_GREETING'
      | 'ERR_QMP_NEGOTIATION'
      | 'ERR_QMP_EXECUTE'
      | 'ERR_QMP_INTERRUPTED'
      | 'ERR_QMP_BAD_REPLY'
      | 'ERR_QMP_JOB'
      | 'ERR_QMP_MIGRATION'
      | 'ERR_QMP_SERVER_PARSE'
      | 'ERR_QMP_BUSY'
      | 'ERR_QMP_HEARTBEAT'
    >();
    expectTypeOf<ConnectPhase>().toEqualTypeOf<'connection' | 'session'>();
    expectTypeOf<TimeoutPhase>().toEqualTypeOf<
      | 'connect'
      | 'accept'
      | 'handshake'
      | 'drain'
      | 'flush'
      | 'close'
      | 'idle'
      | 'firstMessage'
      | 'shutdown'
      | 'execute'
      | 'wait'
      | 'job'
      | 'migration'
      | 'probe'
    >();
  });
});
