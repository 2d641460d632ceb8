package settlement

import (
	"encoding/binary"

	"tieout/app/money"
)

// copyRows encodes rows in PostgreSQL's binary COPY format, straight into one
// buffer: no value is boxed and nothing is allocated per line. The format:
// https://www.postgresql.org/docs/current/sql-copy.html
type copyRows struct {
	buf []byte
}

const copySignature = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func (c *copyRows) begin() { c.buf = append(c.buf, copySignature...) }

func (c *copyRows) end() { c.buf = binary.BigEndian.AppendUint16(c.buf, 0xffff) }

func (c *copyRows) row(fields int) { c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(fields)) }

func (c *copyRows) null() { c.buf = append(c.buf, 0xff, 0xff, 0xff, 0xff) }

func (c *copyRows) size(n int) { c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(n)) }

func (c *copyRows) int64(v int64) {
	c.size(8)
	c.buf = binary.BigEndian.AppendUint64(c.buf, uint64(v))
}

func (c *copyRows) int32(v int32) {
	c.size(4)
	c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(v))
}

func (c *copyRows) int16(v int16) {
	c.size(2)
	c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(v))
}

func (c *copyRows) text(s string) {
	c.size(len(s))
	c.buf = append(c.buf, s...)
}

// PostgreSQL counts from 2000-01-01.
const (
	epochMicros = 946_684_800_000_000
	epochDays   = 10_957
)

// date writes a day given in days since 1970-01-01.
func (c *copyRows) date(days int32) { c.int32(days - epochDays) }

// numeric writes an amount. PostgreSQL's digits are in base 10,000, so that
// Units fall apart into whole groups and one group of four decimals.
func (c *copyRows) numeric(u money.Units) {
	sign := uint16(0)
	v := uint64(u)
	if u < 0 {
		sign, v = 0x4000, -v
	}
	scale := uint16(4)
	if v%100 == 0 {
		scale = 2
	}
	var groups [6]uint16 // least significant first; the first one is the decimals
	n := 0
	for rest := v; rest > 0 || n == 0; rest /= 10_000 {
		groups[n] = uint16(rest % 10_000)
		n++
	}
	low := 0
	for low < n && groups[low] == 0 {
		low++
	}
	digits := n - low
	weight := n - 2 // of the most significant group
	if digits == 0 {
		sign, weight = 0, 0
	}
	c.size(8 + 2*digits)
	c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(digits))
	c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(int16(weight)))
	c.buf = binary.BigEndian.AppendUint16(c.buf, sign)
	c.buf = binary.BigEndian.AppendUint16(c.buf, scale)
	for i := n - 1; i >= low; i-- {
		c.buf = binary.BigEndian.AppendUint16(c.buf, groups[i])
	}
}
