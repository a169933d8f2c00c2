/**
 * Words written into a capture that nobody records into any more: a `note` record behind its last block. What was there
 * stays as it is, byte for byte, and a file that takes no more or is torn is left alone.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Frame } from '../decode/frame.ts';
import { CaptureError } from './capture-error.ts';
import { writerOf } from './liveness.ts';
import { packetsOf } from './packet.ts';
import { linkTypeUpperPdu, optionCode } from './pcapng/blocks.ts';
import * as build from './pcapng/build.ts';
import type { NamedInterface, Section } from './section.ts';

/** What somebody has to say. */
export interface Words {
  readonly text: string;
  readonly author: string;
  /** Number of the record it is about; of none where absent. */
  readonly of?: number;
}

/** Where the file stands. */
export interface FileEnd {
  readonly path: string;
  /** Its length in bytes, all of them whole blocks. */
  readonly size: number;
  /** The section that the end lies in. */
  readonly section: Section;
}

const utf8 = new TextEncoder();

/**
 * Appends a note with a single write.
 *
 * @param like the record it is about, or one of the same recording
 * @param n the number of the new record
 * @throws CaptureError where the file cannot be written, is being recorded, or is not as `end` says
 */
export function appendNote(end: FileEnd, like: Frame, n: number, words: Words): void {
  const { path } = end;
  const writer = writerOf(path);
  if (writer.state !== 'gone') {
    const who =
      writer.state === 'alive' ? `process ${writer.pid} records into it` : 'somebody may still record into it';
    throw new CaptureError(`${path} takes no note: ${who}; attach and ctl note write notes while it runs`, path);
  }
  const bytes = blocksOf(end.section, noteFrame(like, n, words));
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  } catch (cause) {
    const hint = 'copy it, or save a part of it with w, and write notes there';
    throw CaptureError.from('cannot write a note into', path, cause, { EACCES: hint, EPERM: hint, EROFS: hint });
  }
  try {
    const { size } = fstatSync(fd);
    if (size !== end.size) throw new CaptureError(`${path} has changed meanwhile: try again`, path);
    const written = writeSync(fd, bytes);
    if (written === bytes.length) return;
    ftruncateSync(fd, size);
    throw new CaptureError(`cannot write a note into ${path}: the disk is full`, path);
  } catch (cause) {
    throw cause instanceof CaptureError ? cause : CaptureError.from('cannot write a note into', path, cause);
  } finally {
    closeSync(fd);
  }
}

/** The record: of no session, as a note that is written while the engine runs. */
function noteFrame({ captureId, pair, context }: Frame, n: number, { text, author, of }: Words): Frame {
  const bytes = utf8.encode(JSON.stringify({ event: 'note', text, ...(of !== undefined && { of }), author }));
  const wallNs = BigInt(Date.now()) * 1_000_000n;
  return {
    ...{ n, kind: 'event', pair, channel: 'main', session: 0, epoch: 0, wallNs, receivedNs: 0n, sentNs: 0n },
    ...{ bytes, wireLength: bytes.length, offset: 0, fds: [], context },
    ...(captureId !== undefined && { captureId }),
  };
}

/** Its packets, behind a section of their own where the last one has no place for them. */
function blocksOf(section: Section, frame: Frame): Uint8Array {
  const name = `${frame.pair}/${frame.channel}`;
  const known = section.littleEndian ? section.interfaces.findIndex(one => one.name === name && isOurs(one)) : -1;
  const head = known < 0 ? [build.sectionHeader(), build.interfaceDescription({ name })] : [];
  const packets = packetsOf(frame, Math.max(0, known)).map(({ head: { interfaceId, originalLength, flags }, packet }) =>
    build.enhancedPacket({
      ...{ interfaceId, timestamp: frame.wallNs, data: packet, originalLength },
      options: [
        build.u32Option(optionCode.packet.flags, flags),
        build.u64Option(optionCode.packet.packetId, BigInt(frame.n)),
      ],
    }),
  );
  return Buffer.concat([...head, ...packets]);
}

/** Whether an interface is described as ours are; tools that merge files may choose other units of time. */
function isOurs({ linkType, nsPerUnit, unitsPerNs, offsetNs }: NamedInterface): boolean {
  return linkType === linkTypeUpperPdu && nsPerUnit === 1n && unitsPerNs === 1n && offsetNs === 0n;
}
