/**
 * A recorder to be killed: writes numbered records as fast as it can and prints, one line each, the numbers up to
 * which they are in the file. Arguments: path of the capture, records between two writes.
 */

import { writeSync } from 'node:fs';
import { packetsOf } from '../../dist/capture/packet.js';
import { CaptureWriter } from '../../dist/capture/writer.js';

const [path, every] = process.argv.slice(2);
const writer = new CaptureWriter(path, { userAppl: 'vhuscope', bufferLength: 65_536 });
writer.addInterface('fs/main');
const frame = {
  ...{ n: 1, kind: 'message', captureId: 1n, pair: 'fs', channel: 'main', dir: 'front-to-back', session: 1, epoch: 1 },
  ...{ wallNs: 1n, receivedNs: 1n, sentNs: 1n, wireLength: 300, offset: 0, fds: [], context: {} },
  bytes: new Uint8Array(300),
};
const [{ head, packet }] = packetsOf(frame, 0);
const view = new DataView(packet.buffer);
for (let n = 1; n <= 1_000_000; n++) {
  head.nLow = n;
  view.setUint32(16 + 24, n, true);
  writer.packet(head, packet, 0, packet.length);
  if (n % Number(every) !== 0) continue;
  const whole = writer.flush();
  writeSync(1, `${n} ${whole ? 'written' : writer.failure.message}\n`);
}
