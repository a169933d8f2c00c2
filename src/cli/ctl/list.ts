import { findEngines } from '../../control/client.ts';
import { plain } from '../../decode/plain.ts';
import { print, type Verb, who } from './verb.ts';

export const list: Verb = {
  usage: '',
  meaning: 'the engines that run',
  examples: [{ line: 'vhuscope ctl list', meaning: 'see which engines run' }],
  async alone(_args, flags) {
    const found = await findEngines(who(flags));
    print(found, flags, engines =>
      engines.map(engine =>
        plain(
          'hello' in engine
            ? `${engine.name}  ${engine.hello.version}, pid ${engine.hello.pid}, ${engine.path}`
            : `${engine.name}  does not answer: ${engine.problem}`,
        ),
      ),
    );
    if (found.length === 0 && !flags.json) process.stderr.write('vhuscope: no engine is running\n');
    return 0;
  },
};
