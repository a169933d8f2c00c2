// The relay under test, in a process of its own: node relay-engine.mjs LISTEN CONNECT CAPTURE [RULES.json]
import { readFileSync } from 'node:fs';
import { startEngine } from '../dist/proxy/engine.js';
import { armedRule } from '../dist/proxy/hold/rule.js';

const [front, back, path, rules] = process.argv.slice(2);
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
    rules: rules === undefined ? [] : JSON.parse(readFileSync(rules, 'utf8')).map(armedRule),
  },
  event => {
    if (event.type === 'recorded') console.log(JSON.stringify(event));
  },
);
process.on('SIGTERM', () => void engine.stop().then(() => process.exit(0)));
console.log('ready');
