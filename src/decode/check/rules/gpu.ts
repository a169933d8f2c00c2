/** The vhost-user-gpu protocol. */
import { readHeader, replyFlag } from '../../header.ts';
import type { Rule } from '../rule.ts';
import { isRequest as request } from '../step.ts';

const spec = 'Vhost-user-gpu Protocol';

const mostScanouts = 16;
const needs = { GPU_GET_EDID: ['EDID', 0], GPU_DMABUF_SCANOUT2: ['DMABUF2', 1] } as const;

/** Rules about the gpu channel. */
export const gpu: readonly Rule[] = [
  {
    id: 'GPU-01',
    name: 'gpu-header-flags',
    severity: 'note',
    condition: 'the flags of a message on the gpu channel are not 0, or on a reply not 4',
    spec,
    remedy: 'send 0 with requests and 4 with replies: there is no version on this channel',
    offenders: 'vhost-user-gpu of QEMU, whose GPU_UPDATE has uninitialised flags; the front-end of QEMU ignores them',
    confidence: 'observed',
    on: 'messages',
    only: ({ channel }) => channel === 'gpu',
    check: ({ message, frame }) => {
      const flags = readHeader(frame.bytes, 0, frame.context.bigEndian === true)?.flags;
      const expected = message.reply ? replyFlag : 0;
      return flags === undefined || flags === expected
        ? undefined
        : `${message.name}${message.reply ? ' reply' : ''} has flags 0x${flags.toString(16)}, expected ${expected}`;
    },
  },
  {
    id: 'GPU-02',
    name: 'gpu-features-not-offered',
    severity: 'warning',
    condition: 'GPU_SET_PROTOCOL_FEATURES has bits that were not offered',
    spec,
    remedy: 'acknowledge a subset of what the front-end offers',
    confidence: 'spec',
    on: ['GPU_SET_PROTOCOL_FEATURES'],
    check: step => {
      const { offered, accepted } = step.after.display;
      if (!request(step) || offered === undefined || accepted === undefined) return undefined;
      return (BigInt(accepted) & ~BigInt(offered)) !== 0n ? 'acknowledges what was not offered' : undefined;
    },
  },
  {
    id: 'GPU-03',
    name: 'gpu-feature-not-negotiated',
    severity: 'error',
    condition: 'GPU_GET_EDID without EDID, or GPU_DMABUF_SCANOUT2 without DMABUF2, among the offered features',
    spec,
    remedy: 'ask for the protocol features first',
    confidence: 'spec',
    on: ['GPU_GET_EDID', 'GPU_DMABUF_SCANOUT2'],
    check: step => {
      const need = needs[step.message.name as keyof typeof needs];
      const { offered } = step.before.display;
      if (!request(step) || offered === undefined) return undefined;
      return ((BigInt(offered) >> BigInt(need[1])) & 1n) === 0n ? `${need[0]} was not offered` : undefined;
    },
  },
  {
    id: 'GPU-04',
    name: 'gpu-scanout-id',
    severity: 'error',
    condition: `a scanout id of ${mostScanouts} or more`,
    spec,
    remedy: 'name a scanout that exists; QEMU answers nothing to a bad one, and the back-end waits for ever',
    confidence: 'observed',
    on: ['GPU_SCANOUT', 'GPU_UPDATE', 'GPU_DMABUF_SCANOUT', 'GPU_DMABUF_SCANOUT2', 'GPU_DMABUF_UPDATE', 'GPU_GET_EDID'],
    check: step => {
      const id = step.message.payload.scanout_id;
      return request(step) && id !== undefined && Number(id) >= mostScanouts ? `scanout ${String(id)}` : undefined;
    },
  },
  {
    id: 'GPU-05',
    name: 'gpu-update-size',
    severity: 'error',
    condition: 'GPU_UPDATE does not carry four bytes for each pixel of its rectangle',
    spec,
    remedy: 'send width × height pixels',
    confidence: 'spec',
    on: ['GPU_UPDATE'],
    check: step => {
      const { width, height } = step.message.payload;
      if (!request(step) || width === undefined || height === undefined) return undefined;
      const wanted = 20 + Number(width) * Number(height) * 4;
      return step.message.size !== wanted ? `${step.message.size} bytes, the rectangle needs ${wanted}` : undefined;
    },
  },
  {
    id: 'GPU-06',
    name: 'gpu-dmabuf-missing',
    severity: 'error',
    condition: 'a scanout that is not switched off (0×0) comes without the descriptor of its buffer',
    spec,
    remedy: 'send the buffer with GPU_DMABUF_SCANOUT, or a size of 0×0 to switch the scanout off',
    confidence: 'spec',
    on: ['GPU_DMABUF_SCANOUT', 'GPU_DMABUF_SCANOUT2'],
    check: step => {
      const { width, height, scanout_id } = step.message.payload;
      const count = step.frame.fdCount ?? step.frame.fds.length;
      if (!request(step) || step.frame.ctrunc || count > 0 || !width || !height) return undefined;
      return `scanout ${String(scanout_id)} of ${String(width)}×${String(height)} has no buffer`;
    },
  },
  {
    id: 'GPU-07',
    name: 'gpu-update-too-early',
    severity: 'error',
    condition: 'GPU_DMABUF_UPDATE although the one before has not been answered',
    spec,
    remedy: 'wait for the empty reply: it says that the buffer may be drawn to again',
    confidence: 'spec',
    on: ['GPU_DMABUF_UPDATE'],
    check: step => {
      const first = step.waiting.find(asked => asked.message.id === step.message.id);
      return request(step) && first
        ? { message: 'the update before still waits for its answer', records: [first.frame.n] }
        : undefined;
    },
  },
  {
    id: 'GPU-09',
    name: 'gpu-update-outside-scanout',
    severity: 'warning',
    condition: 'an update does not lie inside its scanout, where the size of that is known',
    spec,
    remedy: 'draw inside the scanout',
    confidence: 'inferred',
    on: ['GPU_UPDATE', 'GPU_DMABUF_UPDATE'],
    check: step => {
      const { scanout_id, x, y, width, height } = step.message.payload;
      const scanout = step.before.display.scanouts.get(Number(scanout_id ?? -1));
      if (!request(step) || !scanout || scanout.width === 0 || height === undefined) return undefined;
      const right = Number(x) + Number(width);
      const bottom = Number(y) + Number(height);
      return right > scanout.width || bottom > scanout.height
        ? `reaches ${right}×${bottom}, the scanout has ${scanout.width}×${scanout.height}`
        : undefined;
    },
  },
];
