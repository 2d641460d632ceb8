package settlement

import (
	"crypto/md5"
	"encoding/binary"
	"math/bits"

	"tieout/app/money"
)

// rowsPerBlock is how many rows of the file one bit of a block bitmap stands for.
const rowsPerBlock = 1024

// What blocks are kept for: table line_block, column dimension.
const (
	byKind    = "kind"
	byProduct = "product"
)

// block says which blocks of rows hold something, with count and sum.
type block struct {
	lines  int32
	amount money.Units
	blocks blockSet
}

func (b *block) add(row int, amount money.Units) {
	b.lines++
	b.amount += amount
	b.blocks.add(row)
}

// bucketsPerOrder bitmaps together say where an order stands: in one report of
// a million lines a wrong block is met about twice.
const bucketsPerOrder, orderBuckets = 2, 4096

// bucketsOf returns the buckets of an order id. They are stored: the migration
// that brought them computes the same ones in SQL. MD5 only spreads the ids.
func bucketsOf(orderID []byte) [bucketsPerOrder]int32 {
	sum := md5.Sum(orderID)
	head := binary.BigEndian.Uint32(sum[:4])
	return [bucketsPerOrder]int32{int32(head >> 20), int32(head>>8&0xfff) + orderBuckets}
}

// blockSet is a bitmap of blocks.
type blockSet []byte

// add sets the bit of the row's block.
func (s *blockSet) add(row int) {
	n := row / rowsPerBlock
	for len(*s) <= n/8 {
		*s = append(*s, 0)
	}
	(*s)[n/8] |= 1 << (n % 8)
}

// allBlocks is the set of the blocks up to that of the last row.
func allBlocks(last int32) blockSet {
	set := make(blockSet, last/rowsPerBlock/8+1)
	for i := range set {
		set[i] = 0xff
	}
	return set
}

// keep leaves the blocks that any of the bitmaps holds.
func (s blockSet) keep(bitmaps ...[]byte) {
	for i := range s {
		held := byte(0)
		for _, b := range bitmaps {
			if i < len(b) {
				held |= b[i]
			}
		}
		s[i] &= held
	}
}

// rowRange is a run of file rows, both ends included.
type rowRange struct{ from, to int32 }

// blocksPerRun is how many neighbouring blocks one query looks at.
const blocksPerRun = 4

// runs returns the rows of the set's blocks between two rows, in runs of a few
// blocks, so that an early full page reads little.
func (s blockSet) runs(first, last int32) []rowRange {
	var list []rowRange
	blocks := 0
	for i, b := range s {
		for ; b != 0; b &= b - 1 {
			n := int32(i*8 + bits.TrailingZeros8(b))
			from, to := max(n*rowsPerBlock, first), min((n+1)*rowsPerBlock-1, last)
			if from > to {
				continue
			}
			if k := len(list) - 1; k >= 0 && list[k].to+1 == from && blocks < blocksPerRun {
				list[k].to = to
				blocks++
				continue
			}
			list = append(list, rowRange{from, to})
			blocks = 1
		}
	}
	return list
}

// columns returns the runs' ends as two lists, for unnest in SQL.
func columns(runs []rowRange) (from, to []int32) {
	for _, r := range runs {
		from, to = append(from, r.from), append(to, r.to)
	}
	return from, to
}
