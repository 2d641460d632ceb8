package report_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/settlement/report"
	"tieout/app/settlement/report/reporttest"
)

// kept is a line whose borrowed bytes were copied.
type kept struct {
	report.Line
	order, sku, promotion, merchant string
}

// keeper is a sink that keeps everything.
type keeper struct {
	head        report.Head
	settlements []report.Settlement
	lines       []kept
	fail        error
}

func (k *keeper) Begin(h report.Head) error { k.head = h; return k.fail }

func (k *keeper) Settlement(_ int, s *report.Settlement) error {
	k.settlements = append(k.settlements, *s)
	return nil
}

func (k *keeper) Line(l *report.Line) error {
	k.lines = append(k.lines, kept{*l, string(l.OrderID), string(l.SKU), string(l.PromotionID), string(l.MerchantOrderID)})
	return nil
}

func parse(t testing.TB, raw []byte, options report.Options) (report.Summary, *keeper) {
	t.Helper()
	sink := &keeper{}
	summary, err := report.Parse(context.Background(), bytes.NewReader(raw), options, sink)
	require.NoError(t, err)
	return summary, sink
}

// table joins rows of cells; the header of V2 comes first.
func v2(rows ...string) []byte {
	return []byte(reporttest.HeaderV2 + "\n" + strings.Join(rows, "\n") + "\n")
}

const summaryUSD = "1\t2024-10-23 14:28:39 UTC\t2024-11-06 14:28:39 UTC\t2024-11-08 14:28:39 UTC\t10.00\tUSD"

// detail writes a row of V2 of settlement 1.
func detail(amount, posted string) string {
	return "1\t\t\t\t\t\tOrder\t114-9782897-5636528\tM-1\t\tX1\tAmazon.com\tItemPrice\tPrincipal\t" + amount +
		"\tAFN\t\t" + posted + "\t533\t\t\tSKU-1\t2\tPROMO"
}

const instant = "2024-10-26 18:32:18 UTC"

