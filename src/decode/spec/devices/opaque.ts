/** Device types of which only the name is known here: no data, or none that peers were seen to use. */
import type { DeviceSpec } from './device.ts';

const named: readonly (readonly [id: number, name: string, title: string])[] = [
  [6, 'io_memory', 'ioMemory'],
  [7, 'rpmsg', 'rpmsg'],
  [10, 'wlan', 'mac80211 wireless'],
  [11, 'rproc_serial', 'remote processor serial'],
  [12, 'caif', 'CAIF'],
  [13, 'memory_balloon', 'memory balloon'],
  [21, 'signal', 'signal distribution'],
  [22, 'pstore', 'persistent store'],
  [33, 'nitro', 'nitro secure module'],
  [35, 'watchdog', 'watchdog'],
  [37, 'dmabuf', 'dma-buf'],
  [38, 'param_server', 'parameter server'],
  [39, 'audio_policy', 'audio policy'],
  [42, 'rdma', 'RDMA'],
  [43, 'camera', 'camera'],
  [44, 'ism', 'internal shared memory'],
  [46, 'tee', 'trusted execution environment'],
  [47, 'cpu_balloon', 'CPU balloon'],
  [49, 'usb', 'USB controller'],
];

/** Device types without feature bits and configuration space of their own. */
export const opaque: readonly DeviceSpec[] = named.map(([id, name, title]) => ({
  id,
  name,
  title,
  features: {},
  vrings: { fixed: [] },
}));
