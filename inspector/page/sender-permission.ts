/** Whether events can be sent to the selected actor, and what to do if not. */

import type { Model } from './model.ts';

/** Why no event can be sent; `undefined` when it can. */
export function refusalOfSending(model: Model): string | undefined {
  const { actor, control, connection, isLive } = model;
  if (actor === undefined) return 'Select a machine first.';
  if (actor.kind !== 'machine') return 'Only machines take events from here. Select a machine.';
  const program = model.programs.get(actor.program);
  if (program?.source === 'recording') return 'This is a recording, which takes no events.';
  if (connection !== 'open') return 'The page is not connected to the inspector.';
  if (program?.source !== 'live') return 'The program is not connected any more.';
  const ways = [...(control ? [] : [INSPECTOR]), ...(program.control ? [] : [PROGRAM])];
  if (ways.length > 0) return `Sending events is not allowed. ${ways.join(' ')}`;
  if (!isLive) return 'Events go to the present. Return to live first.';
  return model.isAlive(actor.id) ? undefined : 'The actor has ended.';
}

const INSPECTOR = 'Start the inspector with --control, or startInspector({ control: true }).';
const PROGRAM =
  'Let the program take events with inspectTo(url, { control: true }); WIRECHART_INSPECT never does.';
