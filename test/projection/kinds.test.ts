import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KIND_OF_ENTRY, KINDS } from '../../src/projection/kinds/list.ts';
import { servers } from '../helpers/databases.ts';

const FOLDER = 'src/projection/kinds';

describe('the kinds of things in Redis', () => {
  it('are all in the list', async () => {
    const files = readdirSync(FOLDER).filter((name) => !['kind.ts', 'list.ts'].includes(name));
    const modules = await Promise.all(files.map((name) => import(`../../${FOLDER}/${name}`)));
    expect(new Set(modules.flatMap((each) => Object.values(each)))).toEqual(new Set(KINDS));
  });

  it('are all in the documentation, and in the rights that it gives to the user of Redis', () => {
    const page = readFileSync('docs/realtime.md', 'utf8');
    const rights = page.slice(page.indexOf('ACL SETUSER'));
    for (const { keys, source } of KINDS) {
      for (const { name } of keys.filter((family) => family.row)) expect(page).toContain(`| \`${name}:{`);
      for (const { name } of keys) expect(rights).toContain(`~${name}:*`);
      if (source?.stream) expect(rights).toContain(`~${source.stream.name} `);
    }
  });

  it.each(servers)('are those that the outbox takes on $name', async ({ open }) => {
    const db = await open();
    try {
      const { rows } = await db.query(
        "SELECT pg_get_constraintdef(oid) AS check FROM pg_constraint WHERE conname = 'realtime_outbox_kind_known'",
      );
      const names = [...String(rows[0]?.['check']).matchAll(/'(\w+)'/g)].map(([, name]) => name);
      expect(names.sort()).toEqual(Object.keys(KIND_OF_ENTRY).sort());
    } finally {
      await db.close();
    }
  });
});
