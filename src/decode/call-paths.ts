/**
 * Which functions of QEMU send a message: from the device model down to the wire, by device and phase. Orientation for
 * a reader who wants to set a breakpoint; names are those of QEMU 10.2 and mostly hold from 8.0 on.
 */
import type { Phase } from './phase.ts';

/** One way by which QEMU comes to send a message. */
export interface CallPath {
  readonly messages: readonly string[];
  /** Device models for which it is so; all of them where absent. */
  readonly devices?: readonly string[];
  readonly phases?: readonly Phase[];
  /** Outermost function first. */
  readonly path: readonly string[];
}

/** How each device model starts and stops vhost. */
const starts: {
  readonly [device: string]: { realize: readonly string[]; start: readonly string[]; stop: readonly string[] };
} = {
  fs: {
    realize: ['vuf_device_realize', 'vhost_dev_init'],
    start: ['vuf_set_status', 'vuf_start', 'vhost_dev_start'],
    stop: ['vuf_set_status', 'vuf_stop', 'vhost_dev_stop'],
  },
  blk: {
    realize: [
      'vhost_user_blk_device_realize',
      'vhost_user_blk_realize_connect',
      'vhost_user_blk_connect',
      'vhost_dev_init',
    ],
    start: ['vhost_user_blk_set_status', 'vhost_user_blk_start', 'vhost_dev_start'],
    stop: ['vhost_user_blk_set_status', 'vhost_user_blk_stop', 'vhost_dev_stop'],
  },
  net: {
    realize: ['net_vhost_user_event', 'vhost_user_start', 'vhost_net_init', 'vhost_dev_init'],
    start: [
      'virtio_net_set_status',
      'virtio_net_vhost_status',
      'vhost_net_start',
      'vhost_net_start_one',
      'vhost_dev_start',
    ],
    stop: ['virtio_net_set_status', 'virtio_net_vhost_status', 'vhost_net_stop', 'vhost_dev_stop'],
  },
  gpu: {
    realize: ['vhost_user_gpu_device_realize', 'vhost_user_backend_dev_init', 'vhost_dev_init'],
    start: ['vhost_user_gpu_set_status', 'vhost_user_backend_start', 'vhost_dev_start'],
    stop: ['vhost_user_gpu_set_status', 'vhost_user_backend_stop', 'vhost_dev_stop'],
  },
};
const generic = {
  realize: ['vub_device_realize', 'vhost_dev_init'],
  start: ['vub_set_status', 'vub_start', 'vhost_dev_start'],
  stop: ['vub_set_status', 'vub_stop', 'vhost_dev_stop'],
};

