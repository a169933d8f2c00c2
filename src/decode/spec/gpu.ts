/**
 * The vhost-user-gpu protocol, on the socket that GPU_SET_SOCKET passes; QEMU's "Vhost-user-gpu Protocol" text.
 * The back-end sends requests, the front-end replies. The header has no version; requests should have flags 0 and
 * replies 4, but back-ends are known to leave the flags of requests uninitialised, so the direction tells them apart.
 */
import type { MessageSpec, ReplyRule } from '../message-spec.ts';
import { nothing, struct } from '../schema.ts';

const never: ReplyRule = { when: 'never', shapes: [] };

const gpuFeatures = struct('gpu protocol features', 'features', {
  features: { kind: 'features', of: 'gpu', id: 'features', doc: 'vhost-user-gpu protocol features' },
});

const position = {
  scanout_id: { kind: 'u32', id: 'scanout', doc: 'scanout' },
  x: { kind: 'u32', id: 'x', doc: 'pixels from the left' },
  y: { kind: 'u32', id: 'y', doc: 'pixels from the top' },
} as const;
const extent = {
  width: { kind: 'u32', id: 'width', doc: 'pixels' },
  height: { kind: 'u32', id: 'height', doc: 'pixels' },
} as const;

/** 24 bytes: the header of virtio-gpu's control messages. */
const controlHeader = {
  type: { kind: 'u32', show: 'hex', id: 'ctrl.type', doc: 'virtio-gpu control type' },
  flags: { kind: 'u32', show: 'hex', id: 'ctrl.flags', doc: 'virtio-gpu control flags' },
  fence_id: { kind: 'u64', id: 'ctrl.fence', doc: 'fence' },
  ctx_id: { kind: 'u32', id: 'ctrl.ctx', doc: 'context' },
  ring_idx: { kind: 'u8', id: 'ctrl.ring', doc: 'ring of the context' },
  padding: { kind: 'pad', size: 3 },
} as const;

/** 24 bytes: one display. */
const display = struct('display', 'display', {
  x: position.x,
  y: position.y,
  width: extent.width,
  height: extent.height,
  enabled: { kind: 'u32', doc: 'connected' },
  flags: { kind: 'u32', show: 'hex', doc: 'reserved' },
});

/** 408 bytes. */
const displayInfo = struct('display info', 'display', {
  ...controlHeader,
  pmodes: { kind: 'array', count: 16, of: display, doc: 'the 16 displays' },
});

/** 12 bytes. */
const cursorPosition = struct('cursor position', 'cursor', position);

/** 16404 bytes: position, hot spot and 64×64 pixels. */
const cursorUpdate = struct('cursor update', 'cursor', {
  ...position,
  hot_x: { kind: 'u32', id: 'cursor.hot_x', doc: 'hot spot, pixels from the left' },
  hot_y: { kind: 'u32', id: 'cursor.hot_y', doc: 'hot spot, pixels from the top' },
  data: { kind: 'bytes', length: 16384, id: 'pixels', doc: '64×64 pixels, ARGB' },
});

/** 12 bytes. */
const scanout = struct('scanout', 'scanout', { scanout_id: position.scanout_id, ...extent });

/** 20 bytes and the pixels, four bytes each. */
const update = struct('update', 'update', {
  ...position,
  ...extent,
  data: { kind: 'bytes', length: 'rest', id: 'pixels', doc: 'XRGB pixels of the rectangle' },
});

/** 20 bytes. */
const dmabufUpdate = struct('dma-buf update', 'update', { ...position, ...extent });

const dmabuf = {
  ...position,
  ...extent,
  fd_width: { kind: 'u32', id: 'dmabuf.width', doc: 'pixels of the buffer' },
  fd_height: { kind: 'u32', id: 'dmabuf.height', doc: 'pixels of the buffer' },
  fd_stride: { kind: 'u32', id: 'dmabuf.stride', doc: 'bytes of a line' },
  fd_flags: { kind: 'u32', show: 'hex', id: 'dmabuf.flags', doc: 'flags' },
  fd_drm_fourcc: { kind: 'u32', show: 'hex', id: 'dmabuf.fourcc', doc: 'DRM pixel format' },
} as const;

/** 40 bytes. */
const dmabufScanout = struct('dma-buf scanout', 'dmabuf', dmabuf);

/** 48 bytes. */
const dmabufScanout2 = struct('dma-buf scanout with modifier', 'dmabuf', {
  ...dmabuf,
  modifier: { kind: 'u64', show: 'hex', doc: 'DRM format modifier' },
});

/** 4 bytes. */
const edidRequest = struct('EDID request', 'edid', { scanout_id: position.scanout_id });

/** 1056 bytes. */
const edidReply = struct('EDID', 'edid', {
  ...controlHeader,
  size: { kind: 'u32', doc: 'bytes of the EDID' },
  padding2: { kind: 'pad', size: 4 },
  edid: { kind: 'bytes', length: 1024, doc: 'the EDID' },
});

