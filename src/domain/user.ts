import * as z from 'zod/mini';
import { plainLowerCase } from '../util/text.ts';

/** The risk tolerances of users. */
export const RISK_TOLERANCES = ['low', 'medium', 'high'] as const;
export type RiskTolerance = (typeof RISK_TOLERANCES)[number];

/** An e-mail address of at most 100 characters, in lower case so that one mailbox is one account. */
export const emailAddress = z.pipe(
  z.pipe(z.string().check(z.trim()), z.transform(plainLowerCase)),
  z
    .email({ error: 'must be an e-mail address' })
    .check(z.refine((value) => value.length <= 100, { error: 'must have at most 100 characters' })),
);
