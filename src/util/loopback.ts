import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a host is this machine: `localhost` or a loopback address in any notation, also in the brackets of a URL. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  return family === 0
    ? bare.toLowerCase() === 'localhost'
    : LOOPBACK.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}
