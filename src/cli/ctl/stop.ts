import type { Verb } from './verb.ts';

export const stop: Verb = {
  usage: '',
  meaning: 'end the engine as a signal would: the connections are closed, the capture is written to its end',
  examples: [{ line: 'vhuscope ctl stop --name vm1-fs', meaning: 'end one of several engines' }],
  async run(engine) {
    await engine.request('stop', {});
    await engine.closed;
    return 0;
  },
};
