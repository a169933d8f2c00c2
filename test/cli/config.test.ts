import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';
import { nameFrom, parseEndpoint } from '../../src/cli/endpoint.ts';
import { UsageError } from '../../src/cli/usage.ts';

describe('an endpoint', () => {
  it.each([
    ['listen:/run/a:b', { role: 'listen', address: { path: '/run/a:b' } }, 'a-b'],
    ['connect:@name', { role: 'connect', address: { abstract: 'name' } }, 'name'],
    ['connect:./@name', { role: 'connect', address: { path: './@name' } }, 'name'],
    ['fd:7', { role: 'fd', fd: 7 }, 'fd7'],
    ['/run/vhost-fs.sock', { role: 'listen', address: { path: '/run/vhost-fs.sock' } }, 'vhost-fs'],
    ['listen:/...', { role: 'listen', address: { path: '/...' } }, 'pair'],
  ] as const)('%s', (text, endpoint, name) => {
    expect(parseEndpoint(text, 'x', 'listen')).toEqual(endpoint);
    expect(nameFrom(endpoint)).toBe(name);
  });

  it.each([
    ['fd:x', "--back-end: expected the number of a descriptor after fd:, not 'x'"],
    ['listen:', '--back-end: a socket needs a path or a name'],
    [`/${'a'.repeat(107)}`, '--back-end: expected listen:PATH, connect:PATH or fd:N'],
    [`listen:/${'a'.repeat(107)}`, `--back-end: '/${'a'.repeat(107)}' is 108 bytes long, a socket's path may have 107`],
    [`connect:@${'é'.repeat(54)}`, 'is 108 bytes long'],
  ])('%s is refused', (text, message) => {
    expect(() => parseEndpoint(text, '--back-end')).toThrow(UsageError);
    expect(() => parseEndpoint(text, '--back-end')).toThrow(message);
  });
});

describe('a configuration file', () => {
  it('is what the reference shows', () => {
    const reference = readFileSync(resolve(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    const example = /```yaml\n(.*?)```/s.exec(reference)?.[1] ?? '';
    expect(parseConfig(example, 'docs/cli.md').pairs.map(({ name }) => name)).toEqual(['vm1-fs', 'vm1-net']);
  });

  it('names many pairs', () => {
    const text = `
write: all.pcapng
rotate: 100M
pairs:
  - name: fs0
    front-end: listen:/run/fs.sock
    back-end: connect:/run/virtiofsd.sock
    device: fs
    socket-mode: "0660"
  - front-end: connect:/run/net.sock
    back-end: listen:@net
    interpose: false
    snaplen: 4K
`;
    expect(parseConfig(text, 'x.yaml')).toEqual({
      write: 'all.pcapng',
      rotate: 104_857_600,
      pairs: [
        {
          name: 'fs0',
          'front-end': { role: 'listen', address: { path: '/run/fs.sock' } },
          'back-end': { role: 'connect', address: { path: '/run/virtiofsd.sock' } },
          device: 26,
          'socket-mode': 0o660,
        },
        {
          'front-end': { role: 'connect', address: { path: '/run/net.sock' } },
          'back-end': { role: 'listen', address: { abstract: 'net' } },
          interpose: false,
          snaplen: 4096,
        },
      ],
    });
  });

  it.each([
    ['', ['x.yaml:1:1: pairs: is missing']],
    ['pairs: []', ['x.yaml:1:8: pairs: expected at least one pair']],
    ['pairs:\n  - front-end: listen:/a\n', ['x.yaml:2:5: pairs[1].back-end: is missing']],
    [
      'pairs:\n  - front-end: listen:/a\n    back-end: /b\n    device: toaster\n    colour: red\n',
      [
        "x.yaml:3:15: pairs[1].back-end: expected listen:PATH, connect:PATH or fd:N, not '/b'",
        "x.yaml:4:13: pairs[1].device: 'toaster' is neither a virtio device id nor one of ",
        "x.yaml:5:13: pairs[1]: unknown key 'colour'",
      ],
    ],
    ['pairs:\n\t- x', ['x.yaml:2:1: ']],
    ['rotate: [1]\npairs: 3\nkeep: 1.5', ['x.yaml:1:9: rotate: ', 'x.yaml:3:7: keep: ', 'x.yaml:2:8: pairs: ']],
  ])('%j is refused line by line', (text, complaints) => {
    const refuse = () => parseConfig(text, 'x.yaml');
    expect(refuse).toThrow(UsageError);
    for (const complaint of complaints) expect(refuse).toThrow(complaint);
  });
});
