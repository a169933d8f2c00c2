/** How a played back-end answers the requests of a guest's driver, whose data it has not: with an error. Pure. */
import type { Device } from '../sys/device-rings.ts';

/** The refusals of one type of device. */
export interface Refusal {
  /** What becomes of a request, for people. */
  readonly says: string;
  /** What answers the requests of a ring; undefined for one that is left alone. */
  ofRing(ring: number): Device | undefined;
}

const always = (device: Device) => () => device;
/** VIRTIO_BLK_S_IOERR, virtio specification 5.2.6. */
const blockError = 1;
const fuseHeader = { size: 16, error: 4, unique: 8 } as const;
/** EIO, as FUSE has it. */
const inputOutputError = -5;

/** By virtio device id. */
const refusals: { readonly [device: number]: Refusal } = {
  // Packets are sent on odd rings; buffers for those that are received stay where they are.
  1: {
    says: 'packets of the guest are taken and dropped, and none is sent to it',
    ofRing: ring => (ring % 2 === 1 ? () => new Uint8Array(0) : undefined),
  },
  2: {
    says: 'requests of the guest are answered with an I/O error',
    ofRing: always((_, room) => {
      // The status is the last byte.
      const answer = new Uint8Array(room);
      if (room > 0) answer[room - 1] = blockError;
      return answer;
    }),
  },
  26: {
    says: 'requests of the guest are answered with an I/O error',
    ofRing: always((request, room) => {
      // What asks for no answer has no room for one.
      if (room < fuseHeader.size || request.length < fuseHeader.size) return new Uint8Array(0);
      const answer = new Uint8Array(fuseHeader.size);
      const view = new DataView(answer.buffer);
      view.setUint32(0, answer.length, true);
      view.setInt32(fuseHeader.error, inputOutputError, true);
      answer.set(request.subarray(fuseHeader.unique, fuseHeader.size), fuseHeader.unique);
      return answer;
    }),
  },
};

/** What is said of a device whose requests nobody answers. */
export const unserved = 'requests in the rings are not served: a driver that waits for one waits for ever';

/** How requests of a device are refused; undefined where nobody here knows how. */
export function refusalOf(device: number | undefined): Refusal | undefined {
  return device === undefined ? undefined : refusals[device];
}