func TestALineCarriesEveryField(t *testing.T) {
	t.Parallel()
	raw := v2(summaryUSD, detail("10.00", instant))
	summary, got := parse(t, raw, report.Options{})
	require.Empty(t, summary.Problems)
	require.Len(t, got.lines, 1)
	l := got.lines[0]
	require.Equal(t, 3, l.Row)
	require.Zero(t, l.Part)
	require.Equal(t, detail("10.00", instant), string(raw[l.Offset:l.Offset+int64(l.Length)]))
	require.Equal(t, report.Kind{Marketplace: "Amazon.com", TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal"}, *l.Kind)
	require.Equal(t, money.Units(100000), l.Amount)
	require.Equal(t, "2024-10-26T18:32:18Z", l.PostedAt().Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, int32(2), l.Quantity)
	require.True(t, l.HasQuantity)
	require.Equal(t, []string{"AFN", "114-9782897-5636528", "M-1", "SKU-1", "PROMO"}, []string{l.Fulfillment, l.order, l.merchant, l.sku, l.promotion})
	require.Equal(t, report.FlatFileV2, got.head.Format)
	require.Equal(t, reporttest.HeaderV2, string(got.head.Header))
	require.Equal(t, int64(len(raw)), summary.Bytes)
}

func TestTheDescriptionIsTheContract(t *testing.T) {
	t.Parallel()
	raw := v2(summaryUSD, detail("10.00", instant), detail("x", instant))
	d, err := report.Describe(context.Background(), bytes.NewReader(raw), report.Options{})
	require.NoError(t, err)
	require.True(t, d.Balanced())
	require.False(t, d.Clean())
	digest := sha256.Sum256(raw)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	require.JSONEq(t, `{"format":"FLAT_FILE_V2","sha256":"`+hex.EncodeToString(digest[:])+`","settlements":[{
		"settlementId":"1","currency":"USD","startDate":"2024-10-23T14:28:39Z","endDate":"2024-11-06T14:28:39Z",
		"depositDate":"2024-11-08T14:28:39Z","deposit":"10.00","lines":1,"sum":"10.00","difference":"0.00",
		"marketplaces":["Amazon.com"],"kinds":[{"marketplace":"Amazon.com","transactionType":"Order",
		"amountType":"ItemPrice","amountDescription":"Principal","lines":1,"sum":"10.00"}]}],
		"problems":[{"line":4,"column":"amount","value":"x","rule":"amount-not-a-number"}]}`, string(text))

	empty, err := report.Describe(context.Background(), bytes.NewReader(v2(summaryUSD)), report.Options{})
	require.NoError(t, err)
	text, err = json.Marshal(empty)
	require.NoError(t, err)
	require.Contains(t, string(text), `"difference":"10.00","marketplaces":[],"kinds":[]}],"problems":[]`)
	require.False(t, empty.Balanced())
}

func TestRowsThatCannotBeReadAreProblemsAndNoLines(t *testing.T) {
	t.Parallel()
	wide := detail("1.00", instant) + "\t\textra"
	for name, c := range map[string]struct {
		rows           []string
		column, value  string
		rule           string
		line, settling int
	}{
		"amount":               {[]string{summaryUSD, detail("abc", instant)}, "amount", "abc", report.RuleAmount, 3, 0},
		"no amount":            {[]string{summaryUSD, detail("", instant)}, "amount", "", report.RuleAmountMissing, 3, 0},
		"other decimal mark":   {[]string{summaryUSD, detail("1,5", instant)}, "amount", "1,5", report.RuleAmountMixed, 3, 0},
		"date":                 {[]string{summaryUSD, detail("1.00", "yesterday")}, "posted-date-time", "yesterday", report.RuleDate, 3, 0},
		"no date":              {[]string{summaryUSD, detail("1.00", "")}, "posted-date", "", report.RuleDateMissing, 3, 0},
		"ambiguous date":       {[]string{summaryUSD, detail("1.00", "09/06/25")}, "posted-date-time", "09/06/25", report.RuleDateAmbiguous, 3, 0},
		"quantity":             {[]string{summaryUSD, strings.Replace(detail("1.00", instant), "\t2\tPROMO", "\ttwo\t", 1)}, "quantity-purchased", "two", report.RuleQuantity, 3, 0},
		"no summary":           {[]string{detail("1.00", instant)}, "settlement-id", "1", report.RuleNoSummary, 2, -1},
		"another settlement":   {[]string{summaryUSD, "2" + detail("1.00", instant)[1:]}, "settlement-id", "2", report.RuleNoSummary, 3, -1},
		"no settlement":        {[]string{summaryUSD, detail("1.00", instant)[1:]}, "settlement-id", "", report.RuleSettlementID, 3, -1},
		"same settlement":      {[]string{summaryUSD, summaryUSD}, "settlement-id", "1", report.RuleSettlementTwice, 3, 0},
		"too many fields":      {[]string{summaryUSD, wide}, "", wide, report.RuleTooManyFields, 3, 0},
		"currency":             {[]string{strings.Replace(summaryUSD, "USD", "dollars", 1)}, "currency", "dollars", report.RuleCurrency, 2, 0},
		"total":                {[]string{strings.Replace(summaryUSD, "10.00", "ten", 1)}, "total-amount", "ten", report.RuleAmount, 2, 0},
		"start":                {[]string{strings.Replace(summaryUSD, "2024-10-23", "2024-23-10", 1)}, "settlement-start-date", "2024-23-10 14:28:39 UTC", report.RuleDate, 2, 0},
		"a header of another":  {[]string{summaryUSD, "settlement-id\tamount"}, "", "settlement-id\tamount", report.RuleHeaderDiffers, 3, -1},
		"sum beyond all money": {[]string{summaryUSD, detail("900000000000000.00", instant), detail("900000000000000.00", instant)}, "amount", "900000000000000.00", report.RuleAmountRange, 4, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := v2(c.rows...)
			summary, got := parse(t, raw, report.Options{})
			require.Len(t, summary.Problems, 1)
			require.Equal(t, 1, summary.ProblemCount)
			p := summary.Problems[0]
			require.Equal(t, []any{c.line, c.column, c.value, c.rule, c.settling}, []any{p.Line, p.Column, p.Value, p.Rule, p.Settlement})
			require.Equal(t, c.rows[c.line-2], string(raw[p.Offset:p.Offset+int64(p.Length)]))
			for _, l := range got.lines {
				require.NotEqual(t, c.line, l.Row)
			}
		})
	}
}

func TestProblemsAreCountedBeyondWhatIsKept(t *testing.T) {
	t.Parallel()
	rows := append([]string{summaryUSD}, slices.Repeat([]string{detail("?", instant)}, 50)...)
	summary, got := parse(t, v2(rows...), report.Options{MaxProblems: 7})
	require.Len(t, summary.Problems, 7)
	require.Equal(t, 50, summary.ProblemCount)
	require.Equal(t, 50, summary.Settlements[0].Problems)
	require.Empty(t, got.lines)
}

func TestQuirksOfRealFilesAreNoProblems(t *testing.T) {
	t.Parallel()
	short := strings.TrimSuffix(detail("10.00", instant), "\tPROMO")
	for name, c := range map[string]struct {
		raw   []byte
		lines int
	}{
		"short rows are padded":           {v2(summaryUSD, short), 1},
		"a summary row without its tabs":  {v2(summaryUSD, detail("10.00", instant)), 1},
		"equal rows are all kept":         {v2(summaryUSD, detail("5.00", instant), detail("5.00", instant)), 2},
		"blank rows are no rows":          {v2("", summaryUSD, "", detail("10.00", instant), "\t\t\t", "  "), 1},
		"carriage returns":                {bytes.ReplaceAll(v2(summaryUSD, detail("10.00", instant)), []byte("\n"), []byte("\r\n")), 1},
		"no line end after the last row":  {bytes.TrimSuffix(v2(summaryUSD, detail("10.00", instant)), []byte("\n")), 1},
		"byte order mark":                 {append([]byte("\xef\xbb\xbf"), v2(summaryUSD, detail("10.00", instant))...), 1},
		"blank rows before the header":    {append([]byte("\n\n"), v2(summaryUSD, detail("10.00", instant))...), 1},
		"a stray quote swallows nothing":  {v2(summaryUSD, strings.Replace(detail("5.00", instant), "SKU-1", `"SKU-1`, 1), detail("5.00", instant)), 2},
		"empty transaction type":          {v2(summaryUSD, strings.Replace(detail("10.00", instant), "Order", "", 1)), 1},
		"empty marketplace":               {v2(summaryUSD, strings.Replace(detail("10.00", instant), "Amazon.com", "", 1)), 1},
		"unknown names":                   {v2(summaryUSD, strings.Replace(detail("10.00", instant), "ItemPrice\tPrincipal", "New\tThing", 1)), 1},
		"an inbound shipment as order":    {v2(summaryUSD, strings.Replace(detail("10.00", instant), "Order\t", "FBAFees\tFBA43MB4BO36/", 1)), 1},
		"files put together":              {v2(summaryUSD, detail("10.00", instant), reporttest.HeaderV2, "2"+summaryUSD[1:], "2"+detail("10.00", instant)[1:]), 2},
		"settlements in turn":             {v2(summaryUSD, "2"+summaryUSD[1:], detail("4.00", instant), "2"+detail("10.00", instant)[1:], detail("6.00", instant)), 3},
		"posted-date alone":               {v2(summaryUSD, strings.Replace(detail("10.00", ""), "AFN\t\t", "AFN\t2024-10-26\t", 1)), 1},
		"negative in brackets":            {v2(summaryUSD, detail("(5.00)", instant), detail("15.00", instant)), 2},
		"thousands decided by the rest":   {v2(strings.Replace(summaryUSD, "10.00", "1,234", 1), detail("1,233.50", instant), detail("0.50", instant)), 2},
		"day and month decided elsewhere": {v2(summaryUSD, detail("4.00", "09/06/25"), detail("6.00", "26/10/24")), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for chunk, in := range map[string]io.Reader{"whole": bytes.NewReader(c.raw), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.raw))} {
				sink := &keeper{}
				summary, err := report.Parse(context.Background(), in, report.Options{}, sink)
				require.NoError(t, err, chunk)
				require.Empty(t, summary.Problems, chunk)
				require.Len(t, sink.lines, c.lines, chunk)
				for _, total := range summary.Settlements {
					require.True(t, total.Balanced(), chunk)
				}
				for _, l := range sink.lines {
					row := string(c.raw[l.Offset : l.Offset+int64(l.Length)])
					require.Contains(t, row, "114-9782897-5636528\t", chunk)
					require.NotContains(t, row, "\n", chunk)
					require.Equal(t, l.Row, 1+bytes.Count(c.raw[:l.Offset], []byte("\n")), chunk)
				}
			}
		})
	}
}

