/**
 * The configuration file of `vhuscope proxy --config`: many pairs in one process. Checked as a whole before anything
 * starts; every complaint names the line.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { devices } from '../decode/spec/devices/index.ts';
import { deviceByWord } from '../launch/device.ts';
import { checkedYaml } from './checked-yaml.ts';
import { parseEndpoint } from './endpoint.ts';
import { byteSize, UsageError } from './usage.ts';

/** Makes a reader of command line texts usable on a value of the file: its UsageError becomes a complaint. */
function text<Result>(read: (text: string) => Result) {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    try {
      return read(String(value));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: error.message.replace(/^[^:]*: /, '') });
      return z.NEVER;
    }
  });
}

/** Reads a device type by name, word or virtio id; throws UsageError that lists the names. */
export function parseDevice(word: string): number {
  const device = deviceByWord(word, '');
  if (device) return device.id;
  throw new UsageError(
    `--device: '${word}' is neither a virtio device id nor one of ${devices.map(each => each.name).join(', ')}`,
  );
}

/** Reads an octal file mode such as 0660; throws UsageError. */
export function parseMode(mode: string): number {
  if (/^0?[0-7]{3}$/.test(mode)) return Number.parseInt(mode, 8);
  throw new UsageError(`--socket-mode: expected an octal mode such as 0660, not '${mode}'`);
}

const bytes = text(byteSize('size'));

const pair = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/, 'expected up to 32 letters, digits, dots, dashes and underscores')
    .optional(),
  'front-end': text(value => parseEndpoint(value, 'front-end')),
  'back-end': text(value => parseEndpoint(value, 'back-end')),
  device: text(parseDevice).optional(),
  'wait-back-end': z.boolean().optional(),
  'preserve-segments': z.boolean().optional(),
  interpose: z.boolean().optional(),
  snaplen: bytes.optional(),
  'keep-secrets': z.boolean().optional(),
  'socket-mode': text(parseMode).optional(),
  'socket-owner': z.string().optional(),
});

const schema = z.strictObject({
  write: z.string().optional(),
  rotate: z.literal('ctl').or(bytes).optional(),
  keep: z.int().positive().optional(),
  fsync: z.int().positive().optional(),
  'require-capture': z.boolean().optional(),
  pairs: z.array(pair).min(1, 'expected at least one pair'),
});

/** The keys of a configuration file and of each of its pairs, for the reference. */
export const configKeys = { file: Object.keys(schema.shape), pair: Object.keys(pair.shape) } as const;

/** A configuration file as it is written, with texts already read. */
export type Config = z.infer<typeof schema>;

/** Reads the text of a configuration file; throws UsageError with a line for every complaint: `file:line:column: …`. */
export function parseConfig(source: string, file: string): Config {
  return checkedYaml(source, file, schema).value;
}

/** Reads a configuration file; throws UsageError, or an error of the operating system where it cannot be read. */
export function readConfig(file: string): Config {
  return parseConfig(readFileSync(file, 'utf8'), file);
}
