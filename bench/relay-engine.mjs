// The relay under test, in a process of its own: node relay-engine.mjs LISTEN CONNECT CAPTURE
import { startEngine } from '../dist/proxy/engine.js';

const [front, back, path] = process.argv.slice(2);
const engine = await startEngine(
  {
    pairs: [
      {
        name: 'bench',
        frontEnd: { role: 'listen', address: { path: front } },
        backEnd: { role: 'connect', address: { path: back } },
        // The load starts and ends its back-end for every run; a front socket that comes and goes would cost a race.
        waitBackEnd: true,
      },
    ],
    capture: { path },
    version: 'vhuscope bench',
  },
  event => {
    if (event.type === 'recorded') console.log(JSON.stringify(event));
  },
);
process.on('SIGTERM', () => void engine.stop().then(() => process.exit(0)));
console.log('ready');
