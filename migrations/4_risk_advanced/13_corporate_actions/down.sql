-- What actions made of positions stays; why a position is not the sum of its fills is only in the audit log then.
DROP TABLE corporate_action_effects;
DROP TABLE corporate_actions;
