// What a small message costs the relay's thread, and what of that is system calls. Everything happens in one thread that
// never waits, so that other work on the machine disturbs little: the lower quartile of many short runs is shown.
// By hand: node bench/message.mjs [RUNS]   (takes about 10 seconds for 500 runs)
import { armedRule } from '../dist/proxy/hold/rule.js';
import { Recording } from '../dist/proxy/recording.js';
import { Relay } from '../dist/proxy/relay.js';
import { RingReader, RingWriter, ringMemory } from '../dist/proxy/ring.js';
import { monotonicNs } from '../dist/sys/clock.js';
import { Epoll, readiness } from '../dist/sys/epoll.js';
import { Memory, read, write } from '../dist/sys/libc.js';
import { socketPair } from '../dist/sys/socket.js';
import { metDescriptors, peekBytes, putEach, receive, send, sendEach, takeSeen } from '../dist/sys/transfer.js';

const runs = Number(process.argv[2] ?? 500);
const size = 20;
const room = new Memory(4096);

/** A message with 8 bytes of payload, all zero. */
function message(id, flags) {
  const memory = new Memory(size);
  memory.u32.set([id, flags, size - 12, 0, 0]);
  return memory;
}

/** A way from `a` to `b` through what `pass` does. */
function way(pass) {
  const [a, from] = socketPair();
  const [to, b] = socketPair();
  const epoll = new Epoll();
  epoll.add(from, readiness.in);
  const one = message(2, 1);
  return { steps: [[a, b, one]], turn: () => epoll.wait(0) && pass(from, to) };
}

/** Round trips through a relay with recording on, and rules that match nothing. */
function relay(rules) {
  const memory = ringMemory(1 << 22);
  const reader = new RingReader(memory);
  const made = new Relay(new Recording(new RingWriter(memory), 1n, () => {}), () => {});
  const side = { role: 'listen' };
  const kept = { waitBackEnd: false, preserveSegments: false, interpose: true, snapLength: {}, keepSecrets: false };
  const pair = made.addPair({ name: 'bench', frontEnd: side, backEnd: side, ...kept });
  made.ask('set-rules', { rules });
  const [front, ourFront] = socketPair();
  const [back, ourBack] = socketPair();
  pair.join(ourFront, ourBack);
  const steps = [
    [front, back, message(1, 1)],
    [back, front, message(1, 5)],
  ];
  const empty = () => {
    while (reader.next());
    reader.release();
  };
  return { steps, turn: () => made.turn(0), empty };
}

const hundred = Array.from({ length: 100 }, (_, i) =>
  armedRule({ name: `r${i}`, when: `size == ${i + 1000}`, do: [{ tamper: 'drop', settings: true }] }),
);
const kinds = {
  'the calls of the C relay: wait, header, payload, send, read that finds nothing': way((from, to) => {
    receive(from, room.address, 12);
    receive(from, room.address + 12, size - 12);
    send(to, room.address, size, []);
    receive(from, room.address, 12);
  }),
  'ours: wait, look, send, take, two readings of the clock': way((from, to) => {
    const seen = peekBytes(from, room.address, room.bytes.length);
    if (metDescriptors()) return;
    monotonicNs();
    putEach(0, room.address, seen);
    sendEach(to, 1);
    monotonicNs();
    takeSeen(from, room.address, seen);
  }),
  'the relay, recording': relay([]),
  'the relay, 100 filters that look into each message': relay(hundred),
};

/** Nanoseconds a message spends in the turn of what is measured. */
function run({ steps, turn, empty }, rounds) {
  let inside = 0;
  for (let i = 0; i < rounds; i++) {
    for (const [from, to, { address }] of steps) {
      write(from, address, size);
      const start = process.hrtime.bigint();
      turn();
      inside += Number(process.hrtime.bigint() - start);
      if (read(to, room.address, size) !== size) throw new Error('a message did not arrive');
    }
  }
  empty?.();
  return inside / rounds / steps.length;
}

const found = Object.fromEntries(Object.keys(kinds).map(name => [name, []]));
for (const kind of Object.values(kinds)) run(kind, 20_000);
for (let i = 0; i < runs; i++) for (const [name, kind] of Object.entries(kinds)) found[name].push(run(kind, 200));
console.log('| a message of 20 bytes | µs, lower quartile | least |\n|---|---|---|');
for (const [name, all] of Object.entries(found)) {
  all.sort((a, b) => a - b);
  const shown = [all[all.length >> 2], all[0]].map(ns => (ns / 1000).toFixed(2));
  console.log(`| ${[name, ...shown].join(' | ')} |`);
}
