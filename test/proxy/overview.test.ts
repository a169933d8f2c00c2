import { expect, it } from 'vitest';
import { Overview } from '../../src/proxy/overview.ts';

it('says that records are lost until the recorder has caught up', () => {
  const overview = new Overview([], 'x.pcapng');
  const failing = (): string | undefined => overview.status.failing;
  expect(failing()).toBeUndefined();
  overview.hear({ type: 'recording-behind' }, 0);
  expect(failing()).toContain('messages pass unrecorded');
  overview.hear({ type: 'recording-caught-up', lost: 1 }, 0);
  expect(failing()).toBeUndefined();
});