func TestDayAndMonthAreOrderedByTheWholeFile(t *testing.T) {
	t.Parallel()
	_, got := parse(t, v2(summaryUSD, detail("4.00", "09/06/25"), detail("6.00", "26/10/24")), report.Options{})
	require.Equal(t, "2025-06-09", got.lines[0].PostedAt().Format("2006-01-02"))
	_, got = parse(t, v2(summaryUSD, detail("4.00", "09/06/25"), detail("6.00", "10/26/24")), report.Options{})
	require.Equal(t, "2025-09-06", got.lines[0].PostedAt().Format("2006-01-02"))
}

func TestStyleProvedOnlyFarIntoTheFileIsUsedFromThere(t *testing.T) {
	t.Parallel()
	rows := []string{strings.Replace(summaryUSD, "10.00", "10", 1)}
	rows = append(rows, slices.Repeat([]string{detail("1", instant)}, 12_000)...)
	rows = append(rows, detail("1,234", instant), detail("2.50", instant), detail("1,234", instant))
	summary, got := parse(t, v2(rows...), report.Options{})
	require.Equal(t, 1, summary.ProblemCount)
	require.Equal(t, report.RuleAmountAmbiguous, summary.Problems[0].Rule)
	require.Len(t, got.lines, 12_002)
	require.Equal(t, money.Units(12340000), got.lines[len(got.lines)-1].Amount)
}

