package bank

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// told writes a file down, so that a test compares text.
func told(f File) string {
	var b strings.Builder
	for _, s := range f.Statements {
		fmt.Fprintf(&b, "%s %s %s", s.Account, s.Currency, s.ID)
		if s.Opening != nil {
			fmt.Fprintf(&b, " from %s", s.Opening.Value)
		}
		if s.Closing != nil {
			fmt.Fprintf(&b, " to %s", s.Closing.Value)
		}
		if !s.Whole() {
			b.WriteString(" NOT WHOLE")
		}
		b.WriteString("\n")
		for _, l := range s.Lines {
			fmt.Fprintf(&b, "  %s %s %s %q %v %s", l.Booked, l.Value, l.Amount, l.Description, l.References, l.BankID)
			if l.Reversal {
				b.WriteString(" reversal")
			}
			if l.Returned != "" {
				b.WriteString(" returned: " + l.Returned)
			}
			b.WriteString("\n")
		}
	}
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "! %s\n", p)
	}
	for _, p := range f.Notes {
		fmt.Fprintf(&b, "* %s\n", p)
	}
	return strings.ReplaceAll(b.String(), " 0000-00-00", " -")
}

func same(t *testing.T, want string, got File) {
	t.Helper()
	require.Equal(t, strings.TrimLeft(want, "\n"), strings.ReplaceAll(told(got), " 0000-00-00", " -"))
}

func TestAmountsAreReadAsBanksWriteThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		comma bool
		want  string // empty: no amount
	}{
		{"12.34", false, "12.34"}, {"-12.34", false, "-12.34"}, {"12.34-", false, "-12.34"}, {"(1,234.50)", false, "-1234.5"}, {"+5", false, "5"},
		{"$1,234,567.89", false, "1234567.89"}, {"-$5.00", false, "-5"}, {"1.234,56", true, "1234.56"}, {"1 234,56", true, "1234.56"}, {"1'234.50", false, "1234.5"},
		{"12,5", true, "12.5"}, {"−3,00 €", true, "-3"}, {"USD 7.10", false, "7.1"}, {"7.10 USD", false, "7.1"}, {"9.00 DR", false, "-9"}, {"9.00CR", false, "9"}, {"10,00,000.00", false, "1000000"},
		{".5", false, "0.5"}, {"0", false, "0"}, {"0.00000", false, "0"}, {"1.23450", false, "1.2345"},
		{"", false, ""}, {".", false, ""}, {"-", false, ""}, {"1,23", false, ""}, {"1.234,56", false, ""}, {"1.23", true, ""}, {"1.23456", false, ""}, {"1234567890123456", false, ""},
		{"1e5", false, ""}, {"0x10", false, ""}, {"--1", false, ""}, {"1.2.3", false, ""}, {"NaN", false, ""}, {"12 XX", false, ""}, {"٣", false, ""},
	} {
		got, err := parseAmount(c.text, c.comma)
		if c.want == "" {
			require.Error(t, err, c.text)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got.String(), c.text)
	}
}

func TestTheFormatIsSeenInTheFirstBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Format{
		"OFXHEADER:100\nDATA:OFXSGML": OFX, "\ufeff<?xml version=\"1.0\"?><?OFX OFXHEADER=\"200\"?>": OFX, "<OFX><SIGNONMSGSRSV1>": OFX,
		`<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">`: CAMT,
		"01,BANK,ME,261130,0600,1,,,2/\n02,ME,BANK,1,261130,,USD,2/":                             BAI2, "01,02,2026;5": CSV, "Date,Amount": CSV, "": CSV,
	} {
		require.Equal(t, want, Detect([]byte(text)), text)
	}
}

func TestAFileIsBounded(t *testing.T) {
	t.Parallel()
	require.Contains(t, told(Read(make([]byte, MaxSize+1), Mapping{})), "more than 16 MB")
	require.Contains(t, told(Read([]byte(" \n "), Mapping{})), "empty")
	require.Contains(t, told(Read([]byte(strings.Repeat("a\n", 2*maxLines+1)), Mapping{})), "more than 200000 lines")
	deep := "<Document>" + strings.Repeat("<a>", maxDepth+1)
	require.Contains(t, told(Read([]byte(deep), Mapping{})), "nested too deeply")
	require.Contains(t, told(Read([]byte("<OFX>"+strings.Repeat("<A>", maxDepth+2)), Mapping{})), "nested too deeply")
	bomb := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>`
	require.Contains(t, told(Read([]byte(bomb), Mapping{})), "document type")
	late := "<Document>" + strings.Repeat(" ", 5000) + `<!DOCTYPE x [<!ENTITY a "aaaa">]>&a;</Document>`
	require.Contains(t, told(Read([]byte(late), Mapping{})), "declaration")
	require.Contains(t, told(Read([]byte("<Document>&undefined;</Document>"), Mapping{})), "not whole")
}

// fuzzed checks what holds of every file that was read, however it was written.
func fuzzed(t *testing.T, f File) {
	t.Helper()
	if len(f.Statements) == 0 && len(f.Problems) == 0 && len(f.Notes) == 0 {
		t.Fatal("a file says nothing at all")
	}
	for _, s := range f.Statements {
		for _, l := range s.Lines {
			if l.Booked.Year < 1990 || l.Booked.Year > 2100 {
				t.Fatalf("a line of %v", l.Booked)
			}
			if l.Amount.Exponent() < -fractionDigits-1 || l.Amount.Abs().IntPart() > 999_999_999_999_999 {
				t.Fatalf("an amount of %s does not fit", l.Amount)
			}
			if strings.ContainsAny(l.Description, "\n\r\x00") {
				t.Fatalf("a description of several lines: %q", l.Description)
			}
		}
		if missing, told := s.Missing(); told && !missing.IsZero() && s.Problems == 0 {
			t.Fatalf("%s is missing and nobody says so", missing)
		}
	}
}
