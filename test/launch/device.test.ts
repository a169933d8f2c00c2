import { describe, expect, it } from 'vitest';
import { deviceById, deviceBySocketName, deviceByWord } from '../../src/launch/device.ts';

describe('the device type', () => {
  it.each([
    ['/var/run/vm001-vhost-fs.sock', 26, "'fs'"],
    ['/tmp/virtiofsd.sock', 26, "'virtiofsd'"],
    ['/var/tmp/vhost-blk.0', 2, "'blk'"],
    ['/usr/local/var/run/openvswitch/dpdkvhostuserclient3', 1, "'dpdkvhostuserclient3'"],
    ['/run/user/1000/vhost-user-gpu/sock', 16, "'gpu'"],
    ['/tmp/net0', 1, "'net0'"],
    ['/tmp/i2c.sock', 34, "'i2c'"],
  ])('of a socket called %s is %i', (path, id, reason) => {
    expect(deviceBySocketName(path)).toMatchObject({ id, reason: `${reason} in the socket's name` });
  });

  it.each(['/tmp/x.sock', '/run/26/1', '/tmp/offset', ''])('of a socket called %j is not known', path => {
    expect(deviceBySocketName(path)).toBeUndefined();
  });

  it('is found by number, name or the word that a front-end uses', () => {
    expect(deviceByWord('26', 'r')).toEqual({ id: 26, name: 'fs', from: 'command-line', reason: 'r' });
    expect(deviceByWord('block', 'r')).toEqual({ id: 2, name: 'blk', from: 'command-line', reason: 'r' });
    expect(deviceByWord('video-decoder', 'r')?.id).toBe(31);
    expect(deviceById(999, 'r')).toEqual({ id: 999, name: '999', from: 'command-line', reason: 'r' });
    expect(deviceByWord('toaster', 'r')).toBeUndefined();
  });
});
