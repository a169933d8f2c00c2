/** What the readers of the front-ends' command lines hand to the rewriting: where a vhost-user socket is named. */
import type { DeviceGuess } from './device.ts';
import type { Edit } from './fields.ts';

/** A UNIX socket as a command line names it. */
export type Address =
  | { kind: 'path'; path: string }
  /** In the abstract namespace; `padded` when the name is filled up with NULs to 108 bytes (QEMU's tight=off). */
  | { kind: 'abstract'; name: string; padded: boolean }
  /** A descriptor that the front-end would inherit: a connected socket, or a listening one where the front-end listens. */
  | { kind: 'fd'; fd: number };

/** A command line, with the text of every configuration file it names, by the name it uses. */
export interface CommandLine {
  argv: readonly string[];
  files: ReadonlyMap<string, string>;
}

/** One place where a vhost-user socket is named. */
export interface Site {
  /** The option, for messages to people. */
  option: string;
  /** Name of the pair, not yet unique. */
  name: string;
  device?: DeviceGuess;
  address: Address;
  /** The front-end listens on the socket and the back-end connects to it. */
  frontEndListens: boolean;
  /** The text that holds it: the index of a word of the command line, or the name of a configuration file. */
  source: number | string;
  /** The edits of that text that put a socket path of ours in the place of the address. */
  edits(path: string): Edit[];
}

/** A family of front-ends: how its command line names vhost-user sockets. */
export interface FrontEnd {
  name: string;
  /** The options looked at, for the message that none was found. */
  options: string;
  /** Names of the configuration files that the command line refers to, each with the index of the word that does. */
  configFiles?(argv: readonly string[]): { file: string; index: number }[];
  /** Finds the sockets; throws RewriteError for one that is named but cannot be exchanged. */
  find(line: CommandLine): Site[];
}

/** A vhost-user socket that cannot be exchanged; the message names the option. */
export class RewriteError extends Error {
  override name = 'RewriteError';
}
