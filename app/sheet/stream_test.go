package sheet

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// oddCells are rows of what is easily written wrong.
func oddCells(b *workbook) [][]any {
	moment := time.Date(2026, 11, 30, 18, 0, 0, 0, time.UTC)
	return [][]any{
		{b.str("=1+1"), b.str(" leads"), b.str("trails "), b.str("a\tb\nc"), b.str("<&>\"'"), b.str("é😀ß")},
		{b.str("_x000D_"), b.str("_x005F_x000D_"), b.str("_xyz_"), b.str("plain_x"), b.str(""), b.str(strings.Repeat("long ", 8_000))},
		{0, -7, int16(3), int32(-1 << 31), int64(1) << 40, nil, 5},
		{b.amount(decimal.RequireFromString("-1234567.8901")), b.amount(decimal.RequireFromString("0.1")), b.amount(decimal.Zero), b.day(moment), b.day(time.Time{}), excelize.Cell{StyleID: b.date, Value: moment}},
		{b.formula("SUM(A3:B3)&\"<\"", b.total), excelize.Cell{}, excelize.Cell{StyleID: b.head, Value: "x"}, true},
	}
}

// written makes a workbook of the odd cells with one of the two writers.
func written(t *testing.T, b *workbook, out io.Writer) *excelize.File {
	t.Helper()
	if b.rows != nil {
		b.rows.to(out)
	}
	p, err := b.page("Odd", column{"First", 9.5}, column{"Second", 12})
	require.NoError(t, err)
	for _, row := range oddCells(b) {
		require.NoError(t, p.add(row...))
	}
	require.NoError(t, p.close())
	second, err := b.page("Second")
	require.NoError(t, err)
	require.NoError(t, second.add(b.str("there")))
	require.NoError(t, second.close())
	require.NoError(t, b.write(out))
	book, err := excelize.OpenReader(bytes.NewReader(out.(*bytes.Buffer).Bytes()), excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = book.Close() })
	return book
}

// TestARowThatLeavesAtOnceSaysTheSame compares the rows that leave while they
// are made with what excelize writes of the same cells.
func TestARowThatLeavesAtOnceSaysTheSame(t *testing.T) {
	t.Parallel()
	kept, err := newWorkbook()
	require.NoError(t, err)
	sent, err := newStream()
	require.NoError(t, err)
	want, got := written(t, kept, &bytes.Buffer{}), written(t, sent, &bytes.Buffer{})
	require.Equal(t, want.GetSheetList(), got.GetSheetList())
	for row := 1; row <= 6; row++ {
		for column := 1; column <= 7; column++ {
			cell, err := excelize.CoordinatesToCellName(column, row)
			require.NoError(t, err)
			for what, ask := range map[string]func(*excelize.File) (any, error){
				"value":   func(f *excelize.File) (any, error) { return f.GetCellValue("Odd", cell) },
				"formula": func(f *excelize.File) (any, error) { return f.GetCellFormula("Odd", cell) },
				"type":    func(f *excelize.File) (any, error) { return f.GetCellType("Odd", cell) },
				"style":   func(f *excelize.File) (any, error) { return f.GetCellStyle("Odd", cell) },
			} {
				w, err := ask(want)
				require.NoError(t, err)
				g, err := ask(got)
				require.NoError(t, err)
				require.Equal(t, w, g, "%s of %s", what, cell)
			}
		}
	}
	panes, err := got.GetPanes("Odd")
	require.NoError(t, err)
	require.True(t, panes.Freeze)
	width, err := got.GetColWidth("Odd", "B")
	require.NoError(t, err)
	require.InDelta(t, 12, width, 1e-9)
	require.Equal(t, want.GetDefinedName(), got.GetDefinedName(), "the filter over the rows")
}

func TestWhatXMLCannotHoldIsReplaced(t *testing.T) {
	t.Parallel()
	b, err := newStream()
	require.NoError(t, err)
	var out bytes.Buffer
	b.rows.to(&out)
	p, err := b.page("Odd")
	require.NoError(t, err)
	require.NoError(t, p.add(b.str("a\x01b\xff\r\ufffe")))
	require.NoError(t, p.close())
	require.NoError(t, b.write(&out))
	book, err := excelize.OpenReader(&out)
	require.NoError(t, err)
	defer func() { _ = book.Close() }()
	value, err := book.GetCellValue("Odd", "A1")
	require.NoError(t, err)
	require.Equal(t, "a\ufffdb\ufffd\r\ufffd", value)
}

// TestTheFirstByteDoesNotWaitForTheLastRow asks for rows without end: bytes are
// there long before.
func TestTheFirstByteDoesNotWaitForTheLastRow(t *testing.T) {
	t.Parallel()
	l, err := newList("Lines", nil, column{"Row", 9})
	require.NoError(t, err)
	var out bytes.Buffer
	begun := 0
	rows := func(yield func(int, error) bool) {
		for i := range 50_000 {
			if begun == 0 && out.Len() > 0 {
				begun = i
			}
			if !yield(i, nil) {
				return
			}
		}
	}
	require.NoError(t, writeList(&out, l, nil, rows, func(i int) ([]any, error) { return []any{i, l.book.str("a text that takes its place")}, nil }))
	require.Positive(t, begun)
	require.Less(t, begun, 20_000)
}
