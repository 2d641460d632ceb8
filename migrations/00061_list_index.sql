-- What lists ask for when there are millions of lines and hundreds of thousands of orders.

-- +goose Up
-- A deposit that came back stands in the next settlement as a kind of its amount.
CREATE INDEX line_block_amount ON line_block (amount, settlement_id) WHERE dimension = 'kind';
-- In which settlements a kind or a product stands.
CREATE INDEX line_block_ref ON line_block (ref, dimension);
-- Most records are delivered; lists ask for the others by state.
CREATE INDEX flow_record_undelivered ON flow_record (flow, state, id) INCLUDE (connection_id, waits, source_at) WHERE state <> 'delivered';
CREATE INDEX flow_record_delivered ON flow_record (connection_id, flow, delivered_at) WHERE state = 'delivered';
-- What is unsettled is a small part of all transactions, and is summed up on one page.
CREATE INDEX finance_transaction_unsettled ON finance_transaction (connection_id, currency, due_on) INCLUDE (status, total) WHERE settlement_id IS NULL AND NOT aside;
-- So is what is open on the receivable: in the order of its list, and summed up by cause and age.
DROP INDEX open_item_unpaid;
CREATE INDEX open_item_list ON open_item (order_id, currency, connection_id) WHERE state NOT IN ('paid', 'void');
CREATE INDEX open_item_sums ON open_item (connection_id, state, currency) INCLUDE (cause, difference, invoiced_on, tolerance) WHERE state NOT IN ('paid', 'void');
-- Open items of all connections, by age.
CREATE INDEX reconciliation_item_since ON reconciliation_item (name, since, id);

-- +goose Down
DROP INDEX reconciliation_item_since;
DROP INDEX open_item_sums;
DROP INDEX open_item_list;
CREATE INDEX open_item_unpaid ON open_item (connection_id, state, order_id, currency) WHERE state NOT IN ('paid', 'void');
DROP INDEX finance_transaction_unsettled;
DROP INDEX flow_record_delivered;
DROP INDEX flow_record_undelivered;
DROP INDEX line_block_ref;
DROP INDEX line_block_amount;
