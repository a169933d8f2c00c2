/** How a pair reaches its two sides, as people write it: `listen:PATH`, `connect:PATH` or `fd:N`; abstract names as `@NAME`. */
import type { Address } from '../sys/socket.ts';
import { longestSocketPath } from '../sys/socket.ts';
import { UsageError } from './usage.ts';

/** One side of a pair: we listen and it connects, we connect and it listens, or an inherited descriptor of either kind. */
export type Endpoint =
  | { role: 'listen'; address: Address }
  | { role: 'connect'; address: Address }
  | { role: 'fd'; fd: number };

/** Reads a socket path, or `@NAME` for the abstract namespace; `./@NAME` is a path. Throws UsageError. */
export function parseAddress(text: string, what: string): Address {
  const abstract = text.startsWith('@');
  const name = abstract ? text.slice(1) : text;
  const bytes = Buffer.byteLength(name);
  if (bytes === 0) throw new UsageError(`${what}: a socket needs a path or a name`);
  if (bytes > longestSocketPath) {
    throw new UsageError(`${what}: '${text}' is ${bytes} bytes long, a socket's path may have ${longestSocketPath}`);
  }
  return abstract ? { abstract: name } : { path: name };
}

/** Reads an endpoint; a text without `listen:`, `connect:` or `fd:` takes the given role. Throws UsageError. */
export function parseEndpoint(text: string, what: string, otherwise?: 'listen' | 'connect'): Endpoint {
  const [, role, rest = ''] = /^(listen|connect|fd):(.*)$/s.exec(text) ?? [];
  if (role === 'fd') {
    if (!/^\d{1,7}$/.test(rest))
      throw new UsageError(`${what}: expected the number of a descriptor after fd:, not '${rest}'`);
    return { role, fd: Number(rest) };
  }
  if (role === 'listen' || role === 'connect') return { role, address: parseAddress(rest, what) };
  if (otherwise) return { role: otherwise, address: parseAddress(text, what) };
  throw new UsageError(`${what}: expected listen:PATH, connect:PATH or fd:N, not '${text}'`);
}

/** A name for a pair from a socket's path or name, fit for a capture and a file name. */
export function nameFrom(endpoint: Endpoint): string {
  if (endpoint.role === 'fd') return `fd${endpoint.fd}`;
  const { address } = endpoint;
  const last = 'path' in address ? (address.path.split('/').pop() ?? '') : address.abstract;
  const name = last.replace(/\.(sock|socket|s)$/, '').replace(/[^A-Za-z0-9_.-]+/g, '-');
  return name.replace(/^[.-]+/, '').slice(0, 32) || 'pair';
}
