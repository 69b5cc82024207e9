import type { Context } from '../../context.ts';
import { parseServerUrl } from '../../platform/postgres/server-url.ts';
import { describeProbe } from './choose-server.ts';
import { createMissing, describeMissing, findMissing } from './create-database.ts';
import { probeServer } from './probe-server.ts';

/**
 * Connects to a server without questions, after the role and the database that its URL names were made as the login of another
 * URL, if one is given. Throws what is wrong in the operator's words.
 */
export async function prepareServer(ctx: Context, url: string, admin: string | undefined): Promise<void> {
  const around = { insecureTls: ctx.globals.insecureTls === true, env: ctx.configSource.env };
  if (admin !== undefined) {
    const as = { ...around, url: admin };
    const missing = await findMissing(url, as);
    const what = describeMissing(missing);
    if (what !== undefined) {
      if (ctx.dryRun) return ctx.io.say(`Not made, as this is a dry run: ${what}.`);
      const { password } = parseServerUrl(url).config;
      await createMissing(
        missing,
        as,
        typeof password === 'string' && password !== '' ? password : undefined,
      );
      await ctx.io.say(`Made ${what}.`);
    }
  }
  for (const line of describeProbe(await probeServer({ ...around, url }))) await ctx.io.say(line);
}
