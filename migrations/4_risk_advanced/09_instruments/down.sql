-- Both tables are copies of files that can be imported again.
DROP TABLE market_days;
DROP TABLE instruments;
