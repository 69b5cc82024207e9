import { LEVIES, type Levy } from './schedule.ts';

/** What contract notes call levies, in small letters and digits alone. */
const NAMES: Readonly<Record<Levy, RegExp>> = {
  brokerage: /^(total)?brokerage(charges?|amount)?$/,
  stt: /^(stt|ctt|sttctt|securit(y|ies)transactiontax)(charges?)?$/,
  transaction:
    /^(exchange|exch|nse|bse)?(transaction|txn|turnover)(charges?|fees?)?$|^exchange(charges?|fees?)$/,
  sebi: /^sebi(turnover)?(charges?|fees?)?$/,
  stamp: /^stamp(duty|charges?)?$/,
  ipft: /^(nse)?ipft(charges?|fees?)?$|^investorprotectionfund(trust)?(charges?|fees?)?$/,
  gst: /^[csiu]?(t)?gst$|^goodsandservicestax$/,
  dp: /^(dp|depository)(participant)?(charges?|fees?)?$/,
};

const plainName = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The levy that a contract note calls so, in whatever case and spelling; CGST, SGST and IGST are parts of GST. */
export function levyNamed(name: string): Levy | undefined {
  const plain = plainName(name);
  return LEVIES.find((levy) => NAMES[levy].test(plain));
}

/** The part of GST that a contract note calls so, such as cgst; undefined for GST as a whole and for other levies. */
export const gstPartNamed = (name: string): string | undefined => /^[a-z]+gst$/.exec(plainName(name))?.[0];
