import { describe, expect, it } from 'vitest';
import { loadSteps } from '../../../src/operations/migrations/scripts.ts';

/**
 * SHA-256 of up.sql and down.sql of every step that was released. Databases have them on record: a line is added with a
 * step and never changed.
 */
const RELEASED: Record<string, readonly [up: string, down: string]> = {
  'migrations/1_core_tables/01_core_tables': [
    '177198870ca141251d93da313333c8257310eb85c34a8c7107d38d8a53f0fab1',
    'e613728bac8afb9b9363522bb750d899e0bb4cf9eaeab01751f0aa0743bd1626',
  ],
  'migrations/2_positions_strategies/01_positions_strategies': [
    '65e7d09dc1b1148771c2307f5ff18d0464d277f3372070928970cee62e7bef4c',
    '1818c06375b85d3e8011c720fb8efb632de8911088431327a9d79dd7f1bc360b',
  ],
  'migrations/3_notifications_sessions/01_notifications_sessions': [
    '7d2ca64b1a1a2c939e9b10a9ba863d8b66b59a01927fe4b0a4f5a1003e6859b7',
    '3abdae85fe9a3c9c90ef3a1b83bdd05ba6cd8bd386319bd2c9554ce0a535d306',
  ],
  'migrations/4_risk_advanced/01_risk_advanced': [
    '5fc9eaa4107738876aba9e73a760cf97107c9abf0911ef8ec2a103749d3f9ed0',
    '6b2e91175fc0e9487f2cb5b1b3c84d57d73aff8f682575c6104dd5964fcdd41d',
  ],
  'migrations/4_risk_advanced/02_symbols_and_settings': [
    '9c968a1069a2c1124e27023154238d31fc15a0436e41f42e8ed552e26d5a9061',
    '1e174dfca7bb06ae3f5b224c590629064d5996156baeb02e31e9ed49e4bb2dea',
  ],
  'migrations/4_risk_advanced/03_guards': [
    '08c3fd69803fa4dfc692e8466af8504b6b42a98badc9d520cff25060dd75f250',
    '603d8c193f5a96c587efb630081ae128b99a8c48683c87d2a52f6bf11637de55',
  ],
  'migrations/4_risk_advanced/04_fill_corrections': [
    '4cdbf6f059979cf3b3545d6c3fbce3de9e49f6e207d73585a81cbb0653fdbb83',
    'ad6a04a3f51d0c2f321491d49f4aee73df31142772723bae868629ca39950af5',
  ],
  'migrations/4_risk_advanced/05_symbol_aliases': [
    'a4b3afb3b03235e89cf931390ceffebcda45cf2e84a19f837b5828abed4204f1',
    '2a017f59808f1964130801060b2087efe2bfbf12a654c87e71eff2f377dc6f98',
  ],
  'migrations/4_risk_advanced/06_other_writers': [
    'be0bee8473f817eb80d89b4e665466fe65a4932c9676564599064c95957ec313',
    'e634f68b147e506fe8818cadc5915a828409435856bff8d6ceda2f312c76d02a',
  ],
  'migrations/4_risk_advanced/07_adoption': [
    '0e4deb7193af76477776df24fea1b43be55eab1279fb063b86c78fcb0f62431f',
    'e70325d9f2a21e01dc9fb250809e2c79147bfe1d1b3c3930e9b3ca7b8c3a0d6e',
  ],
  'migrations/4_risk_advanced/08_broker': [
    '7020e19df512c833b977641d760079d99cb1e0ba8c474977eda6209b6cfe70c9',
    'd030149770c9eb122dd9d846aeb97da770576cb2b73471bccdcfe404ca3411bc',
  ],
  'migrations/4_risk_advanced/09_instruments': [
    '377310f6be5cc1e6023831cc1387ed1772a22935427906edbd961ae4bfad524c',
    '142ecd6df11ac0a396f73cfe84d3213b8fb4ffb7a5cb9b277cbef73c817bb7b1',
  ],
  'migrations/4_risk_advanced/10_paper': [
    'ad7bb43cf4412b8d943d11794380c7e9a182bc5719f32f672a6a53a3170fc28a',
    '3aa9ade7681d1aa569a4a70d1c1400d208e57c9b20dbf8344b04eb691cf455be',
  ],
  'migrations/4_risk_advanced/11_cash_flows': [
    '01f16de6d46ce9bb36acfb3ece7730d6f5bbeea926ed88e90fcee41c9e8f55fa',
    'a9d9e5ace40614df68182e928ca63d811351742b9bec68ae6eae9819f78b336b',
  ],
  'migrations/4_risk_advanced/12_equity_snapshots': [
    '0ca0a16755890f3e6b0242e01015bf72e07314fe55db345103493829b3ab375b',
    '42d73a06bb67e78feba18baf8dc8353bf3b309d85239482d179cd8e1661c52a9',
  ],
  'migrations/4_risk_advanced/13_corporate_actions': [
    'e94727a9977bfdece9a89e0840ac142210e58db0812343e59274067c760b5e50',
    '581ac8fd767a48ed93392d1531950169bcad041c2b4425096d862712b8f62ff6',
  ],
  'migrations/4_risk_advanced/14_alerts': [
    '42f56cee67682b2dea5e8d302bad44c353bf3fc76d6a6313b80b77a62ad45aed',
    '04d23f3d8de1727f8af51c18fc02a58207a0e264d18ec2a91f3f506e24df467b',
  ],
  'migrations/4_risk_advanced/15_alert_state': [
    '64ab00e84017a570c3571e526f836aa83e4bbc425495b4099c80d8451895bc26',
    '8b1515c88574feb5634f4a4134903bb0f06de247f7928a81ec0e861878de259e',
  ],
};

describe('the steps of the rollout', () => {
  it('are those that were released, byte for byte, and each has a line here', async () => {
    const steps = await loadSteps();
    const found = steps.map(({ up, down }) => [up.path.replace('/up.sql', ''), [up.sha256, down.sha256]]);
    expect(Object.fromEntries(found)).toEqual(RELEASED);
  });

  it('come after every earlier one: only the last phase has more than its first, which has the name of the phase', async () => {
    const steps = await loadSteps();
    expect(steps.filter(({ phase, step }) => phase < 4 && step > 1)).toEqual([]);
    for (const { step, name, up } of steps) if (step === 1) expect(up.path).toContain(`_${name}/01_${name}/`);
  });
});