/** What lies between the device model and the wire, by message; the first entry that fits is taken. */
const inner: readonly (CallPath & { readonly from: 'realize' | 'start' | 'stop' | 'itself' })[] = [
  {
    messages: ['GET_FEATURES', 'GET_PROTOCOL_FEATURES', 'SET_PROTOCOL_FEATURES', 'GET_QUEUE_NUM', 'GET_MAX_MEM_SLOTS'],
    phases: ['negotiation'],
    from: 'realize',
    path: ['vhost_user_backend_init'],
  },
  {
    messages: ['SET_BACKEND_REQ_FD'],
    from: 'realize',
    path: ['vhost_user_backend_init', 'vhost_setup_backend_channel'],
  },
  { messages: ['SET_OWNER'], from: 'realize', path: ['vhost_user_set_owner'] },
  {
    messages: ['SET_VRING_CALL', 'SET_VRING_ERR'],
    phases: ['negotiation'],
    from: 'realize',
    path: ['vhost_virtqueue_init', 'vhost_set_vring_file'],
  },
  {
    messages: ['GET_CONFIG'],
    devices: ['blk'],
    from: 'itself',
    path: ['vhost_user_blk_realize_connect', 'vhost_dev_get_config', 'vhost_user_get_config'],
  },
  { messages: ['GET_CONFIG'], from: 'itself', path: ['vhost_dev_get_config', 'vhost_user_get_config'] },
  { messages: ['SET_CONFIG'], from: 'itself', path: ['vhost_dev_set_config', 'vhost_user_set_config'] },
  {
    messages: ['SET_FEATURES'],
    phases: ['migration'],
    from: 'itself',
    path: ['vhost_log_global_start', 'vhost_migration_log', 'vhost_dev_set_log', 'vhost_dev_set_features'],
  },
  { messages: ['SET_FEATURES'], from: 'start', path: ['vhost_dev_set_features', 'vhost_user_set_features'] },
  {
    messages: ['SET_MEM_TABLE'],
    phases: ['memory'],
    from: 'itself',
    path: ['memory_region_transaction_commit', 'vhost_commit', 'vhost_user_set_mem_table'],
  },
  { messages: ['SET_MEM_TABLE'], from: 'start', path: ['vhost_user_set_mem_table'] },
  {
    messages: ['ADD_MEM_REG', 'REM_MEM_REG'],
    phases: ['memory'],
    from: 'itself',
    path: [
      'memory_region_transaction_commit',
      'vhost_commit',
      'vhost_user_set_mem_table',
      'vhost_user_add_remove_regions',
    ],
  },
  {
    messages: ['ADD_MEM_REG', 'REM_MEM_REG'],
    from: 'start',
    path: ['vhost_user_set_mem_table', 'vhost_user_add_remove_regions'],
  },
  {
    messages: ['SET_VRING_ADDR'],
    phases: ['migration'],
    from: 'itself',
    path: ['vhost_log_global_start', 'vhost_migration_log', 'vhost_dev_set_log', 'vhost_virtqueue_set_addr'],
  },
  {
    messages: ['SET_VRING_NUM', 'SET_VRING_BASE'],
    from: 'start',
    path: ['vhost_virtqueue_start', 'vhost_set_vring'],
  },
  {
    messages: ['SET_VRING_ADDR'],
    from: 'start',
    path: ['vhost_virtqueue_start', 'vhost_virtqueue_set_addr', 'vhost_user_set_vring_addr'],
  },
  { messages: ['SET_VRING_KICK'], from: 'start', path: ['vhost_virtqueue_start', 'vhost_set_vring_file'] },
  {
    messages: ['SET_VRING_CALL'],
    devices: ['net'],
    from: 'start',
    path: ['vhost_virtqueue_start', 'vhost_set_vring_file'],
  },
  {
    messages: ['SET_VRING_CALL'],
    devices: ['fs'],
    from: 'itself',
    path: ['vuf_guest_notifier_mask', 'vhost_virtqueue_mask', 'vhost_set_vring_file'],
  },
  {
    messages: ['SET_VRING_CALL'],
    from: 'itself',
    path: ['virtio_pci_one_vector_unmask', 'vhost_virtqueue_mask', 'vhost_set_vring_file'],
  },
  {
    messages: ['SET_VRING_ENABLE'],
    devices: ['net'],
    from: 'itself',
    path: ['virtio_net_set_queue_pairs', 'peer_attach', 'vhost_net_set_vring_enable', 'vhost_user_set_vring_enable'],
  },
  {
    messages: ['SET_VRING_ENABLE'],
    phases: ['stop'],
    from: 'stop',
    path: ['vhost_dev_set_vring_enable', 'vhost_user_set_vring_enable'],
  },
  {
    messages: ['SET_VRING_ENABLE'],
    from: 'start',
    path: ['vhost_dev_set_vring_enable', 'vhost_user_set_vring_enable'],
  },
  {
    messages: ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN'],
    from: 'stop',
    path: ['do_vhost_virtqueue_stop', 'vhost_user_get_vring_base'],
  },
  { messages: ['SET_STATUS', 'GET_STATUS'], phases: ['stop'], from: 'stop', path: ['vhost_user_reset_status'] },
  { messages: ['SET_STATUS', 'GET_STATUS'], from: 'start', path: ['vhost_user_add_status'] },
  {
    messages: ['SET_LOG_BASE'],
    from: 'itself',
    path: ['vhost_migration_log', 'vhost_dev_log_resize', 'vhost_user_set_log_base'],
  },
  {
    messages: ['SET_DEVICE_STATE_FD'],
    devices: ['fs'],
    from: 'itself',
    path: ['vuf_save_state', 'vhost_save_backend_state', 'vhost_user_set_device_state_fd'],
  },
  {
    messages: ['CHECK_DEVICE_STATE'],
    devices: ['fs'],
    from: 'itself',
    path: ['vuf_save_state', 'vhost_save_backend_state', 'vhost_user_check_device_state'],
  },
  {
    messages: ['GET_INFLIGHT_FD'],
    devices: ['blk'],
    from: 'itself',
    path: ['vhost_user_blk_start', 'vhost_dev_get_inflight', 'vhost_user_get_inflight_fd'],
  },
  {
    messages: ['SET_INFLIGHT_FD'],
    devices: ['blk'],
    from: 'itself',
    path: ['vhost_user_blk_start', 'vhost_dev_set_inflight', 'vhost_user_set_inflight_fd'],
  },
  {
    messages: ['RESET_DEVICE'],
    from: 'itself',
    path: ['virtio_reset', 'vhost_reset_device', 'vhost_user_reset_device'],
  },
  { messages: ['NET_SET_MTU'], from: 'itself', path: ['virtio_net_vhost_status', 'vhost_net_set_mtu'] },
  { messages: ['SEND_RARP'], from: 'itself', path: ['vhost_user_receive', 'vhost_user_migration_done'] },
  {
    messages: ['GPU_SET_SOCKET'],
    from: 'itself',
    path: ['vhost_user_gpu_set_status', 'vhost_user_gpu_do_set_socket', 'vhost_user_gpu_set_socket'],
  },
  {
    messages: ['IOTLB_MSG'],
    from: 'itself',
    path: ['vhost_device_iotlb_miss', 'vhost_user_send_device_iotlb_msg'],
  },
  {
    messages: ['POSTCOPY_ADVISE'],
    from: 'itself',
    path: ['vhost_user_postcopy_notifier', 'vhost_user_postcopy_advise'],
  },
  {
    messages: ['POSTCOPY_LISTEN'],
    from: 'itself',
    path: ['vhost_user_postcopy_notifier', 'vhost_user_postcopy_listen'],
  },
  { messages: ['POSTCOPY_END'], from: 'itself', path: ['vhost_user_postcopy_notifier', 'vhost_user_postcopy_end'] },
  {
    messages: ['CREATE_CRYPTO_SESSION'],
    from: 'itself',
    path: ['cryptodev_vhost_user_create_session', 'vhost_user_crypto_create_session'],
  },
];

/** The functions through which QEMU sends a request, outermost first; `undefined` where that is not known. */
export function callPath(message: string, phase: Phase, device: string | undefined): readonly string[] | undefined {
  const found = inner.find(
    one =>
      one.messages.includes(message) &&
      (one.devices === undefined || (device !== undefined && one.devices.includes(device))) &&
      (one.phases === undefined || one.phases.includes(phase)),
  );
  if (!found) return undefined;
  if (found.from === 'itself') return found.path;
  const model = (device === undefined ? undefined : starts[device]) ?? (device === undefined ? undefined : generic);
  const outer = model
    ? model[found.from]
    : { realize: ['vhost_dev_init'], start: ['vhost_dev_start'], stop: ['vhost_dev_stop'] }[found.from];
  return [...outer, ...found.path];
}
