import { type ControlClient, connectToEngine } from '../control/client.ts';
import { ControlError } from '../control/control-error.ts';
import type { Command } from './command.ts';
import { Failure } from './usage.ts';
import { assertTerminal, type ViewFlags, view, viewOptions } from './viewing.ts';

/** `vhuscope attach`: the terminal interface over what a running engine records. */
export const command: Command<ViewFlags> = {
  name: 'attach',
  summary: 'open the terminal interface on a running engine',
  about:
    'Opens the capture of a running proxy or run in the terminal and follows it. Notes are written into the capture. ' +
    'The engine does not depend on its viewers: quitting, a crash or a lost terminal leave it as it is.',
  arguments: [{ name: '[name]', meaning: 'the engine, by name or its socket; needed where several run' }],
  options: viewOptions,
  examples: [{ line: 'vhuscope attach vm1-fs', meaning: 'watch what the engine vm1-fs records' }],
  async run([name], flags) {
    assertTerminal('attach');
    const client = await connected(name);
    const { capture } = await client.request('status', {});
    if (capture.path === undefined) {
      client.close();
      throw new Failure(`${client.hello.name} keeps no capture: start it with -w FILE to look at what it records`);
    }
    const title = client.hello.name;
    const options = { paths: [capture.path], title, follow: true, engine: { client, owned: false } };
    return (await view(options, flags)).status;
  },
};

async function connected(name: string | undefined): Promise<ControlClient> {
  try {
    return await connectToEngine(name, { program: 'tui' });
  } catch (error) {
    if (error instanceof ControlError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}
