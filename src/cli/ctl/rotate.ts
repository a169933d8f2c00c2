import { plain } from '../../decode/plain.ts';
import { print, type Verb } from './verb.ts';

export const rotate: Verb = {
  usage: '',
  meaning: 'have the recording go on in a new file, which can be read without the one before; needs --rotate',
  examples: [{ line: 'vhuscope ctl rotate', meaning: 'take away what was recorded so far, while it goes on' }],
  async run(engine, _args, flags) {
    print(await engine.request('rotate', {}), flags, ({ from, to }) => [plain(`${from} is finished, ${to} has begun`)]);
    return 0;
  },
};
