// How many messages a second one core decodes: the mix of a ring's life, and each message alone.
//   node bench/decode.mjs [SECONDS=1]
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { decodeMessage } from '../dist/decode/message.js';
import { samples } from '../dist/decode/sample.js';
import { decodeTree } from '../dist/decode/tree.js';

const seconds = Number(process.argv[2] ?? 1);
const context = { features: 0x170006e46n, protocolFeatures: 0x8f2bn, device: 2 };
const made = samples(1, context).filter(one => one.bytes.length < 2000 && !one.spec.private);
const all = made.map(one => ({
  ...{ name: `${one.spec.name}${one.reply ? ' reply' : ''}`, bytes: one.bytes },
  envelope: { channel: one.channel, dir: one.dir, context, fdCount: one.fdCount },
}));

/** What crosses the wire most: a ring set up, masked, stopped, with acknowledgements. */
const usual = [
  'SET_VRING_CALL',
  'SET_VRING_CALL reply',
  'SET_VRING_NUM',
  'SET_VRING_BASE',
  'SET_VRING_ADDR',
  'SET_VRING_KICK',
  'SET_VRING_ENABLE',
  'SET_VRING_ENABLE reply',
  'GET_VRING_BASE',
  'GET_VRING_BASE reply',
  'GET_FEATURES',
  'GET_FEATURES reply',
  'SET_MEM_TABLE',
  'IOTLB_MSG',
  'IOTLB_MSG reply',
].map(name => all.find(one => one.name === name));

/** Messages a second of processor time, in millions, so that a busy machine tells the same; the median of five runs. */
function rate(messages, decode) {
  const runs = Array.from({ length: 5 }, () => {
    let count = 0;
    const before = process.cpuUsage();
    const end = performance.now() + (seconds * 1000) / 5;
    while (performance.now() < end) {
      for (let i = 0; i < 200; i++) for (const { bytes, envelope } of messages) decode(bytes, envelope);
      count += 200 * messages.length;
    }
    const { user, system } = process.cpuUsage(before);
    return count / (user + system);
  });
  return runs.sort((a, b) => a - b)[2];
}

console.log(`Node ${process.version} on ${cpus()[0]?.model}, millions of messages a second`);
console.log(`decode, the usual mix  ${rate(usual, decodeMessage).toFixed(2)}`);
console.log(`decode, every message  ${rate(all, decodeMessage).toFixed(2)}`);
console.log(`tree, the usual mix    ${rate(usual, decodeTree).toFixed(3)}`);
for (const one of usual) console.log(`  ${one.name.padEnd(24)} ${rate([one], decodeMessage).toFixed(2)}`);
