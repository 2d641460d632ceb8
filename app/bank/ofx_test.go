package bank

import (
	"strings"
	"testing"
)

// ofx1 leaves leaf elements open, one of them empty.
const ofx1 = `OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII
CHARSET:1252

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>021000021<ACCTID>000123456789<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261130235959
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261120120000[-5:EST]<TRNAMT>1234.56<FITID>F1<CHECKNUM><NAME>AMAZON.COM SVCS<MEMO>ID:17400000001 A&amp;B caf` + "\xe9" + `</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261121<DTAVAIL>20261122<TRNAMT>-10,5<FITID>F2<CHECKNUM>77<NAME>Rent</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>5000.00<DTASOF>20261130</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>`

const ofx2 = `<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="220"?>
<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>EUR</CURDEF><CCACCTFROM><ACCTID>4111</ACCTID></CCACCTFROM>
<BANKTRANLIST><DTSTART>20261101</DTSTART><DTEND>20261130</DTEND>
<STMTTRN><TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20261105</DTPOSTED><TRNAMT>-3.00</TRNAMT><FITID>C1</FITID><PAYEE><NAME>Amazon Seller</NAME></PAYEE></STMTTRN>
</BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>`

func TestOFXReadsBothGenerations(t *testing.T) {
	t.Parallel()
	same(t, `
000123456789 USD  to 5000
  2026-11-20 - 1234.56 "AMAZON.COM SVCS ID:17400000001 A&B café" [] F1
  2026-11-21 2026-11-22 -10.5 "Rent" [77] F2
`, Read([]byte(ofx1), Mapping{}))
	same(t, `
4111 EUR 
  2026-11-05 - -3 "Amazon Seller" [] C1
`, Read([]byte(ofx2), Mapping{}))
}

// A file whose leaf elements are all closed says the same.
func TestOFXOneMayCloseItsElements(t *testing.T) {
	t.Parallel()
	closed := strings.NewReplacer("<CHECKNUM><NAME>AMAZON.COM SVCS", "<CHECKNUM></CHECKNUM><NAME>AMAZON.COM SVCS</NAME>", "<FITID>F2", "<FITID>F2</FITID>", "<CURDEF>USD", "<CURDEF>USD</CURDEF>").Replace(ofx1)
	same(t, told(Read([]byte(ofx1), Mapping{})), Read([]byte(closed), Mapping{}))
}

func TestOFXSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, says string }{
		{"<TRNAMT>1234.56", "<TRNAMT>12x", `Line 11: The transaction was left out: "12x" is no amount.`},
		{"<DTPOSTED>20261121", "<DTPOSTED>2026", `Line 12: "2026" is no date in DTPOSTED.`},
		{"<DTPOSTED>20261121", "", `has no date and was left out`},
		{"<FITID>F2", "<CURRENCY><CURRATE>1<CURSYM>CAD</CURRENCY><FITID>F2", `its amount is in CAD and the account in USD`},
		{"<ACCTID>000123456789", "", "names no account"},
		{"<STMTRS>", "<OTHER>", "no bank or card statement"},
		{"<SEVERITY>INFO", "<SEVERITY>ERROR<MESSAGE>Try later", "error 0: Try later"},
		{"</OFX>", "<", "a tag is not closed"},
		{"<BALAMT>5000.00", "<BALAMT>many", "The balance"},
	} {
		got := told(Read([]byte(strings.ReplaceAll(ofx1, c.old, c.new)), Mapping{}))
		if !strings.Contains(got, c.says) || !strings.Contains(got, "! ") {
			t.Errorf("%s -> %s: want %q in\n%s", c.old, c.new, c.says, got)
		}
	}
}

func FuzzOFX(f *testing.F) {
	f.Add(ofx1)
	f.Add(ofx2)
	f.Add("<OFX><STMTRS><BANKTRANLIST><STMTTRN><TRNAMT>1<DTPOSTED>20260101</STMTTRN></STMTRS></OFX>")
	f.Add("<OFX></A></B><!X>")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		fuzzed(t, readOFX([]byte(text)))
	})
}
