-- Nothing here is money; what the book learned of it stays in the book.
DROP TABLE paper_trades;
DROP TABLE paper_orders;
