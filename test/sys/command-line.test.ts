import { describe, expect, it } from 'vitest';
import { parseCommandLine, withoutSecrets } from '../../src/sys/command-line.ts';

describe('a command line', () => {
  it.each([
    ['qemu\0-name\0a b\0', ['qemu', '-name', 'a b']],
    ['x\0\0\x1b[31m\n\0', ['x', '', '\x1b[31m\n']],
    ['no end', ['no end']],
  ])('%j is cut into words', (bytes, words) => {
    expect(parseCommandLine(Buffer.from(bytes))).toEqual(words);
  });

  it.each([
    ['-object secret,id=s0,data=letmein,,2,format=raw', '-object secret,id=s0,data=***,format=raw'],
    ['-object {"qom-type":"secret","id":"s","data":"letmein"}', '-object {"qom-type":"secret","id":"s","data":"***"}'],
    ['-spice port=1,password=letmein,tls-port=2', '-spice port=1,password=***,tls-port=2'],
    ['-vnc :1,password=on', '-vnc :1,password=on'],
    ['-drive file=a,file.password-secret=s0,data=x', '-drive file=a,file.password-secret=s0,data=x'],
    ['back-end --token letmein --socket /s', 'back-end --token *** --socket /s'],
    ['back-end --api-key=letmein', 'back-end --api-key=***'],
  ])('%s is shown as %s', (given, shown) => {
    expect(withoutSecrets(given.split(' '))).toEqual(shown.split(' '));
  });
});