func TestUnknownColumnsAreNamedAndKeptInTheRow(t *testing.T) {
	t.Parallel()
	header := "Region\t" + strings.Replace(reporttest.HeaderV2, "\tsku\t", "\tSKU\tvat-invoice\t", 1)
	row := "EU\t" + strings.Replace(detail("10.00", instant), "\tSKU-1\t", "\tSKU-1\tINV-7\t", 1)
	raw := []byte(header + "\nEU\t" + summaryUSD + "\n" + row + "\n")
	summary, got := parse(t, raw, report.Options{})
	require.Empty(t, summary.Problems)
	require.Equal(t, []string{"region", "vat-invoice"}, summary.UnknownColumns)
	require.Equal(t, "SKU-1", got.lines[0].sku)
	l := got.lines[0]
	fields := report.Fields(got.head.Header, raw[l.Offset:l.Offset+int64(l.Length)], report.Options{})
	require.Len(t, fields, 26)
	require.Contains(t, fields, report.Field{Column: "vat-invoice", Value: "INV-7"})
	require.Equal(t, report.Field{Column: "promotion-id", Value: "PROMO"}, fields[25])
}

func TestFieldsPadShortRowsAndShowSurplusOnes(t *testing.T) {
	t.Parallel()
	require.Equal(t, []report.Field{{"a", "1"}, {"b", ""}}, report.Fields([]byte("\xef\xbb\xbfA\tb\r"), []byte("1"), report.Options{}))
	require.Equal(t, []report.Field{{"a", "é"}, {"", "x"}}, report.Fields([]byte("a"), []byte("\xe9\tx\r\n"), report.Options{}))
}

func TestTextIsDecodedAndOffsetsStayThoseOfTheBytes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		encode  func(string) ([]byte, error)
		mark    string
		charset string
		market  string
	}{
		"utf-8":                  {"Überraschung €5 ☃", nil, "", "", "Amazon.de"},
		"utf-8 declared":         {"Überraschung €5 ☃", nil, "", "UTF-8", "Amazon.de"},
		"utf-8 with mark":        {"Überraschung €5 ☃", nil, "\xef\xbb\xbf", "windows-1252", "Amazon.de"},
		"windows-1252":           {"Überraschung €5 “x”", func(s string) ([]byte, error) { return charmap.Windows1252.NewEncoder().Bytes([]byte(s)) }, "", "", "Amazon.de"},
		"windows-1252 declared":  {"Ã¼ is not u umlaut", func(s string) ([]byte, error) { return charmap.Windows1252.NewEncoder().Bytes([]byte(s)) }, "", "Cp1252", "Amazon.de"},
		"latin-1 declared":       {"Café", func(s string) ([]byte, error) { return charmap.ISO8859_1.NewEncoder().Bytes([]byte(s)) }, "", "ISO-8859-1", "Amazon.fr"},
		"shift-jis declared":     {"ポイント 表示 能", func(s string) ([]byte, error) { return japanese.ShiftJIS.NewEncoder().Bytes([]byte(s)) }, "", "Shift_JIS", "Amazon.com"},
		"shift-jis by the place": {"ポイント 表示 能", func(s string) ([]byte, error) { return japanese.ShiftJIS.NewEncoder().Bytes([]byte(s)) }, "", "", "Amazon.co.jp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := strings.Replace(strings.Replace(detail("5.00", instant), "PROMO", c.text, 1), "Amazon.com", c.market, 1)
			raw := v2(summaryUSD, row, row)
			if c.encode != nil {
				var err error
				raw, err = c.encode(string(raw))
				require.NoError(t, err)
			}
			raw = append([]byte(c.mark), raw...)
			summary, got := parse(t, raw, report.Options{Charset: c.charset})
			require.Empty(t, summary.Problems)
			require.Len(t, got.lines, 2)
			for _, l := range got.lines {
				require.Equal(t, c.text, l.promotion)
				cut := raw[l.Offset : l.Offset+int64(l.Length)]
				fields := report.Fields(got.head.Header, cut, report.Options{Charset: c.charset})
				require.Equal(t, c.text, fields[23].Value)
			}
		})
	}
}

