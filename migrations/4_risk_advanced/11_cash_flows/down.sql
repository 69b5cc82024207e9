-- The capital stays as it is; why it is so is only in the audit log then.
DROP TABLE cash_flows;
