-- Drops every alias of a symbol, and what is needed to take back merges.

DROP TABLE symbol_merges;
DROP TABLE symbol_aliases;
