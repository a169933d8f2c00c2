import { plain } from '../../decode/plain.ts';
import { print, type Verb } from './verb.ts';

export const watch: Verb = {
  usage: '',
  meaning: "the engine's events as they happen, until it ends",
  examples: [{ line: 'vhuscope ctl watch --json', meaning: 'follow connections and holds with a program' }],
  async run(engine, _args, flags) {
    await engine.subscribe(event =>
      print(event, flags, ({ type, ...rest }) => [plain(`${type} ${JSON.stringify(rest)}`)]),
    );
    await engine.closed;
    return 0;
  },
};
