package settlement

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"tieout/app/database"
	"tieout/app/money"
	"tieout/app/settlement/report"
)

// kindPlace is where a kind stands in a report, with its number there: small
// numbers keep a product's sums in a short list, so that a line costs no search.
type kindPlace struct {
	block
	number int
}

// productPlace is where a product stands in a report, with its sums by month and
// kind. The lines without an SKU are a product too.
type productPlace struct {
	block
	months []monthSums
}

// monthSums are the sums of a month by the kinds' numbers.
type monthSums struct {
	month int32
	kinds []skuSum
}

type skuSum struct {
	lines    int32
	quantity int64
	amount   money.Units
}

// addUp adds a line to its month and kind. A cycle touches two or three months.
func (p *productPlace) addUp(month int32, kind int, l *report.Line) {
	i := len(p.months) - 1
	for i >= 0 && p.months[i].month != month {
		i--
	}
	if i < 0 {
		i = len(p.months)
		p.months = append(p.months, monthSums{month: month})
	}
	m := &p.months[i]
	for len(m.kinds) <= kind {
		m.kinds = append(m.kinds, skuSum{})
	}
	sum := &m.kinds[kind]
	sum.lines++
	sum.quantity += int64(l.Quantity)
	sum.amount += l.Amount
}

// monthClock turns days since 1970-01-01 into the first day of their month. It
// remembers the last one, since lines of a day stand together.
type monthClock struct {
	known      bool
	day, first int32
}

func (c *monthClock) month(day int32) int32 {
	if !c.known || day != c.day {
		of := time.Unix(int64(day)*86400, 0).UTC().Day()
		c.known, c.day, c.first = true, day, day-int32(of-1)
	}
	return c.first
}

const (
	copySKUSums   = `COPY sku_sum (settlement_id, month, product_id, kind_id, lines, quantity, amount) FROM STDIN (FORMAT binary)`
	skuSumColumns = 7
)

// writeSKUSums stores the sums by SKU, month and kind, a month after the other
// and products in order, so that what a report reads lies together.
func (r *reading) writeSKUSums(ctx context.Context, tx *database.Tx) error {
	products := slices.Sorted(maps.Keys(r.products))
	var c copyRows
	c.begin()
	for _, month := range r.monthsHeld() {
		for _, product := range products {
			for _, m := range r.products[product].months {
				if m.month == month {
					r.encodeSums(&c, product, m)
				}
			}
		}
	}
	c.end()
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(c.buf), copySKUSums); err != nil {
		return fmt.Errorf("store sums by SKU of %s: %w", r.header.ID, err)
	}
	return nil
}

// monthsHeld are the months that lines fall into.
func (r *reading) monthsHeld() []int32 {
	held := map[int32]bool{}
	for _, p := range r.products {
		for _, m := range p.months {
			held[m.month] = true
		}
	}
	return slices.Sorted(maps.Keys(held))
}

func (r *reading) encodeSums(c *copyRows, product int32, m monthSums) {
	for number, sum := range m.kinds {
		if sum.lines == 0 {
			continue
		}
		c.row(skuSumColumns)
		c.int64(r.id)
		c.date(m.month)
		c.int32(product)
		c.int32(r.numbered[number])
		c.int32(sum.lines)
		c.int64(sum.quantity)
		c.numeric(sum.amount)
	}
}
