import { randomBytes } from 'node:crypto';
import { startStandIn } from './server.ts';
import { newTotpSecret } from './tokens.ts';

// A stand-in to practise with: `npm run broker:stand-in -- 8090 --trouble`. Orders fill by and by.

const port = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 8_090);
const trouble = process.argv.includes('--trouble');

const standIn = await startStandIn({
  port,
  otherwise: 'fill',
  advanceOnRead: false,
  enforceLimits: true,
  totpWindow: 1,
  seed: Date.now() % 1_000_000,
  chances: trouble
    ? {
        'empty-after': 0.05,
        'html-502': 0.05,
        'access-rate-after': 0.05,
        'reject-later': 0.1,
        partial: 0.3,
        'late-fill': 0.1,
      }
    : { partial: 0.3 },
});
const client = standIn.addClient({
  clientCode: 'PRACTICE1',
  apiKey: randomBytes(4).toString('hex'),
  pin: '1234',
  totpSecret: newTotpSecret(),
});
const timer = setInterval(() => standIn.book.advance(), 1_000);
const lines = [
  'This is not a broker: it is a stand-in on this machine, and no order leaves it.',
  `broker.url   ${standIn.url}`,
  `client code  ${client.clientCode}`,
  `API key      ${client.apiKey}`,
  `PIN          ${client.pin}`,
  `TOTP secret  ${client.totpSecret}`,
  'Orders move every second. Ctrl-C ends it.',
];
process.stdout.write(`${lines.join('\n')}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    clearInterval(timer);
    void standIn.stop();
  });
