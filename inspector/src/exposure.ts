/** Warns of an inspector that other machines can reach. */

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Emits a process warning when `host` is not loopback; a louder one when events can be sent, too. */
export function warnOfExposure(host: string, control: boolean): void {
  if (isLoopback(host.toLowerCase())) return;
  const facts =
    `The inspector listens on ${host}, so that other machines can reach it, over plain HTTP: ` +
    'the network between sees the token of every page, and everything that is shown';
  const advice = 'Listen on 127.0.0.1 and use ssh to forward the port';
  const text = control
    ? `DANGER! ${facts}, and can SEND EVENTS to the machines of your programs. ${advice}, or leave control out!`
    : `${facts}. ${advice}.`;
  process.emitWarning(text, 'WirechartWarning');
}
