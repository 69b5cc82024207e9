DROP TRIGGER order_fills_audited ON order_fills;
DROP FUNCTION order_fills_take_out(text[]);
DROP TABLE fill_corrections;
