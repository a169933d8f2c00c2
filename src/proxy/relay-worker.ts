/** The thread the relay runs on. The engine gives it commands through a message port and rings an eventfd. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { clearEventFd } from '../sys/event-fd.ts';
import { Recording } from './recording.ts';
import { Relay } from './relay.ts';
import type { Command, PairSetting, Report } from './reports.ts';
import { RingWriter } from './ring.ts';

/** What the engine starts the thread with. */
export interface RelayWorkerData {
  ring: SharedArrayBuffer;
  captureId: bigint;
  pairs: readonly PairSetting[];
  /** An eventfd that is readable when there is a command. */
  bell: number;
}

/** Waits are finite: a thread inside a native call for ever would keep the process from exiting. */
const longestWaitMs = 250;

const { ring, captureId, pairs, bell } = workerData as RelayWorkerData;
const port = parentPort as MessagePort;
const writer = new RingWriter(ring);
const tell = (report: Report): void => port.postMessage(report);
const relay = new Relay(new Recording(writer, captureId, tell), tell);

relay.onReadable(bell, () => {
  clearEventFd(bell);
  for (let command = next(); command !== undefined; command = next()) relay.obey(command);
});
for (const pair of pairs) relay.addPair(pair);

function next(): Command | undefined {
  return receiveMessageOnPort(port)?.message as Command | undefined;
}

while (!relay.finished()) relay.turn(relay.stopping ? 5 : longestWaitMs);
// What became of the peers is found out only now, and recorded.
port.postMessage({ type: 'finished' });
while (!relay.over) relay.turn(longestWaitMs);
relay.close();
writer.stop();
port.postMessage({ type: 'stopped', records: relay.recording.last });
port.close();
