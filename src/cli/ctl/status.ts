import type { ConnectionStatus, PairStatus, Status } from '../../control/messages.ts';
import { counted } from '../../decode/counted.ts';
import { plain } from '../../decode/plain.ts';
import { deviceById } from '../../decode/spec/devices/index.ts';
import { print, type Verb } from './verb.ts';

export const status: Verb = {
  usage: '',
  meaning: 'pairs, connections and counts',
  examples: [{ line: 'vhuscope ctl status --json', meaning: 'what an engine does, for a program' }],
  async run(engine, _args, flags) {
    print(await engine.request('status', {}), flags, told);
    return 0;
  },
};

function told({ name, version, pid, started, capture, pairs, connections, counts }: Status): string[] {
  const kept = capture.path === undefined ? 'records nothing' : `records into ${capture.path}`;
  return [
    `${name}  ${version}, pid ${pid}, since ${started}`,
    `  ${kept}${capture.failing === undefined ? '' : `, failing: ${capture.failing}`}`,
    `  ${counted(counts.records, 'record')}, ${counted(counts.connections, 'connection')} so far, ${counted(counts.viewers, 'viewer')}`,
    ...pairs.flatMap(pair => [
      `  pair ${pair.name}: ${pairText(pair)}`,
      ...connections.filter(each => each.pair === pair.name).map(each => `    ${connectionText(each)}`),
    ]),
  ].map(plain);
}

function pairText({ device, device_from, front_end, back_end, listening, waiting }: PairStatus): string {
  const known = device === undefined ? [] : [`${deviceById(device)?.name ?? `device ${device}`} (${device_from})`];
  const sides = [`front-end ${front_end.role} ${front_end.address}`, `back-end ${back_end.role} ${back_end.address}`];
  const states = [
    ...listening.map(side => `listening for the ${side}`),
    ...waiting.map(side => `waiting for the ${side} to listen`),
  ];
  return [...known, ...sides, ...states].join(', ');
}

function connectionText({ session, epoch, since, channels, front_end, back_end }: ConnectionStatus): string {
  const named = (side: string, peer: ConnectionStatus['front_end']): string =>
    peer ? `${side} ${peer.program} (pid ${peer.pid})` : `${side} not known`;
  const numbers = session === 0 ? 'connected, not a byte yet' : `session ${session}.${epoch}`;
  return `${numbers} since ${since}: ${named('front-end', front_end)}, ${named('back-end', back_end)}, ${channels.join(' + ')}`;
}
