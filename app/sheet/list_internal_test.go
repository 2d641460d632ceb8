package sheet

import (
	"bytes"
	"fmt"
	"iter"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}

func TestAListGoesOnInFurtherSheets(t *testing.T) {
	t.Parallel()
	l, err := newList("Lines", []string{"Amount"}, column{"Row", 9}, column{"Amount", 12}, column{currencyKey, 9})
	require.NoError(t, err)
	l.limit = 4 // a heading and three rows
	var out bytes.Buffer
	require.NoError(t, writeList(&out, l, nil, numbers(7), func(i int) ([]any, error) {
		currency := []string{"USD", "JPY"}[i%2]
		amount, err := l.amount(decimal.NewFromInt(int64(i)), currency)
		return []any{i, amount, l.book.str(currency)}, err
	}))
	book, err := excelize.OpenReader(&out)
	require.NoError(t, err)
	defer func() { _ = book.Close() }()
	require.Equal(t, []string{"Lines", "Filter", "Lines 2", "Lines 3"}, book.GetSheetList())
	rows := []string{}
	for _, name := range []string{"Lines", "Lines 2", "Lines 3"} {
		read, err := book.GetRows(name)
		require.NoError(t, err)
		require.LessOrEqual(t, len(read), 4)
		for _, row := range read[1:] {
			rows = append(rows, row[0])
		}
	}
	require.Equal(t, "[0 1 2 3 4 5 6]", fmt.Sprint(rows))
	for cell, want := range map[string]string{"C5": "9", "C6": "12", "B5": "3", "B6": "4"} {
		value, err := book.CalcCellValue("Filter", cell, excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		require.Equal(t, want, value, cell)
	}
	yen, err := book.GetCellValue("Lines", "B3")
	require.NoError(t, err)
	require.NotContains(t, yen, ".", "a yen has no decimals")
}
