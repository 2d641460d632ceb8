package sheet_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/sheet"
	"tieout/app/sheet/sheettest"
)

// ruleBook begins a draft of the shipped template and returns it with its workbook.
func ruleBook(t *testing.T) (*mapping.RuleSet, []byte) {
	t.Helper()
	pool := dbtest.New(t)
	var connection int64
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, time_zone) VALUES ('us', 'na', 'UTC') RETURNING id`).Scan(&connection))
	actor := audit.Actor{Name: "amy"}
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, name, roles) VALUES ('test', 'amy', 'amy', ARRAY['accountant']) RETURNING id`).Scan(&actor.PersonID))
	set, err := mapping.NewService(pool, clock.System{}).Begin(t.Context(), actor, connection, "amazon-summary", map[string]string{"sales": "4110-000", "clearing": "1210-000"})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, sheet.NewBook(pool).Rules(t.Context(), &out, set.ID))
	return set, out.Bytes()
}

// edited changes a workbook as a person would.
func edited(t *testing.T, content []byte, change func(*excelize.File)) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(content))
	require.NoError(t, err)
	change(book)
	var out bytes.Buffer
	require.NoError(t, book.Write(&out))
	return out.Bytes()
}

func TestRulesComeBackFromExcelAsTheyLeft(t *testing.T) {
	t.Parallel()
	set, content := ruleBook(t)
	file, err := sheet.ReadRules(content)
	require.NoError(t, err)
	require.Empty(t, file.Problems)
	require.Len(t, file.Rules, len(set.Rules))
	require.True(t, mapping.Compare(*set, mapping.RuleSet{Rules: file.Rules, Accounts: file.Accounts}).Empty())
}

func TestEditsInExcelAreExactlyTheDifference(t *testing.T) {
	t.Parallel()
	set, content := ruleBook(t)
	content = edited(t, content, func(book *excelize.File) {
		require.NoError(t, book.SetCellStr("Rules", "K2", "4999-000"))                            // an account of its own
		require.NoError(t, book.DuplicateRowTo("Rules", 3, 20), "the third row goes to place 18") // row 20 is rule 19
		require.NoError(t, book.RemoveRow("Rules", 3))
		require.NoError(t, book.SetCellStr("Accounts", "C2", "1211-000"))
		require.NoError(t, book.InsertRows("Rules", 5, 1))
		require.NoError(t, book.SetSheetRow("Rules", "A5", &[]string{"", "Order", "ItemFees", "Brand new*", "", "negative", "", "", "Selling fees", "selling_fees"}))
	})
	file, err := sheet.ReadRules(content)
	require.NoError(t, err)
	require.Empty(t, file.Problems)
	diff := mapping.Compare(*set, mapping.RuleSet{Rules: file.Rules, Accounts: file.Accounts})
	require.Len(t, diff.Changed, 1)
	require.Equal(t, "4999-000", diff.Changed[0].New.Account)
	require.Len(t, diff.Moved, 1)
	require.Equal(t, set.Rules[1].Lineage, diff.Moved[0].Rule.Lineage)
	require.Len(t, diff.Added, 1)
	require.Equal(t, "Brand new*", diff.Added[0].AmountDescription.String())
	require.Empty(t, diff.Removed)
	require.Equal(t, []mapping.AccountChange{{Slot: "clearing", Old: "1210-000", New: "1211-000"}}, diff.Accounts)
}

func TestEveryWrongCellIsNamed(t *testing.T) {
	t.Parallel()
	_, content := ruleBook(t)
	content = edited(t, content, func(book *excelize.File) {
		for cell, value := range map[string]string{"A3": "abc", "F4": "upwards", "I5": "Groceries", "M6": "perhaps", "H7": "XXX", "K8": strings.Repeat("9", 40)} {
			require.NoError(t, book.SetCellStr("Rules", cell, value))
		}
		require.NoError(t, book.SetCellFormula("Rules", "B9", `"Or"&"der"`))
		require.NoError(t, book.SetCellStr("Rules", "A11", value(t, book, "A10")))
		require.NoError(t, book.SetCellStr("Accounts", "A4", value(t, book, "Accounts!A3")))
	})
	file, err := sheet.ReadRules(content)
	require.NoError(t, err)
	var cells []string
	for _, p := range file.Problems {
		cells = append(cells, p.Sheet+"!"+p.Cell)
		require.NotEmpty(t, p.Message)
	}
	for _, cell := range []string{"Rules!A3", "Rules!F4", "Rules!I5", "Rules!M6", "Rules!H7", "Rules!K8", "Rules!B9", "Rules!A11", "Accounts!A4"} {
		require.True(t, slices.Contains(cells, cell), "%s is not among %v", cell, cells)
	}
	require.Len(t, cells, 9)
}

func value(t *testing.T, book *excelize.File, cell string) string {
	t.Helper()
	name, at, found := strings.Cut(cell, "!")
	if !found {
		name, at = "Rules", cell
	}
	text, err := book.GetCellValue(name, at)
	require.NoError(t, err)
	return text
}

func TestOtherFilesAreRefusedInPlainWords(t *testing.T) {
	t.Parallel()
	_, content := ruleBook(t)
	for name, file := range map[string][]byte{
		"no workbook": []byte("rule;account"), "empty": nil, "too large": make([]byte, 9<<20), "cut off": content[:len(content)/2],
		"no rules sheet":    edited(t, content, func(b *excelize.File) { require.NoError(t, b.DeleteSheet("Rules")) }),
		"no accounts sheet": edited(t, content, func(b *excelize.File) { require.NoError(t, b.DeleteSheet("Accounts")) }),
		"a column less":     edited(t, content, func(b *excelize.File) { require.NoError(t, b.RemoveCol("Rules", "I")) }),
	} {
		_, err := sheet.ReadRules(file)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
		require.NotEmpty(t, fault.MessageOf(err), name)
	}
}

func TestLibreOfficeOpensTheRules(t *testing.T) {
	t.Parallel()
	set, content := ruleBook(t)
	rows := sheettest.Calculated(t, content)
	require.Len(t, rows, len(set.Rules)+1)
	require.Equal(t, "Transaction type", rows[0][1])
	require.Equal(t, set.Rules[0].TransactionType.String(), rows[1][1])
}

func FuzzReadRules(f *testing.F) {
	book := excelize.NewFile()
	rows := map[string][]string{"Rules!A1": {"Rule", "Transaction type", "Amount type", "Description", "Marketplace", "Sign", "Product group", "Fulfilment", "Category",
		"Account pick", "Account", "Branch", "Line per marketplace", "Debits and credits apart", "Note"}, "Rules!A2": {"7", "Order", "ItemPrice", "Principal*", "*", "positive", "", "AFN", "Product sales", "sales"},
		"Accounts!A1": {"Pick", "For", "Account"}, "Accounts!A2": {"sales", "Product sales", "4110-000"}}
	for at, cells := range rows {
		name, cell, _ := strings.Cut(at, "!")
		if _, err := book.NewSheet(name); err != nil {
			f.Fatal(err)
		}
		if err := book.SetSheetRow(name, cell, &cells); err != nil {
			f.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := sheet.ReadRules(content)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			return
		}
		require.NotEmpty(t, file.Rules)
	})
}