func TestWhatIsNotASettlementReportSaysWhatItLooksLike(t *testing.T) {
	t.Parallel()
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(v2(summaryUSD))
	require.NoError(t, err)
	dateRange := "\"Includes Amazon Marketplace transactions\"\n\"All amounts in USD\"\n" +
		"\"date/time\",\"settlement id\",\"type\",\"order id\",\"sku\"\n"
	translated := "\"Alle Beträge in EUR\"\n" + strings.Repeat("\"Spalte\",", 25) + "\n"
	for looks, raw := range map[string]string{
		"an empty file":    "",
		"a ZIP archive":    "PK\x03\x04 something",
		"Excel workbook":   "PK\x03\x04 xl [Content_Types].xml",
		"an old Excel":     "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
		"a PDF":            "%PDF-1.7",
		"UTF-16":           string(utf16),
		"in UTF-16, as":    string(utf16[2:]),
		"a web page":       "<!DOCTYPE html><html><body>Sign in</body></html>",
		"other XML":        "<?xml version=\"1.0\"?><feed/>",
		"kind of Amazon's": "<AmazonEnvelope><MessageType>OrderReport</MessageType></AmazonEnvelope>",
		"date range":       dateRange,
		"(transaction)":    translated,
		"another report":   "sku\tasin\tprice\tquantity\tname\n1\t2\t3\t4\t5\n",
		"separators":       strings.ReplaceAll(string(v2(summaryUSD)), "\t", ","),
		"other separators": strings.ReplaceAll(string(v2(summaryUSD)), "\t", ";"),
		"a JSON":           `{"errors":[{"code":"Unauthorized"}]}`,
		"something else":   "hello\n",
		"without any":      string(v2()),
		"column currency":  strings.Replace(string(v2(summaryUSD)), "\tcurrency\t", "\tmoney\t", 1),
		"two columns sku":  strings.Replace(string(v2(summaryUSD)), "\tshipment-id\t", "\tsku\t", 1),
		"gzip":             "\x1f\x8b\x08\x00 damaged",
		"incomplete gzip":  string(zipped(t, v2(summaryUSD))[:40]),
		"ends in the":      "<AmazonEnvelope><Message><SettlementReport><SettlementData><AmazonSettle",
		"in the middle":    "<AmazonEnvelope><Message><SettlementReport>\n",
		"damaged XML":      "<AmazonEnvelope><Message></Envelope>",
		"document type":    `<!DOCTYPE a [<!ENTITY b "c">]><AmazonEnvelope>&b;</AmazonEnvelope>`,
	} {
		t.Run(looks, func(t *testing.T) {
			t.Parallel()
			_, err := report.Describe(context.Background(), strings.NewReader(raw), report.Options{})
			var unreadable *report.Unreadable
			require.ErrorAs(t, err, &unreadable)
			require.Contains(t, unreadable.Looks, looks)
			require.True(t, fault.Is(err, fault.Invalid))
			require.Contains(t, fault.MessageOf(err), unreadable.Advice)
		})
	}
}

func zipped(t testing.TB, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(raw)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestGzipIsUndoneAndTheHashIsOfTheReport(t *testing.T) {
	t.Parallel()
	raw := v2(summaryUSD, detail("10.00", instant))
	plain, err := report.Describe(context.Background(), bytes.NewReader(raw), report.Options{})
	require.NoError(t, err)
	for _, packed := range [][]byte{zipped(t, raw), zipped(t, zipped(t, raw))} {
		got, err := report.Describe(context.Background(), bytes.NewReader(packed), report.Options{})
		require.NoError(t, err)
		require.Equal(t, plain, got)
	}
}

func TestErrorsOfReaderSinkAndContextComeBack(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	raw := v2(append([]string{summaryUSD}, slices.Repeat([]string{detail("1.00", instant)}, 20_000)...)...)
	for _, at := range []int{0, 10, 700_000, len(raw) - 5} {
		in := io.MultiReader(bytes.NewReader(raw[:at]), iotest.ErrReader(broken))
		_, err := report.Parse(context.Background(), in, report.Options{}, &keeper{})
		require.ErrorIs(t, err, broken)
		var unreadable *report.Unreadable
		require.NotErrorAs(t, err, &unreadable)
	}
	_, err := report.Parse(context.Background(), bytes.NewReader(raw), report.Options{}, &keeper{fail: broken})
	require.ErrorIs(t, err, broken)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = report.Parse(ctx, bytes.NewReader(raw), report.Options{}, &keeper{})
	require.ErrorIs(t, err, context.Canceled)
}
