/** React in a DOM of its own, for tests that run components. */

import { useActorRef, useMachine, useSelector } from '@xstate/react';
import { Window } from 'happy-dom';
import { Activity, createElement, type FunctionComponent, StrictMode } from 'react';
import { type AnyActorRef, type StateValue, waitFor } from 'xstate';
import {
  createProtocolMachine,
  lines,
  type MachineOptions,
  type ProtocolActorRef,
  type ProtocolDefinition,
  type ProtocolInput,
  type ProtocolMachine,
} from '../../src/index.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp, tempDir } from '../support/cleanup.ts';
import { type RawPeer, rawPeer, type Script } from '../support/peers.ts';
import { turn } from '../support/signal.ts';
import { connectionIn, type invokingParent, type Place } from './placed.ts';

/** A page with one component in an `<Activity>`. */
export interface Page {
  /** Renders the component and runs its effects. */
  readonly show: () => void;
  /** Ends the effects of the component, and keeps its state. */
  readonly hide: () => void;
  /** Removes the component from the page. */
  readonly remove: () => void;
  /** What the page shows. */
  readonly text: () => string;
}

/** The names that React looks up in the global scope. */
type Globals = Readonly<Record<'window' | 'document' | 'navigator', unknown>>;

/** What the names were before the first of the pages that are open. */
let before: readonly (readonly [string, PropertyDescriptor | undefined])[] = [];
let openPages = 0;

/** Defines names in the global scope, for the page that is opened last. */
function defineGlobals(globals: Globals): void {
  if (openPages === 0) {
    before = Object.keys(globals).map(
      (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
    );
  }
  openPages += 1;
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** Makes the global scope what it was, once no page is open. */
function restoreGlobals(): void {
  openPages -= 1;
  if (openPages > 0) return;
  for (const [name, descriptor] of before) {
    if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, descriptor);
  }
}

/**
 * Opens a page that shows a component. It is closed after the test.
 *
 * @param isStrict - Whether React starts and ends the effects of a new component once more, as in development.
 */
export async function openPage(component: FunctionComponent, isStrict = false): Promise<Page> {
  const window = new Window();
  const { document, navigator } = window;
  defineGlobals({ window, document, navigator });
  // They look for the DOM when they are loaded.
  const { flushSync } = await import('react-dom');
  const { createRoot } = await import('react-dom/client');
  const container = document.createElement('main');
  const root = createRoot(container);
  const render = (mode: 'visible' | 'hidden') => {
    const activity = createElement(Activity, { mode, children: createElement(component) });
    flushSync(() => {
      root.render(isStrict ? createElement(StrictMode, null, activity) : activity);
    });
  };
  const remove = () => {
    flushSync(() => {
      root.render(null);
    });
  };
  cleanUp(async () => {
    remove();
    root.unmount();
    // React's scheduler still runs what it has planned, and looks for the window.
    await turn();
    await turn();
    await window.happyDOM.close();
    restoreGlobals();
  });
  render('visible');
  return {
    show: () => {
      render('visible');
    },
    hide: () => {
      render('hidden');
    },
    remove,
    text: () => container.textContent,
  };
}

/** A page whose component runs a machine. */
export interface MachinePage extends Page {
  /** The root actor that the component has now. */
  readonly root: () => AnyActorRef;
  /** The actor of the connection that it has now. */
  readonly ref: () => ProtocolActorRef<string>;
}

/** How a component runs a machine. */
export interface View {
  readonly place: Place;
  readonly address?: ProtocolInput['address'];
  readonly isStrict?: boolean;
  /** Default: `useMachine()`. */
  readonly hook?: 'useMachine' | 'useActorRef';
}

/** Opens a page with a component that runs a connection at a place, and shows the state of the root actor. */
export async function showMachine(
  connection: ProtocolMachine<string>,
  { place, address, isStrict, hook = 'useMachine' }: View,
): Promise<MachinePage> {
  // One of several types with the same input.
  const machine = place.machineWith(connection) as ReturnType<typeof invokingParent>;
  const input = { address };
  let current: AnyActorRef | undefined;
  const Paragraph = ({ root, value }: { root: AnyActorRef; value: StateValue }) => {
    current = root;
    return createElement('p', null, pathOf(value));
  };
  const components = {
    useMachine: () => {
      const [{ value }, , root] = useMachine(machine, { input });
      return Paragraph({ root, value });
    },
    useActorRef: () => {
      const root = useActorRef(machine, { input });
      return Paragraph({ root, value: useSelector(root, ({ value }) => value) });
    },
  };
  const page = await openPage(components[hook], isStrict);
  const root = () => {
    if (current === undefined) throw new Error('The component was not rendered');
    return current;
  };
  return { ...page, root, ref: () => connectionIn(root(), place) };
}

/** A machine of a line protocol. */
export const createMachine = (
  definition: Partial<ProtocolDefinition<string>> = {},
  options: MachineOptions = {},
) => createProtocolMachine<string>({ codec: lines(), ...definition }, options);

const discard: Script = (socket) => socket.resume().on('end', () => socket.end());

/** Starts a peer at a UNIX socket, which ends its side when the client does. */
export const startPeer = async (script = discard): Promise<RawPeer & { readonly path: string }> => {
  const path = `${await tempDir()}/socket`;
  return { ...(await rawPeer(script, { path })), path };
};

/** Resolves when a connection is RUNNING. */
export const isUp = (ref: AnyActorRef) =>
  waitFor(ref, (snapshot: { hasTag(tag: string): boolean }) => snapshot.hasTag('up'));
