/** A small schema in the form of the reply to query-qmp-schema, with each kind of type. */

import type { SchemaInfo } from '../../src/testing/index.ts';

export const HAND_MADE_SCHEMA: readonly SchemaInfo[] = [
  { name: 'str', 'meta-type': 'builtin', 'json-type': 'string' },
  { name: 'int', 'meta-type': 'builtin', 'json-type': 'int' },
  { name: 'number', 'meta-type': 'builtin', 'json-type': 'number' },
  { name: 'bool', 'meta-type': 'builtin', 'json-type': 'boolean' },
  { name: 'null', 'meta-type': 'builtin', 'json-type': 'null' },
  { name: 'any', 'meta-type': 'builtin', 'json-type': 'value' },
  { name: 'none', 'meta-type': 'object', members: [] },
  { name: '[str]', 'meta-type': 'array', 'element-type': 'str' },
  { name: '[disk]', 'meta-type': 'array', 'element-type': 'disk' },
  { name: '[action]', 'meta-type': 'array', 'element-type': 'action' },
  { name: 'kind', 'meta-type': 'enum', values: ['file', 'nbd', 'none'] },
  {
    name: 'mode',
    'meta-type': 'enum',
    values: ['on', 'off'],
    members: [{ name: 'on' }, { name: 'off' }],
  },
  { name: '[mode]', 'meta-type': 'array', 'element-type': 'mode' },
  {
    name: 'disk',
    'meta-type': 'object',
    members: [
      { name: 'kind', type: 'kind' },
      { name: 'size', type: 'int', default: null },
    ],
    tag: 'kind',
    variants: [
      { case: 'file', type: 'file-disk' },
      { case: 'nbd', type: 'nbd-disk' },
    ],
  },
  { name: 'file-disk', 'meta-type': 'object', members: [{ name: 'filename', type: 'str' }] },
  { name: 'nbd-disk', 'meta-type': 'object', members: [{ name: 'server', type: 'server' }] },
  {
    name: 'server',
    'meta-type': 'object',
    members: [
      { name: 'host', type: 'str' },
      { name: 'port', type: 'int', default: null },
    ],
  },
  {
    name: 'disk-or-name',
    'meta-type': 'alternate',
    members: [{ type: 'str' }, { type: 'disk' }, { type: 'null' }],
  },
  {
    name: 'action',
    'meta-type': 'object',
    members: [
      { name: 'type', type: 'mode' },
      { name: 'data', type: 'any', default: null },
    ],
  },
  {
    name: 'arguments-of-add',
    'meta-type': 'object',
    members: [
      { name: 'id', type: 'str' },
      { name: 'disk', type: 'disk-or-name', default: null },
      { name: 'speed', type: 'number', default: null },
      { name: 'force', type: 'bool', default: null },
      { name: 'modes', type: '[mode]', default: null },
      { name: 'actions', type: '[action]', default: null },
    ],
  },
  { name: 'driver', 'meta-type': 'object', members: [{ name: 'driver', type: 'str' }] },
  { name: 'ids', 'meta-type': 'object', members: [{ name: 'id', type: 'str' }] },
  {
    name: 'status',
    'meta-type': 'object',
    members: [
      { name: 'running', type: 'bool' },
      { name: 'status', type: 'str' },
    ],
  },
  { name: 'add', 'meta-type': 'command', 'arg-type': 'arguments-of-add', 'ret-type': 'none' },
  { name: 'disk-add', 'meta-type': 'command', 'arg-type': 'disk', 'ret-type': 'none' },
  { name: 'query-disks', 'meta-type': 'command', 'arg-type': 'none', 'ret-type': '[disk]' },
  { name: 'device_add', 'meta-type': 'command', 'arg-type': 'driver', 'ret-type': 'none' },
  {
    name: 'probe',
    'meta-type': 'command',
    'arg-type': 'none',
    'ret-type': 'any',
    'allow-oob': true,
  },
  { name: 'query-status', 'meta-type': 'command', 'arg-type': 'none', 'ret-type': 'status' },
  { name: 'query-version', 'meta-type': 'command', 'arg-type': 'none', 'ret-type': 'any' },
  { name: 'query-commands', 'meta-type': 'command', 'arg-type': 'none', 'ret-type': 'any' },
  { name: 'query-qmp-schema', 'meta-type': 'command', 'arg-type': 'none', 'ret-type': 'any' },
  { name: 'stop', 'meta-type': 'command', 'arg-type': 'none', 'ret-type': 'none' },
  { name: 'STOP', 'meta-type': 'event', 'arg-type': 'none' },
  { name: 'DISK_ADDED', 'meta-type': 'event', 'arg-type': 'ids' },
];
