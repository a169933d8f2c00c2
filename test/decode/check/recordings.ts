/** The real recordings of the corpus, and what rules find in a recording. */
import { join, resolve } from 'node:path';
import { readCapture } from '../../../src/capture/reader.ts';
import { Checker } from '../../../src/decode/check/check.ts';
import type { Finding, Rule } from '../../../src/decode/check/rule.ts';
import { rules as allRules } from '../../../src/decode/check/rules/index.ts';
import type { Payload } from '../../../src/decode/decode.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';

const folder = resolve(import.meta.dirname, '../../../captures');
const recordings = new Map<string, readonly Frame[]>();

/** The records of a capture of the corpus. */
export function recording(name: string): readonly Frame[] {
  const frames = recordings.get(name) ?? [...readCapture(join(folder, `${name}.pcapng`))];
  recordings.set(name, frames);
  return frames;
}

/** The payload of a request of the corpus, by its name; the first one, or the one behind so many others. */
export function payloadIn(name: string, request: string, behind = 0): Payload {
  const messages = recording(name)
    .filter(({ kind }) => kind === 'message')
    .map(frame => decodeFrame(frame));
  const found = messages.filter(message => message.name === request && !message.reply)[behind];
  if (found === undefined) throw new Error(`${name} has no ${request} behind ${behind} others`);
  return found.payload;
}

/** What rules find in a recording. */
export function findings(frames: readonly Frame[], rules: readonly Rule[] = allRules): Finding[] {
  const checker = new Checker(rules);
  return frames.flatMap(frame => {
    if (frame.kind === 'message') return checker.message(frame, decodeFrame(frame));
    if (frame.kind === 'raw') return checker.raw(frame);
    return frame.kind === 'event' ? checker.event(frame) : [];
  });
}

/** Findings as lines: severity, rule, words. */
export const sayings = (found: readonly Finding[]) =>
  found.map(({ rule, severity, message }) => `${severity} ${rule} ${message}`);
