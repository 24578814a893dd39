/** The cost of a request in the RESP server of the examples. */

import { HAND, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';
import { loads } from './server.ts';

const SERVER = new URL('../peers/resp-server.ts', import.meta.url);

const GET = '*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n';

export const resp = (setting: Setting): AsyncGenerator<Table> =>
  loads(setting, {
    script: SERVER,
    title: 'a RESP server',
    variants: [HAND, 'ProtocolServer'],
    request: () => GET,
    replyLines: 2,
  });
