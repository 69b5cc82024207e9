import * as z from 'zod/mini';
import { defineCommand } from '../../cli/command.ts';
import { parsed, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { followFlags } from '../_shared/follow-flags.ts';
import { metricsFlags } from './flags.ts';

const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i;

/** `HOST:PORT`, where an IPv6 address stands in brackets. */
const address = z.pipe(
  z.string().check(z.regex(ADDRESS, { error: 'must be an address such as 127.0.0.1:9187 or [::1]:9187' })),
  z.pipe(
    z.transform((text: string) => {
      const [, inBrackets, plain = '', port] = ADDRESS.exec(text) ?? [];
      return { host: inBrackets ?? plain, port: Number(port) };
    }),
    z.object({ host: z.string(), port: z.number().check(z.maximum(65_535)) }),
  ),
);

export const serve = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  live: {},
  args: {},
  flags: {
    listen: withDefault(parsed(address, 'HOST:PORT', 'where it listens'), '127.0.0.1:9187'),
    ...metricsFlags,
    ...followFlags,
  },
  fields: { url: { type: 'text' } },
  examples: ['metrics serve', 'metrics serve --listen 127.0.0.1:9200 --by user'],
  details: `Answers GET /metrics with what metrics print prints, as OpenMetrics to a scraper that prefers it, and GET /healthz with "ok". It
answers with the newest reading, at most 30 seconds old, and reads the database in the background, five seconds after the last reading, until
nobody has asked for three minutes. While the database does not answer, pinnacle_scrape_success is 0 and it goes on. Prints its address
when it is ready; ends by Ctrl-C, SIGTERM, --for or --count. There is no login and no encryption: elsewhere than on this machine, put a
proxy in front of it. The embedded database is not for other commands while this runs.`,
  async run({ listen, by, ...span }, ctx: Context) {
    const { serveMetrics } = await import('../../operations/metrics/serve-metrics.ts');
    return serveMetrics(ctx, listen, by === 'user', span);
  },
});
