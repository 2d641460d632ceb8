package bank

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCSVIsReadAsItsMappingSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"American, one signed column, newest first, with balances", `Account: 123
Date,Description,Amount,Running Bal.
11/20/2026,"AMAZON.COM SVCS, ""DEPOSIT""","1,234.56","1,334.56"
11/19/2026,Rent,-900.00,100.00
`, `
   from 1000 to 1334.56
  2026-11-20 - 1234.56 "AMAZON.COM SVCS, \"DEPOSIT\"" [] 
  2026-11-19 - -900 "Rent" [] 
`},
		{"German, semicolons, Windows-1252", "Buchungstag;Wertstellung;Beg\xfcnstigter;Verwendungszweck;Betrag;W\xe4hrung\n20.11.2026;21.11.2026;AMAZON EU;Auszahlung 174;1.234,56;EUR\n20.11.2026;20.11.2026;M\xfcller;Miete;-900,00;EUR\n", `
 EUR 
  2026-11-20 2026-11-21 1234.56 "AMAZON EU Auszahlung 174" [] 
  2026-11-20 2026-11-20 -900 "Müller Miete" [] 
`},
		{"British, debit and credit", "Transaction Date,Transaction Description,Debit Amount,Credit Amount,Balance\n20/11/2026,AMAZON UK,,55.10,155.10\n21/11/2026,FEE,5.10,,150.00\n", `
   from 100 to 150
  2026-11-20 - 55.1 "AMAZON UK" [] 
  2026-11-21 - -5.1 "FEE" [] 
`},
		{"tabs, direction, account", "date\taccount number\tamount\tDr/Cr\tdescription\treference\n2026-11-20\t77\t5.00\tC\tin\tTRACE 9\n2026-11-20\t78\t6.00\tD\tout\t\n", `
77  
  2026-11-20 - 5 "in" [TRACE 9] 
78  
  2026-11-20 - -6 "out" [] 
`},
		{"without a header", "2026-11-20,AMAZON,12.50\n2026-11-21,RENT,-3.25\n", `
  
  2026-11-20 - 12.5 "AMAZON" [] 
  2026-11-21 - -3.25 "RENT" [] 
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := Sniff([]byte(c.text))
			require.Empty(t, s.Mapping.Check())
			same(t, c.want, Read([]byte(c.text), s.Mapping))
		})
	}
}

func plainMapping() Mapping {
	return Mapping{Delimiter: ",", Dates: "YYYY-MM-DD", Header: true, Booked: 1, Description: []int{2}, Amount: 3, Balance: 4}
}

func TestCSVSaysEverythingThatIsWrongAndLosesNothingElse(t *testing.T) {
	t.Parallel()
	text := `date,text,amount,balance
2026-11-20,good,1.00,101.00
20.11.2026,bad day,1.00,
2026-11-20,bad amount,1;00,
2026-11-20,both bad,x,y
2026-11-20,"never closed,1.00,
2026-11-20,a 5" pipe,2.00,
2026-11-20,"two
lines",3.00,
,,,
,total,6.00,
2026-13-01,bad both,z,
`
	same(t, `
   NOT WHOLE
  2026-11-20 - 1 "good" [] 
  2026-11-20 - 2 "a 5\" pipe" [] 
  2026-11-20 - 3 "two lines" [] 
! Line 3: The line was left out: "20.11.2026" is no date of the form YYYY-MM-DD.
! Line 4: The line was left out: "1;00" is no amount.
! Line 5: The line was left out: "x" is no amount.
! Line 6: The line was left out: a quote (") opens a field and does not close it.
! Line 11: The line was left out: "" is no date of the form YYYY-MM-DD.
! Line 12: The line was left out: "2026-13-01" is no date of the form YYYY-MM-DD.
! Line 12: The line was left out: "z" is no amount.
* Line 10: The line has neither a date nor an amount and was left out.
`, Read([]byte(text), plainMapping()))
}

func TestCSVTiesByItsBalances(t *testing.T) {
	t.Parallel()
	text := "date,text,amount,balance\n2026-11-20,a,1.00,101.00\n2026-11-20,b,2.00,113.00\n"
	require.Contains(t, told(Read([]byte(text), plainMapping())), "10 is missing")
	require.NotContains(t, told(Read([]byte(strings.Replace(text, "113", "103", 1)), plainMapping())), "!")
}

func TestAMappingIsCheckedAndBoundToItsHeader(t *testing.T) {
	t.Parallel()
	require.Len(t, Mapping{}.Check(), 5)
	m := plainMapping()
	m.Debit, m.Credit = 5, 6
	require.Contains(t, m.Check()["amount"], "either")
	m = plainMapping()
	m.Charset = "klingon"
	require.Contains(t, m.Check(), "charset")
	m = plainMapping()
	m.Head = []string{"Date", "TEXT", "amount", "balance"}
	require.NotContains(t, told(Read([]byte("date,text,amount,balance\n2026-11-20,a,1.00,\n"), m)), "!")
	require.Contains(t, told(Read([]byte("date,amount,text,balance\n2026-11-20,a,1.00,\n"), m)), "not those that were chosen")
	require.Contains(t, told(Read([]byte("x"), Mapping{})), "not chosen yet")
}

func TestCharsetsAndSigns(t *testing.T) {
	t.Parallel()
	m := plainMapping()
	m.Header, m.Negate, m.Charset = false, true, "iso-8859-15"
	require.Contains(t, told(Read([]byte("2026-11-20,\xa4 caf\xe9,1.00,\n"), m)), `-1 "€ café"`)
	utf16 := []byte{0xFF, 0xFE}
	for _, r := range "2026-11-20,é,2.00,\n" {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	require.Contains(t, told(Read(utf16, m)), `-2 "é"`)
	both := Mapping{Delimiter: ",", Dates: "YYYY-MM-DD", Booked: 1, Debit: 2, Credit: 3, Description: []int{4}}
	require.Contains(t, told(Read([]byte("2026-11-20,1,2,x\n2026-11-20,,,x\n2026-11-20,-3,,x\n"), both)), "both a debit and a credit")
	direction := Mapping{Delimiter: ",", Dates: "YYYY-MM-DD", Booked: 1, Amount: 2, Direction: 3, Description: []int{4}}
	require.Contains(t, told(Read([]byte("2026-11-20,1,maybe,x\n"), direction)), "neither debit nor credit")
}

func TestSniffSaysWhatItDoubts(t *testing.T) {
	t.Parallel()
	s := Sniff([]byte("Date,Description,Amount\n01/02/2026,a,5\n"))
	require.Len(t, s.Doubts, 2, s.Doubts)
	require.Contains(t, fmt.Sprint(s.Doubts), "MM/DD/YYYY or DD/MM/YYYY")
	require.Equal(t, [][]string{{"Date", "Description", "Amount"}, {"01/02/2026", "a", "5"}}, s.Rows)
	require.NotEmpty(t, Sniff([]byte("nothing here")).Doubts)
	require.NotEmpty(t, Sniff(nil).Doubts)
}

func TestAWrongQuoteInEveryLineCostsNoMoreThanItsLines(t *testing.T) {
	t.Parallel()
	m := plainMapping()
	m.Header = false
	f := Read([]byte(strings.Repeat("2026-11-20,\"open "+strings.Repeat("x", 200)+",1.00,\n", 20_000)), m)
	require.Len(t, f.Problems, maxProblems)
	require.Equal(t, 20_000, len(f.Problems)+f.More)
}

func FuzzCSV(f *testing.F) {
	f.Add("Date,Description,Amount,Balance\n11/20/2026,AMAZON,\"1,234.56\",2\n", false)
	f.Add("Buchungstag;Text;Betrag\n20.11.2026;a;1.234,56\n", true)
	f.Add("2026-11-20,\"a\n\",1,\n\"", false)
	f.Fuzz(func(t *testing.T, text string, own bool) {
		if len(text) > 1<<16 {
			return
		}
		m := plainMapping()
		if own {
			m = Sniff([]byte(text)).Mapping
		}
		fuzzed(t, readCSV([]byte(text), m))
	})
}
