package invariant

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Querier is a pool, or a transaction that looks at one moment.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// rule is a check in SQL: how many objects there are, and one sentence for
// each that breaks the rule.
type rule struct {
	name, sentence   string
	examined, broken string
}

func (r rule) run(ctx context.Context, db Querier) (Check, error) {
	c := Check{Name: r.name, Rule: r.sentence}
	if err := db.QueryRow(ctx, r.examined).Scan(&c.Examined); err != nil {
		return Check{}, fmt.Errorf("count: %w", err)
	}
	rows, err := db.Query(ctx, r.broken)
	if err != nil {
		return Check{}, fmt.Errorf("look: %w", err)
	}
	var sentence string
	_, err = pgx.ForEachRow(rows, []any{&sentence}, func() error {
		c.Broken++
		if len(c.Examples) < maxExamples {
			c.Examples = append(c.Examples, sentence)
		}
		return nil
	})
	if err != nil {
		return Check{}, fmt.Errorf("look: %w", err)
	}
	return c, nil
}

// beyondDraft are the states in which an entry's content is frozen.
const beyondDraft = `('submitted', 'approved', 'posting', 'posted', 'unknown', 'reversed')`

// rules recompute what the books must obey, numbered as in docs/invariants.md.
var rules = []rule{
	{"lines-sealed", "A settlement's lines are the ones it was imported with.",
		`SELECT count(*) FROM settlement`,
		`SELECT format('settlement %s: %s lines with a sum of %s are stored, %s with %s were sealed', s.amazon_id, coalesce(l.n, 0), coalesce(l.total, 0), s.line_count, s.line_sum)
		 FROM settlement s LEFT JOIN (SELECT settlement_id, count(*) AS n, sum(amount) AS total FROM settlement_line GROUP BY settlement_id) l ON l.settlement_id = s.id
		 WHERE coalesce(l.n, 0) <> s.line_count OR coalesce(l.total, 0) <> s.line_sum
		 UNION ALL
		 SELECT format('%s lines name settlement %s, which does not exist', count(*), l.settlement_id) FROM settlement_line l
		 WHERE NOT EXISTS (SELECT 1 FROM settlement s WHERE s.id = l.settlement_id) GROUP BY l.settlement_id`},
	{"rollups-agree", "Rollups carry every line of a settlement exactly.",
		`SELECT count(*) FROM rollup`,
		`WITH lines AS (
			SELECT l.settlement_id, l.kind_id, l.posted_on, l.fulfillment, count(*) AS n, sum(l.amount) AS total FROM settlement_line l GROUP BY 1, 2, 3, 4),
		 sums AS (
			SELECT r.settlement_id, r.kind_id, r.posted_on, r.fulfillment, sum(r.lines) AS n, sum(r.amount) AS total FROM rollup r WHERE r.correction_id = 0 GROUP BY 1, 2, 3, 4)
		 SELECT format('settlement %s, kind %s on %s: lines %s and %s, rollup %s and %s', settlement_id, kind_id, posted_on, l.n, l.total, r.n, r.total)
		 FROM lines l FULL JOIN sums r USING (settlement_id, kind_id, posted_on, fulfillment)
		 WHERE l.n IS DISTINCT FROM r.n OR l.total IS DISTINCT FROM r.total
		 UNION ALL
		 SELECT format('settlement %s, kind %s: blocks %s and %s, rollups %s and %s', settlement_id, kind_id, b.lines, b.amount, r.n, r.total)
		 FROM (SELECT settlement_id, ref AS kind_id, lines, amount FROM line_block WHERE dimension = 'kind') b
		 FULL JOIN (SELECT settlement_id, kind_id, sum(n) AS n, sum(total) AS total FROM sums GROUP BY 1, 2) r USING (settlement_id, kind_id)
		 WHERE b.lines IS DISTINCT FROM r.n OR b.amount IS DISTINCT FROM r.total`},
	{"sku-sums-agree", "Sums by SKU and month carry every line, and add up to the rollups.",
		`SELECT count(*) FROM sku_sum`,
		`WITH lines AS (
			SELECT l.settlement_id, date_trunc('month', l.posted_on)::date AS month, coalesce(l.product_id, 0) AS product_id, l.kind_id, count(*) AS n, sum(l.amount) AS total, coalesce(sum(l.quantity), 0) AS units
			FROM settlement_line l GROUP BY 1, 2, 3, 4)
		 SELECT format('settlement %s, %s, product %s, kind %s: lines %s and %s, sums %s and %s', settlement_id, month, product_id, kind_id, l.n, l.total, s.lines, s.amount)
		 FROM lines l FULL JOIN sku_sum s USING (settlement_id, month, product_id, kind_id)
		 WHERE l.n IS DISTINCT FROM s.lines OR l.total IS DISTINCT FROM s.amount OR l.units IS DISTINCT FROM s.quantity
		 UNION ALL
		 SELECT format('settlement %s, %s, kind %s: sums by SKU %s and %s, rollups %s and %s', settlement_id, month, kind_id, a.n, a.total, r.n, r.total)
		 FROM (SELECT settlement_id, month, kind_id, sum(lines) AS n, sum(amount) AS total FROM sku_amount GROUP BY 1, 2, 3) a
		 FULL JOIN (SELECT settlement_id, date_trunc('month', posted_on)::date AS month, kind_id, sum(lines) AS n, sum(amount) AS total FROM rollup GROUP BY 1, 2, 3) r USING (settlement_id, month, kind_id)
		 WHERE a.n IS DISTINCT FROM r.n OR a.total IS DISTINCT FROM r.total`},
	{"month-sums-agree", "Sums by month are the rollups, corrections included.",
		`SELECT count(*) FROM month_sum`,
		`SELECT format('settlement %s, %s, kind %s, group %L, %s: sums %s, %s units and %s, rollups %s, %s units and %s', settlement_id, month, kind_id, product_group, fulfillment, m.lines, m.quantity, m.amount, r.n, r.units, r.total)
		 FROM month_sum m FULL JOIN (SELECT settlement_id, date_trunc('month', posted_on)::date AS month, kind_id, product_group, fulfillment, sum(lines) AS n, sum(quantity) AS units, sum(amount) AS total
			FROM rollup GROUP BY 1, 2, 3, 4, 5) r USING (settlement_id, month, kind_id, product_group, fulfillment)
		 WHERE m.lines IS DISTINCT FROM r.n OR m.quantity IS DISTINCT FROM r.units OR m.amount IS DISTINCT FROM r.total`},
	{"unsettled-sums-agree", "Sums of what no settlement has yet are those of Amazon's transactions.",
		`SELECT count(*) FROM unsettled_sum`,
		`SELECT format('connection %s, %s, held %s, released %s: sums %s and %s, transactions %s and %s', connection_id, currency, held, due_on, s.transactions, s.total, t.n, t.amount)
		 FROM (SELECT connection_id, currency, held, due_on, transactions, total FROM unsettled_sum WHERE transactions <> 0 OR total <> 0) s
		 FULL JOIN (SELECT connection_id, currency, status = 'DEFERRED' AS held, CASE WHEN status = 'DEFERRED' THEN due_on ELSE '0001-01-01' END AS due_on, count(*) AS n, sum(total) AS amount
			FROM finance_transaction WHERE settlement_id IS NULL AND NOT aside GROUP BY 1, 2, 3, 4) t USING (connection_id, currency, held, due_on)
		 WHERE s.transactions IS DISTINCT FROM t.n OR s.total IS DISTINCT FROM t.amount`},
	{"changes-agree", "What a re-issue is kept to change is what its lines add up to otherwise.",
		`SELECT count(*) FROM line_comparison`,
		`SELECT format('settlement %s is kept to change its lines by %s; they changed by %s', c.settlement_id, c.total, s.line_sum - o.line_sum)
		 FROM line_comparison c JOIN settlement s ON s.id = c.settlement_id LEFT JOIN settlement o ON o.id = s.replaces_id
		 WHERE c.total IS DISTINCT FROM s.line_sum - o.line_sum
		 UNION ALL
		 SELECT format('settlement %s is kept to change %s sorts of line and has %s, which change it by %s', c.settlement_id, c.changes, l.n, l.total)
		 FROM line_comparison c CROSS JOIN LATERAL (SELECT count(*) AS n, coalesce(sum(x.lines * x.amount), 0) AS total FROM line_change x WHERE x.settlement_id = c.settlement_id) l
		 WHERE l.n > c.changes OR l.n = c.changes AND l.total <> c.total OR l.n < c.changes AND l.n < 500`},
	{"accruals-agree", "What is kept of an accrual beside settlements is what it rests on, and its accounts and orders differ by the same.",
		`SELECT count(*) FROM accrual_comparison`,
		`SELECT format('entry %s rests on %s transactions; %s are kept', e.reference, x.n, c.transactions)
		 FROM accrual_comparison c JOIN journal_entry e ON e.id = c.entry_id CROSS JOIN LATERAL (SELECT count(DISTINCT x.subject) AS n FROM journal_evidence x WHERE x.entry_id = e.id) x
		 WHERE e.status <> 'discarded' AND x.n <> c.transactions
		 UNION ALL
		 SELECT format('entry %s accrues %s; %s is kept', e.reference, x.amount, d.accrued)
		 FROM accrual_comparison c JOIN journal_entry e ON e.id = c.entry_id CROSS JOIN LATERAL (SELECT coalesce(sum(x.amount), 0) AS amount FROM journal_evidence x WHERE x.entry_id = e.id) x
		 CROSS JOIN LATERAL (SELECT coalesce(sum(d.accrued), 0) AS accrued FROM accrual_difference d WHERE d.entry_id = e.id AND NOT d.of_order) d
		 WHERE e.entry_type = 'accrual' AND e.status <> 'discarded' AND x.amount <> d.accrued
		 UNION ALL
		 SELECT format('entry %s: its accounts differ by %s, its orders by %s; %s of %s are kept', e.reference, d.accounts, d.orders, d.n, c.differing)
		 FROM accrual_comparison c JOIN journal_entry e ON e.id = c.entry_id CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.of_order) AS n,
			coalesce(sum(d.settled - d.accrued + d.open) FILTER (WHERE NOT d.of_order), 0) AS accounts, coalesce(sum(d.settled - d.accrued + d.open) FILTER (WHERE d.of_order), 0) AS orders
			FROM accrual_difference d WHERE d.entry_id = c.entry_id) d
		 WHERE d.n <> c.differing OR d.accounts <> d.orders`},
	{"settlement-ties-out", "No entry is submitted from a settlement whose lines do not add up to its deposit.",
		`SELECT count(*) FROM settlement`,
		`SELECT format('settlement %s is out of balance by %s and entry %s is %s', s.amazon_id, b.difference, e.reference, e.status)
		 FROM settlement s JOIN settlement_balance b ON b.settlement_id = s.id JOIN journal_entry e ON e.settlement_id = s.id
		 WHERE b.difference <> 0 AND e.entry_type = 'settlement' AND e.status IN ` + beyondDraft},
	{"entry-balances", "Debits equal credits in both currencies, and the totals agree with the lines.",
		`SELECT count(*) FROM journal_entry WHERE status <> 'discarded'`,
		`SELECT format('entry %s: debits %s, credits %s, functional debits %s, credits %s, totals %s and %s', e.reference, sum(l.debit), sum(l.credit),
			sum(l.functional_debit), sum(l.functional_credit), e.total, e.functional_total)
		 FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id WHERE e.status <> 'discarded' GROUP BY e.id
		 HAVING sum(l.debit) <> sum(l.credit) OR sum(l.functional_debit) <> sum(l.functional_credit)
			OR sum(l.debit) <> e.total OR sum(l.functional_debit) <> e.functional_total`},
	{"lines-carried-once", "The entries of a settlement carry every line exactly once, and clearing carries the deposit.",
		`SELECT count(DISTINCT settlement_id) FROM journal_entry WHERE entry_type = 'settlement' AND status IN ` + beyondDraft,
		`WITH started AS (
			SELECT DISTINCT e.settlement_id FROM journal_entry e JOIN settlement s ON s.id = e.settlement_id AND s.replaced_at IS NULL
			WHERE e.entry_type = 'settlement' AND e.status IN ('submitted', 'approved', 'posting', 'posted', 'unknown')),
		 live AS (
			SELECT * FROM journal_entry WHERE entry_type = 'settlement' AND status NOT IN ('reversed', 'discarded')),
		 carried AS (
			SELECT x.settlement_id, x.kind_id, x.posted_on, x.product_group, x.fulfillment, x.correction_id, count(*) AS times, sum(x.lines) AS lines, sum(x.amount) AS amount
			FROM journal_source x JOIN live e ON e.id = x.entry_id JOIN started b ON b.settlement_id = x.settlement_id GROUP BY 1, 2, 3, 4, 5, 6)
		 SELECT format('settlement %s, kind %s on %s: %s lines and %s are carried %s times as %s and %s', r.settlement_id, r.kind_id, r.posted_on, r.lines, r.amount,
			coalesce(c.times, 0), coalesce(c.lines, 0), coalesce(c.amount, 0))
		 FROM rollup r JOIN started USING (settlement_id)
		 LEFT JOIN carried c USING (settlement_id, kind_id, posted_on, product_group, fulfillment, correction_id)
		 WHERE c.times IS DISTINCT FROM 1 OR c.lines <> r.lines OR c.amount <> r.amount
		 UNION ALL
		 SELECT format('settlement %s: clearing carries %s, the deposit is %s', s.amazon_id, sum(e.clearing), s.deposit)
		 FROM live e JOIN started b ON b.settlement_id = e.settlement_id JOIN settlement s ON s.id = e.settlement_id
		 GROUP BY s.id HAVING sum(e.clearing) <> s.deposit
		 UNION ALL
		 SELECT format('entry %s: its clearing lines carry %s, it says %s', e.reference, sum(l.debit - l.credit) FILTER (WHERE l.clearing), e.clearing)
		 FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id WHERE e.status <> 'discarded'
		 GROUP BY e.id HAVING coalesce(sum(l.debit - l.credit) FILTER (WHERE l.clearing), 0) <> e.clearing
		 UNION ALL
		 SELECT format('entry %s, line %s: it is %s, its amounts are %s', e.reference, l.line_no, l.credit - l.debit, coalesce(sum(x.amount), 0))
		 FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id LEFT JOIN journal_source x ON x.entry_id = l.entry_id AND x.line_no = l.line_no
		 WHERE e.entry_type = 'settlement' AND e.status <> 'discarded' AND NOT l.clearing AND l.category <> 'rounding'
		 GROUP BY e.id, l.entry_id, l.line_no, l.credit, l.debit HAVING l.credit - l.debit <> coalesce(sum(x.amount), 0)`},
	{"evidence-adds-up", "Each line of an entry that is not made of settlement lines is the sum of its evidence, and what reverses it on its day mirrors it.",
		`SELECT count(*) FROM journal_entry WHERE subject <> '' AND status <> 'discarded'`,
		`SELECT format('entry %s, line %s: it is %s, its evidence is %s', e.reference, l.line_no, l.credit - l.debit, coalesce(x.amount, 0))
		 FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
		 LEFT JOIN LATERAL (SELECT sum(v.amount) AS amount FROM journal_evidence v WHERE v.entry_id = l.entry_id AND v.line_no = l.line_no) x ON true
		 WHERE e.subject <> '' AND e.status <> 'discarded' AND NOT l.clearing AND l.category <> 'rounding' AND l.credit - l.debit <> coalesce(x.amount, 0)
		 UNION ALL
		 SELECT format('entry %s ends an entry before its day, or one that has none', r.reference)
		 FROM journal_entry r JOIN journal_entry e ON e.id = r.reverses_id WHERE r.scheduled AND r.status <> 'discarded' AND (r.entry_on >= e.reverse_on) IS NOT TRUE`},
	{"cost-counted-once", "Units that settlements shipped and that came back are counted once, stand in one live entry at most, and each cost entry is quantity times cost of what it carries.",
		`SELECT count(*) FROM cost_move`,
		`WITH told AS (
			SELECT k.id FROM kind k WHERE regexp_replace(lower(k.transaction_type), '[ _-]', '', 'g') = 'order' AND regexp_replace(lower(k.amount_type), '[ _-]', '', 'g') = 'itemprice'
				AND regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') = 'principal' AND regexp_replace(lower(k.marketplace), '[ _-]', '', 'g') NOT LIKE 'nonamazon%'),
		 shipped AS (
			SELECT l.settlement_id, p.sku, l.posted_on, sum(l.quantity * CASE WHEN k.sign < 0 THEN -1 ELSE 1 END) AS quantity
			FROM settlement_line l JOIN kind k ON k.id = l.kind_id JOIN product p ON p.id = l.product_id
			WHERE l.settlement_id IN (SELECT settlement_id FROM cost_reading) AND l.kind_id = ANY (ARRAY(SELECT id FROM told)) AND l.fulfillment = 'AFN' AND l.quantity > 0 AND p.sku <> '' GROUP BY 1, 2, 3),
		 counted AS (
			SELECT n.settlement_id, m.sku, m.on_day AS posted_on, sum(m.quantity) AS quantity FROM cost_count n JOIN cost_move m ON m.count_id = n.id WHERE n.settlement_id IS NOT NULL GROUP BY 1, 2, 3)
		 SELECT format('settlement %s, %s on %s: %s units were shipped, %s are counted', settlement_id, sku, posted_on, coalesce(s.quantity, 0), coalesce(c.quantity, 0))
		 FROM shipped s FULL JOIN counted c USING (settlement_id, sku, posted_on) WHERE s.quantity IS DISTINCT FROM c.quantity
		 UNION ALL
		 SELECT format('count %s says %s shipped, %s returned and %s kept, its units are %s, %s and %s', n.id, n.shipped, n.returned, n.kept, m.shipped, m.returned, m.kept)
		 FROM cost_count n CROSS JOIN LATERAL (SELECT coalesce(sum(x.quantity) FILTER (WHERE x.record_id IS NULL), 0) AS shipped, coalesce(-sum(x.quantity) FILTER (WHERE x.record_id IS NOT NULL), 0) AS returned,
			coalesce(sum(x.kept), 0) AS kept, count(*) FILTER (WHERE x.quantity <> 0) AS moves FROM cost_move x WHERE x.count_id = n.id) m
		 WHERE (n.shipped, n.returned, n.kept, n.moves) <> (m.shipped, m.returned, m.kept, m.moves)
		 UNION ALL
		 SELECT format('units of %s on %s stand in %s live entries', m.sku, m.on_day, count(*)) FROM cost_move m JOIN cost_carried x ON x.move_id = m.id JOIN journal_entry e ON e.id = x.entry_id
		 WHERE e.status NOT IN ('reversed', 'discarded') GROUP BY m.id HAVING count(*) > 1
		 UNION ALL
		 SELECT format('entry %s, %s: %s units at %s are %s, %s units with %s stand in its lines', e.reference, p.sku, m.quantity, p.unit_cost, p.amount, v.quantity, v.amount)
		 FROM journal_entry e JOIN cost_piece p ON p.entry_id = e.id
		 LEFT JOIN LATERAL (SELECT sum(m.quantity) AS quantity FROM cost_carried x JOIN cost_move m ON m.id = x.move_id WHERE x.entry_id = p.entry_id AND x.seq = p.seq) m ON true
		 LEFT JOIN LATERAL (SELECT -v.amount AS amount, v.quantity FROM journal_evidence v JOIN journal_line l ON l.entry_id = v.entry_id AND l.line_no = v.line_no
			WHERE v.entry_id = p.entry_id AND v.seq = p.seq AND l.category = 'cost') v ON true
		 WHERE e.status <> 'discarded' AND ((p.quantity, p.amount) IS DISTINCT FROM (m.quantity, v.amount) OR p.quantity IS DISTINCT FROM v.quantity OR p.amount <> round(p.quantity * p.unit_cost, p.digits))
		 UNION ALL
		 SELECT format('entry %s is of a report that was re-issued, and so is %s of the new one', o.reference, e.reference)
		 FROM journal_entry e JOIN cost_entry n ON n.entry_id = e.id JOIN cost_count c ON c.id = n.count_id JOIN settlement s ON s.id = c.settlement_id
		 JOIN settlement b ON b.connection_id = s.connection_id AND b.amazon_id = s.amazon_id AND b.id < s.id JOIN cost_count bc ON bc.settlement_id = b.id JOIN cost_entry bn ON bn.count_id = bc.id JOIN journal_entry o ON o.id = bn.entry_id
		 WHERE e.status NOT IN ('draft', 'reversed', 'discarded') AND o.status NOT IN ('reversed', 'discarded')`},
	{"four-eyes", "Nobody approves or publishes what that person prepared.",
		`SELECT (SELECT count(*) FROM approval) + (SELECT count(*) FROM rule_set WHERE published_by IS NOT NULL) + (SELECT count(*) FROM settlement_correction) + (SELECT count(*) FROM period_close)`,
		`SELECT DISTINCT format('entry %s was prepared and approved by %s', e.reference, p.name)
		 FROM approval a JOIN journal_entry e ON e.id = a.entry_id JOIN person p ON p.id = a.person_id
		 WHERE a.voided_at IS NULL AND (a.person_id = e.submitted_by
			OR EXISTS (SELECT 1 FROM journal_preparer x WHERE x.entry_id = a.entry_id AND x.person_id = a.person_id))
		 UNION ALL
		 SELECT format('rule set %s was prepared and published by %s', r.number, p.name)
		 FROM rule_set r JOIN person p ON p.id = r.published_by
		 WHERE NOT r.extension AND (r.published_by IN (r.created_by, r.submitted_by)
			OR EXISTS (SELECT 1 FROM rule_set_editor x WHERE x.rule_set_id = r.id AND x.person_id = r.published_by))
		 UNION ALL
		 SELECT format('correction %s was written and approved by one person', c.id) FROM settlement_correction c WHERE c.approved_by = c.written_by
		 UNION ALL
		 SELECT format('period %s-%s was prepared and closed by one person', c.fiscal_year, c.period) FROM period_close c WHERE c.state IN ('closed', 'reopened') AND c.decided_by = c.requested_by`},
	{"closed-period", "Nothing of a closed period moved since: no entry was drafted, submitted, approved or posted in it after its close.",
		`SELECT count(*) FROM period_close WHERE state = 'closed'`,
		`SELECT format('entry %s is %s in period %s-%s, which was closed on %s', e.reference, e.status, e.fiscal_year, e.period, c.decided_at)
		 FROM period_close c JOIN journal_entry e ON e.connection_id = c.connection_id AND e.fiscal_year = c.fiscal_year AND e.period = c.period
		 WHERE c.state = 'closed' AND (e.submitted_at > c.decided_at OR e.approved_at > c.decided_at OR e.posted_at > c.decided_at)
		 UNION ALL
		 SELECT format('the checklist of the close of period %s-%s is not the one that was asked for', c.fiscal_year, c.period) FROM period_close c
		 WHERE c.checklist_hash <> sha256(convert_to(c.checklist, 'UTF8'))`},
	{"approved-content", "What was approved is what stands in the entry, with as many approvals as the policy asks.",
		`SELECT count(*) FROM journal_entry WHERE status IN ` + beyondDraft,
		`SELECT format('entry %s is %s and its content is not what was submitted', e.reference, e.status) FROM journal_entry e
		 WHERE e.status IN ` + beyondDraft + ` AND e.content_hash IS DISTINCT FROM journal_hash(e.id)
		 UNION ALL
		 SELECT format('entry %s is %s without an approval of its content', e.reference, e.status) FROM journal_entry e
		 WHERE e.status IN ('approved', 'posting', 'posted', 'unknown', 'reversed') AND NOT e.scheduled
		   AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.entry_id = e.id AND a.voided_at IS NULL AND a.content_hash = e.content_hash)`},
	{"posted-once", "An entry reaches P21 at most once, and its number is the one that P21 gave.",
		`SELECT count(*) FROM journal_entry WHERE status IN ('posted', 'reversed')`,
		`SELECT format('P21 number %s of %s stands on %s entries', p21_number, company, count(*)) FROM journal_entry WHERE p21_number <> ''
		 GROUP BY company, p21_number HAVING count(*) > 1
		 UNION ALL
		 SELECT format('entry %s is %s as %s, its message says %s %s', e.reference, e.status, e.p21_number, coalesce(m.state, 'nothing'), coalesce(m.remote_key, ''))
		 FROM journal_entry e LEFT JOIN outbound_message m ON m.kind = 'journal_entry' AND m.target = e.company AND m.reference = e.reference
		 WHERE e.status IN ('posted', 'reversed') AND (m.id IS NULL OR m.state <> 'confirmed' OR m.remote_key <> e.p21_number)
		 UNION ALL
		 SELECT format('message %s is confirmed as %s, its entry is %s', m.reference, m.remote_key, coalesce(e.status, 'missing'))
		 FROM outbound_message m LEFT JOIN journal_entry e ON e.company = m.target AND e.reference = m.reference
		 WHERE m.kind = 'journal_entry' AND m.state = 'confirmed' AND coalesce(e.status, '') NOT IN ('posted', 'reversed')
		 UNION ALL
		 SELECT format('entry %s is reversed without a posted reversal', e.reference) FROM journal_entry e
		 WHERE e.status = 'reversed' AND NOT EXISTS (SELECT 1 FROM journal_entry r WHERE r.reverses_id = e.id AND r.status IN ('posted', 'reversed'))`},
	{"exact-money", "Money is stored in exact decimals, and an entry has its settlement's currency.",
		`SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'numeric'`,
		`SELECT format('%s.%s is %s', table_name, column_name, data_type) FROM information_schema.columns
		 WHERE table_schema = 'public' AND data_type IN ('real', 'double precision', 'money')
		   AND table_name IN ('settlement', 'settlement_line', 'rollup', 'line_block', 'line_change', 'line_comparison', 'accrual_difference', 'sku_sum', 'settlement_correction', 'bank_statement', 'bank_line', 'deposit_match_part', 'journal_entry', 'journal_line', 'journal_source', 'journal_evidence', 'cost_entry', 'cost_piece', 'exchange_rate', 'policy', 'exception')
		 UNION ALL
		 SELECT format('entry %s is in %s, its settlement in %s', e.reference, e.currency, s.currency)
		 FROM journal_entry e JOIN settlement s ON s.id = e.settlement_id WHERE e.currency <> s.currency`},
	{"nothing-guessed", "Every amount of an entry got there by a rule of the rule set that the entry names.",
		`SELECT count(*) FROM journal_source`,
		`SELECT format('entry %s: kind %s was mapped by rule %s, which is not in its rule set', e.reference, x.kind_id, x.rule_id)
		 FROM journal_source x JOIN journal_entry e ON e.id = x.entry_id
		 LEFT JOIN mapping_rule r ON r.id = x.rule_id AND r.rule_set_id = e.rule_set_id WHERE r.id IS NULL
		 UNION ALL
		 SELECT format('entry %s names rule set %s, which was never published', e.reference, r.number)
		 FROM journal_entry e JOIN rule_set r ON r.id = e.rule_set_id WHERE e.status <> 'discarded' AND r.state NOT IN ('published', 'retired')`},
	{"entered-by-hand", "Who records the number of an entry that was entered by hand is not who confirms it, and the number is the entry's.",
		`SELECT count(*) FROM journal_by_hand`,
		`SELECT format('entry %s was entered by hand as %s and stands as %s', e.reference, h.number, e.p21_number)
		 FROM journal_by_hand h JOIN journal_entry e ON e.id = h.entry_id
		 WHERE h.confirmed_by = h.recorded_by OR (e.status IN ('posted', 'reversed') AND (h.number <> e.p21_number OR h.recorded_by IS NULL))`},
	{"rates-rested-on", "Every rate that an entry rests on is of the currencies that lead from the entry's to the company's, no later than the entry needs it.",
		`SELECT count(*) FROM journal_rate`,
		`SELECT format('entry %s rests on a rate of %s to %s of %s', e.reference, r.base, r.quote, r.rate_on)
		 FROM journal_rate x JOIN journal_entry e ON e.id = x.entry_id JOIN exchange_rate r ON r.id = x.rate_id
		 WHERE e.status <> 'discarded' AND e.entry_type <> 'revaluation' AND (e.currency = e.functional_currency AND NOT EXISTS (SELECT 1 FROM journal_entry o WHERE o.id = e.reverses_id AND o.entry_type = 'revaluation')
			OR NOT (r.base IN (e.currency, e.functional_currency) OR r.quote IN (e.currency, e.functional_currency)))
		 UNION ALL
		 SELECT format('entry %s is in %s, the books are in %s, and it rests on no rate', e.reference, e.currency, e.functional_currency)
		 FROM journal_entry e WHERE e.entry_type = 'settlement' AND e.status IN ` + beyondDraft + ` AND e.currency <> e.functional_currency AND e.functional_total <> 0
			AND NOT EXISTS (SELECT 1 FROM journal_rate x WHERE x.entry_id = e.id)`},
	{"bank-lines-sealed", "The lines of a bank statement are the ones it was read with, and they lead from balance to balance where nothing is said to be missing.",
		`SELECT count(*) FROM bank_statement`,
		`SELECT format('bank statement %s: %s lines with %s are stored, %s with %s were read', s.id, count(l.id), coalesce(sum(l.amount), 0), s.new_count, s.new_sum)
		 FROM bank_statement s LEFT JOIN bank_line l ON l.statement_id = s.id GROUP BY s.id HAVING count(l.id) <> s.new_count OR coalesce(sum(l.amount), 0) <> s.new_sum
		 UNION ALL
		 SELECT format('bank statement %s does not lead to its closing balance, and nobody said so', s.id) FROM bank_statement s WHERE s.problem_count = 0 AND s.opening + s.line_sum <> s.closing`},
	{"deposits-conserved", "No bank line and no deposit is matched with more than it holds, and no match mixes currencies.",
		`SELECT count(*) FROM deposit_match_part`,
		`SELECT format('bank line %s: %s of %s is matched', l.id, sum(p.amount), l.amount) FROM bank_line l JOIN deposit_part p ON p.line_id = l.id
		 GROUP BY l.id HAVING sum(p.amount) * sign(l.amount) < 0 OR abs(sum(p.amount)) > abs(l.amount)
		 UNION ALL
		 SELECT format('settlement %s: %s of its deposit %s is matched', d.amazon_id, d.matched, d.amount) FROM deposit d
		 WHERE (d.matched * sign(d.amount) < 0 OR abs(d.matched) > abs(d.amount)) AND NOT EXISTS (SELECT 1 FROM settlement s WHERE s.id = d.settlement_id AND s.replaces_id IS NOT NULL)
		 UNION ALL
		 SELECT format('match %s is in %s and has a side in another currency', m.id, m.currency) FROM deposit_match m JOIN deposit_match_part p ON p.match_id = m.id
		 LEFT JOIN bank_line l ON l.id = p.line_id LEFT JOIN bank_account a ON a.id = l.bank_account_id LEFT JOIN settlement s ON s.id = p.settlement_id
		 WHERE a.currency <> m.currency OR s.currency <> m.currency
		 UNION ALL
		 SELECT format('match %s has no parts', m.id) FROM deposit_match m WHERE NOT EXISTS (SELECT 1 FROM deposit_match_part p WHERE p.match_id = m.id)`},
	{"guards-in-place", "Every trigger that holds an invariant is there and switched on.",
		`SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace`,
		`SELECT format('trigger %s is %s', n.name, CASE WHEN t.oid IS NULL THEN 'missing' ELSE 'switched off' END)
		 FROM unnest(ARRAY['audit_chain', 'audit_event_immutable', 'document_immutable', 'document_chunk_immutable', 'document_chunk_delete',
			'rule_set_change', 'rule_set_insert', 'rule_set_editor_change', 'rule_set_truncate', 'rule_set_editor_truncate', 'rule_set_account_truncate', 'mapping_rule_truncate', 'mapping_rule_content', 'rule_set_account_content', 'settlement_line_insert',
			'settlement_line_immutable', 'settlement_problem_immutable', 'settlement_seal', 'settlement_rolled_up', 'settlement_summed_up', 'loss_case_paid', 'loss_payment_paid', 'loss_payment_whole', 'sku_sum_insert', 'sku_sum_immutable', 'line_comparison_immutable', 'line_change_immutable', 'month_sum_add', 'month_sum_update', 'month_sum_delete', 'month_sum_own', 'rollup_settlement_stays', 'settlement_correction_change', 'fba_difference_approval', 'reconciliation_note_change',
			'finance_version_immutable', 'finance_transaction_adds_up', 'finance_part_adds_up', 'finance_transaction_change', 'unsettled_sum_add', 'unsettled_sum_change', 'unsettled_sum_own', 'finance_evidence_once', 'finance_accrual_submit',
			'policy_cost', 'connection_cost', 'cost_reading_immutable', 'cost_reading_whole', 'cost_count_keep', 'cost_move_immutable', 'cost_move_insert', 'cost_entry_change', 'cost_piece_change', 'cost_carried_change', 'cost_carried_once', 'cost_submit',
			'cash_entry_change', 'cash_entry_adds_up', 'cash_entry_order_immutable', 'cash_entry_order_insert',
			'journal_entry_change', 'journal_line_change', 'journal_source_change', 'journal_evidence_change', 'journal_entry_schedule', 'journal_reversal_insert', 'approval_change', 'journal_preparer_immutable',
			'bank_line_insert', 'bank_line_immutable', 'bank_statement_immutable', 'bank_statement_sealed', 'bank_problem_immutable', 'bank_account_change', 'bank_line_ignored_insert', 'bank_line_ignored_change',
			'deposit_match_immutable', 'deposit_match_part_immutable', 'deposit_match_part_insert', 'deposit_match_conserved', 'deposit_unmatch_immutable',			'rollup_change', 'exchange_rate_change', 'exchange_rate_end', 'exchange_rate_truncate', 'journal_rate_change', 'journal_rate_truncate', 'journal_by_hand_change', 'journal_by_hand_truncate', 'outbound_message_change', 'outbound_event_immutable', 'personal_access_immutable',
			'period_close_change', 'period_close_truncate', 'period_close_reconciliation_change', 'period_close_reconciliation_truncate', 'journal_entry_closed_period', 'rollup_closed_period', 'schema_floor_rises']) AS n(name)
		 LEFT JOIN pg_trigger t ON t.tgname = n.name AND NOT t.tgisinternal
		 WHERE t.oid IS NULL OR t.tgenabled = 'D'`},
}
