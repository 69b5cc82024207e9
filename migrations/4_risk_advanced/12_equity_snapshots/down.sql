-- They can be made again: `report rebuild` with a file of closing prices.
DROP TABLE equity_snapshots;
