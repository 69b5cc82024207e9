import { describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { giveRing } from '../../helpers/ring.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('before the step of the broker on $name', ({ open }) => {
  /** What an operator did before there was a broker. */
  async function works(db: TestDatabase): Promise<void> {
    const user = await given.user(db, 'u');
    await giveRing(db);
    await db.json(
      ...words(
        `order place --order-id o1 --user ${user} --symbol TCS --side BUY --quantity 10 --type LIMIT --price 100`,
      ),
    );
    await db.json(...words('order amend o1 --price 101'));
    await db.json(...words('order accept o1 --broker-order-id b1'));
    await db.json(...words('order fill o1 --quantity 10 --price 100'));
    expect(await db.json('order', 'list')).toMatchObject([{ order_id: 'o1', status: 'FILLED' }]);
    expect(await db.json('position', 'list')).toMatchObject([{ symbol: 'TCS', quantity: 10 }]);
    const set = words(`user credentials set ${user} --field broker_secret --secret-stdin`);
    expect((await db.cliWith({ stdin: '1234\n' }, ...set)).code).toBe(0);
    expect((await db.cli('user', 'credentials', 'verify', user)).code).toBe(0);
    const show = await db.cli('user', 'credentials', 'show', user);
    expect({ code: show.code, stdout: show.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('broker_secret'),
    });
    await db.json('doctor', 'ledger');
  }
  const BROKER = ['broker status', 'broker sync u', 'order send o1', 'reconcile orders u'];

  it('of phase 4 the book works, and what needs the broker names the step', async () => {
    const db = await open();
    try {
      await backToStep(db, 7);
      await works(db);
      for (const line of BROKER)
        await db.refused(line, {
          code: 5,
          error: 'PHASE_NEEDED',
          stderr: /(step 8 of phase 4|steps 8 broker)[\s\S]*pinnacle migrate up/,
        });
      await db.refused('broker paper run', {
        code: 5,
        error: 'PHASE_NEEDED',
        stderr: /step 10 of phase 4|10 paper/,
      });
      const totp = words('user credentials set u --field broker_totp --secret-stdin');
      await db.refused(
        totp,
        { code: 5, error: 'PHASE_NEEDED', stderr: 'pinnacle migrate up' },
        { stdin: 'JBSWY3DPEHPK3PXP\n' },
      );
    } finally {
      await db.close();
    }
  });

  it('in phase 3 the same, and the phase is named', async () => {
    const db = await open(3);
    try {
      await works(db);
      for (const line of BROKER)
        await db.refused(line, { code: 5, error: 'PHASE_NEEDED', stderr: 'pinnacle migrate up' });
    } finally {
      await db.close();
    }
  });
});
