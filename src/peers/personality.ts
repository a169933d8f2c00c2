/** What a simulated device does with a request that arrives through a ring: bytes in, bytes out, nothing else. */

import type { Device } from '../sys/device-rings.ts';

/** The kind of device, as data. */
export type Personality =
  /** A virtio block device of that many bytes, zero at first after what it begins with. */
  | { readonly kind: 'block'; readonly bytes: number; readonly begins?: Uint8Array }
  /** Writes back what it read. */
  | { readonly kind: 'echo' }
  /** Takes what it is given and writes nothing. */
  | { readonly kind: 'sink' };

/** Makes a device of that personality. */
export function createDevice(personality: Personality): Device {
  switch (personality.kind) {
    case 'block':
      return blockDevice(diskOf(personality.bytes, personality.begins));
    case 'echo':
      return (request, room) => request.slice(0, room);
    case 'sink':
      return () => new Uint8Array(0);
  }
}

/** Request types of a block device; virtio specification 5.2.6. */
export const blockRequest = { read: 0, write: 1, flush: 4, id: 8 } as const;
/** What the last byte of an answer says. */
const blockStatus = { ok: 0, error: 1, unsupported: 2 } as const;

const headerSize = 16;
const sectorSize = 512;
const idSize = 20;

function diskOf(bytes: number, begins: Uint8Array = new Uint8Array(0)): Uint8Array {
  const disk = new Uint8Array(bytes);
  disk.set(begins);
  return disk;
}

function blockDevice(disk: Uint8Array): Device {
  return (request, room) => {
    const answer = new Uint8Array(room);
    const end = (status: number) => {
      answer[room - 1] = status;
      return answer;
    };
    if (room < 1) return answer;
    if (request.length < headerSize) return end(blockStatus.error);
    const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
    const at = Number(view.getBigUint64(8, true)) * sectorSize;
    switch (view.getUint32(0, true)) {
      case blockRequest.read:
        if (at + room - 1 > disk.length) return end(blockStatus.error);
        answer.set(disk.subarray(at, at + room - 1));
        return end(blockStatus.ok);
      case blockRequest.write: {
        const data = request.subarray(headerSize);
        if (at + data.length > disk.length) return end(blockStatus.error);
        disk.set(data, at);
        return end(blockStatus.ok);
      }
      case blockRequest.flush:
        return end(blockStatus.ok);
      case blockRequest.id:
        answer.set(new TextEncoder().encode('vhuscope').subarray(0, Math.min(idSize, room - 1)));
        return end(blockStatus.ok);
      default:
        return end(blockStatus.unsupported);
    }
  };
}

/** The header of a block request: type, priority 0, first sector (of 512 bytes). */
export function blockHeader(type: number, sector: number): Uint8Array {
  const header = new Uint8Array(headerSize);
  const view = new DataView(header.buffer);
  view.setUint32(0, type, true);
  view.setBigUint64(8, BigInt(sector), true);
  return header;
}
