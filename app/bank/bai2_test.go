package bank

import (
	"strings"
	"testing"
)

// bai2File has a control total of 1,370,368: 500000 + 123456 + 623412 of record 03,
// 123456 + 44 of records 16.
const bai2File = `01,BANK,ME,261120,0600,1,80,,2/
02,ME,BANK,1,261119,2359,USD,2/
03,0012345,USD,010,500000,,/
88,100,123456,1,Z,015,623412,,/
16,165,123456,V,261120,,BR99,CUST7,AMAZON.COM SVCS, ACH CREDIT
88,ID:17400000001/
16,495,44,S,44,0,0,0,,Wire fee
16,890,,,,,A note/
49,1370368,7/
98,1370368,1,9/
99,1370368,1,11/
`

func TestBAI2ReadsContinuationsAndCheckTotals(t *testing.T) {
	t.Parallel()
	same(t, `
0012345 USD  from 5000 to 6234.12
  2026-11-19 2026-11-20 1234.56 "AMAZON.COM SVCS, ACH CREDIT ID:17400000001" [BR99 CUST7] BR99
  2026-11-19 - -0.44 "Wire fee" [] 
* Line 8: A transaction of type 890 moves no money on this account and was left out.
`, Read([]byte(bai2File), Mapping{}))
}

func TestBAI2SaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, says string }{
		{"49,1370368,7/", "49,1370369,7/", "Line 9: The control total of the account is 1370369 and its amounts add up to 1370368."},
		{"49,1370368,7/", "49,1370368,8/", "Line 9: The account should have 8 records and has 7."},
		{"98,1370368,1,9/", "98,1370368,2,9/", "The group should have 2 parts and has 1."},
		{"98,1370368,1,9/", "98,99,1,9/", "control total of the group"},
		{"99,1370368,1,11/", "99,1370368,1,12/", "The file should have 12 records and has 11."},
		{"99,1370368,1,11/\n", "", "no record 99"},
		{"16,495,44,", "16,495,4.4,", "writes minor units"},
		{"16,495,44,", "16,ABC,44,", "no type of transaction"},
		{"16,495,44,", "16,495,45,", "control total of the account"},
		{"16,495,44,", "17,495,44,", `"17" is no record`},
		{"03,0012345,USD", "04,0012345,USD", "outside an account"},
		{",1,261119,", ",1,2611,", "date"},
		{"V,261120", "V,2x", "value date"},
		{"015,623412", "015,623413", "0.01 is missing"},
		{"01,BANK,ME,261120,0600,1,80,,2/\n", "88,01,/\n", "follows no record"},
	} {
		got := told(readBAI2([]byte(strings.ReplaceAll(bai2File, c.old, c.new))))
		if !strings.Contains(got, c.says) || !strings.Contains(got, "! ") {
			t.Errorf("%s -> %s: want %q in\n%s", c.old, c.new, c.says, got)
		}
	}
	for status, n := range map[string]int{"1": 1, "2": 0, "4": 0} {
		f := readBAI2([]byte(strings.ReplaceAll(bai2File, "BANK,1,261119", "BANK,"+status+",261119")))
		if len(f.Statements) != n {
			t.Errorf("group status %s: %d statements", status, len(f.Statements))
		}
	}
}

// Banks send a day's summaries and details as two groups.
func TestBAI2JoinsGroupsOfOneDay(t *testing.T) {
	t.Parallel()
	same(t, `
9 JPY  from 100 to 150
  2026-11-19 - 50 "Yen have no minor unit" [] 
`, readBAI2([]byte("01,B,M,261120,0600,1,,,2/\n02,M,B,1,261119,,JPY,2/\n03,9,,010,100,,,015,150,,/\n49,250,2/\n98,250,1,4/\n"+
		"02,M,B,1,261119,,JPY,2/\n03,9,,/\n16,142,50,Z,,,Yen have no minor unit\n49,50,3/\n98,50,1,5/\n99,300,2,11/\n")))
}

func FuzzBAI2(f *testing.F) {
	f.Add(bai2File)
	f.Add("01,B,M,261120,0600,1,,,2/\n02,M,B,1,261119,,JPY,2/\n03,9,,010,100,,,015,150,,/\n49,250,2/\n98,250,1,4/\n99,250,1,6/")
	f.Add("16,,D,99999,/\n88\n03/\n49,-,/")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		fuzzed(t, readBAI2([]byte(text)))
	})
}