/** Requests of a vhost-user-gpu back-end, by number. */
export const gpu: readonly MessageSpec[] = [
  {
    name: 'GPU_GET_PROTOCOL_FEATURES',
    id: 1,
    payload: nothing,
    reply: { when: 'always', shapes: [{ payload: gpuFeatures }] },
    since: '4.1',
    doc: 'asks which vhost-user-gpu protocol features the front-end offers',
    spec: 'VHOST_USER_GPU_GET_PROTOCOL_FEATURES',
    retain: 'last',
  },
  {
    name: 'GPU_SET_PROTOCOL_FEATURES',
    id: 2,
    payload: gpuFeatures,
    reply: never,
    since: '4.1',
    doc: 'acknowledges vhost-user-gpu protocol features',
    spec: 'VHOST_USER_GPU_SET_PROTOCOL_FEATURES',
    retain: 'last',
  },
  {
    name: 'GPU_GET_DISPLAY_INFO',
    id: 3,
    payload: nothing,
    reply: { when: 'always', shapes: [{ payload: displayInfo }] },
    since: '4.1',
    doc: 'asks for the preferred display configuration',
    spec: 'VHOST_USER_GPU_GET_DISPLAY_INFO',
    telling: ['pmodes'],
    retain: 'last',
  },
  {
    name: 'GPU_CURSOR_POS',
    id: 4,
    payload: cursorPosition,
    reply: never,
    since: '4.1',
    doc: 'shows the cursor at a position',
    spec: 'VHOST_USER_GPU_CURSOR_POS',
    retain: 'last',
  },
  {
    name: 'GPU_CURSOR_POS_HIDE',
    id: 5,
    payload: cursorPosition,
    reply: never,
    since: '4.1',
    doc: 'hides the cursor',
    spec: 'VHOST_USER_GPU_CURSOR_POS_HIDE',
    retain: 'last',
  },
  {
    name: 'GPU_CURSOR_UPDATE',
    id: 6,
    payload: cursorUpdate,
    reply: never,
    since: '4.1',
    doc: 'changes the shape and position of the cursor',
    spec: 'VHOST_USER_GPU_CURSOR_UPDATE',
    telling: ['scanout_id', 'x', 'y', 'hot_x', 'hot_y'],
    retain: 'last',
  },
  {
    name: 'GPU_SCANOUT',
    id: 7,
    payload: scanout,
    reply: never,
    since: '4.1',
    doc: 'sets the size of a scanout, or disables it with 0×0',
    spec: 'VHOST_USER_GPU_SCANOUT',
    retain: ['per', 'scanout_id'],
  },
  {
    name: 'GPU_UPDATE',
    id: 8,
    payload: update,
    reply: never,
    since: '4.1',
    doc: 'draws a rectangle of pixels',
    spec: 'VHOST_USER_GPU_UPDATE',
    telling: ['scanout_id', 'x', 'y', 'width', 'height'],
    retain: ['per', 'scanout_id'],
  },
  {
    name: 'GPU_DMABUF_SCANOUT',
    id: 9,
    payload: dmabufScanout,
    fds: { count: ['up-to', 1], role: 'dmabuf', kinds: ['dmabuf'] },
    reply: never,
    since: '4.1',
    doc: 'shares a scanout as a dma-buf, or withdraws it',
    spec: 'VHOST_USER_GPU_DMABUF_SCANOUT',
    retain: ['per', 'scanout_id'],
  },
  {
    name: 'GPU_DMABUF_UPDATE',
    id: 10,
    payload: dmabufUpdate,
    reply: { when: 'always', shapes: [{ payload: nothing }] },
    since: '4.1',
    doc: 'a rectangle of the dma-buf has changed; the back-end waits until it was drawn',
    spec: 'VHOST_USER_GPU_DMABUF_UPDATE',
    retain: ['per', 'scanout_id'],
  },
  {
    name: 'GPU_GET_EDID',
    id: 11,
    payload: edidRequest,
    reply: { when: 'always', shapes: [{ payload: edidReply }] },
    since: '4.1',
    doc: 'asks for the EDID of a scanout',
    spec: 'VHOST_USER_GPU_GET_EDID',
    telling: ['scanout_id', 'size'],
  },
  {
    name: 'GPU_DMABUF_SCANOUT2',
    id: 12,
    payload: dmabufScanout2,
    fds: { count: ['up-to', 1], role: 'dmabuf', kinds: ['dmabuf'] },
    reply: never,
    since: '8.2',
    doc: 'shares a scanout as a dma-buf with a format modifier',
    spec: 'VHOST_USER_GPU_DMABUF_SCANOUT2',
    retain: ['per', 'scanout_id'],
  },
];
