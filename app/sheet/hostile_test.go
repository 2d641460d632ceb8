package sheet_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/sheet"
)

// packed is a workbook made by hand: its parts, and how often the middle of the
// sheet is written.
type packed struct {
	before, again, after string
	times                int
	strings              string
	rels                 string
	more                 map[string]string
}

const (
	spreadsheet = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	relation    = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	headRow     = `<row r="1"><c r="A1" t="inlineStr"><is><t>Day</t></is></c><c r="B1" t="inlineStr"><is><t>From</t></is></c><c r="C1" t="inlineStr"><is><t>To</t></is></c><c r="D1" t="inlineStr"><is><t>Rate</t></is></c></row>`
	rateRow     = `<row><c t="inlineStr"><is><t>2026-11-20</t></is></c><c t="inlineStr"><is><t>GBP</t></is></c><c t="inlineStr"><is><t>USD</t></is></c><c><v>1.27</v></c></row>`
	openSheet   = `<?xml version="1.0" encoding="UTF-8"?><worksheet ` + spreadsheet + `><sheetData>`
	closeSheet  = `</sheetData></worksheet>`
)

func (p packed) content(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	write := func(name string, parts ...string) io.Writer {
		w, err := archive.Create(name)
		require.NoError(t, err)
		for _, part := range parts {
			_, err := io.WriteString(w, part)
			require.NoError(t, err)
		}
		return w
	}
	write("_rels/.rels", `<Relationships><Relationship Id="rId1" Type="`+relation+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	write("xl/workbook.xml", `<workbook `+spreadsheet+` xmlns:r="`+relation+`"><sheets><sheet name="Rates" sheetId="1" r:id="rId1"/></sheets></workbook>`)
	write("xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Type="`+relation+`/worksheet" Target="worksheets/sheet1.xml"/>`+
		`<Relationship Id="rId2" Type="`+relation+`/sharedStrings" Target="sharedStrings.xml"/>`+p.rels+`</Relationships>`)
	if p.strings != "" {
		write("xl/sharedStrings.xml", p.strings)
	}
	for name, text := range p.more {
		write(name, text)
	}
	w := write("xl/worksheets/sheet1.xml", p.before)
	for range p.times {
		_, err := io.WriteString(w, p.again)
		require.NoError(t, err)
	}
	_, err := io.WriteString(w, p.after)
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	return out.Bytes()
}

// peak is how much memory was in use at most while do ran.
func peak(do func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // as it is measured, whatever GOGC says
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	before, most := now.HeapAlloc, uint64(0)
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return most
		case <-tick.C:
			if runtime.ReadMemStats(&now); now.HeapAlloc > before {
				most = max(most, now.HeapAlloc-before)
			}
		}
	}
}

// TestAHostileWorkbookIsRefusedInFlatMemory: what a few packed bytes claim is
// never built. Those that take a second each are opened with SOAK=1.
func TestAHostileWorkbookIsRefusedInFlatMemory(t *testing.T) {
	type hostile struct {
		book packed
		says string
	}
	all := map[string]hostile{
		"cells far to the right in each row": {packed{before: openSheet + headRow, again: `<row><c r="XFD1"><v>1</v></c></row>`, times: 2_000, after: closeSheet}, "cannot be read"},
		"the last row of all":                {packed{before: openSheet + headRow, again: `<row r="1048576"><c r="A1048576"><v>1</v></c></row>`, times: 1, after: closeSheet}, "more than 20000 rows"},
		"a row beyond the last":              {packed{before: openSheet + headRow, again: `<row r="99999999999"><c><v>1</v></c></row>`, times: 1, after: closeSheet}, "cannot be read"},
		"a text of megabytes":                {packed{before: openSheet + headRow + `<row><c t="inlineStr"><is><t>`, again: strings.Repeat("x", 1<<16), times: 32, after: `</t></is></c></row>` + closeSheet}, "cannot be read"},
		"a long text":                        {packed{before: openSheet + headRow + `<row><c t="inlineStr"><is><t>`, again: strings.Repeat("x", 1<<15), times: 2, after: `</t></is></c></row>` + closeSheet}, "Cell A2 holds more than 32767 characters"},
		"nested without end":                 {packed{before: openSheet, again: "<a>", times: 100_000}, "cannot be read"},
		"entities":                           {packed{before: `<!DOCTYPE x [<!ENTITY l "lol">]>` + openSheet, after: closeSheet}, "cannot be read"},
		"an entity":                          {packed{before: openSheet + `<row><c t="inlineStr"><is><t>&lol;</t></is></c></row>`, after: closeSheet}, "cannot be read"},
		"a shared text that is not there":    {packed{before: openSheet + `<row><c t="s"><v>7</v></c></row>`, after: closeSheet}, "cannot be read"},
		"rows backwards":                     {packed{before: openSheet + `<row r="9"><c r="A9"><v>1</v></c></row>` + headRow, after: closeSheet}, "cannot be read"},
	}
	if os.Getenv("SOAK") != "" {
		maps.Copy(all, map[string]hostile{
			"wide rows":           {packed{before: openSheet + headRow, again: `<row>` + strings.Repeat(`<c/>`, 255) + `<c><v>1</v></c></row>`, times: 19_000, after: closeSheet}, "more than 2000000 cells"},
			"a part of gigabytes": {packed{before: openSheet, again: "<row/>" + strings.Repeat(" ", 1<<10), times: 80_000, after: closeSheet}, "larger than such a list"},
			"texts without end":   {packed{before: openSheet + headRow, after: closeSheet, strings: `<sst>` + strings.Repeat(`<si/>`, 1_000_001) + `</sst>`}, "more than 1000000 texts"},
		})
	}
	for name, c := range all {
		content := c.book.content(t)
		require.Less(t, len(content), 1<<20, name)
		var err error
		began := time.Now()
		used := peak(func() { _, err = new(sheet.Book).ReadRates(content) })
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
		require.Contains(t, fault.MessageOf(err), c.says, name)
		require.Less(t, used, uint64(192<<20), name)
		require.Less(t, time.Since(began), 20*time.Second, name)
	}
}

// TestAWorkbookIsOnlyItsCells: macros, links to elsewhere and formulas stand in a
// file and nothing comes of them.
func TestAWorkbookIsOnlyItsCells(t *testing.T) {
	t.Parallel()
	content := packed{
		before: openSheet + headRow + rateRow, after: `<row><c t="inlineStr"><is><t>2026-11-21</t></is></c><c t="s"><v>0</v></c><c t="str"><f>CONCAT("U","SD")</f><v>USD</v></c><c><f>[1]Other!A1</f><v>1</v></c></row>` + closeSheet,
		strings: `<sst><si><t>GB</t><rPh sb="0" eb="1"><t>spoken</t></rPh><r><t>P</t></r></si></sst>`,
		rels:    `<Relationship Id="rId9" Type="` + relation + `/externalLink" Target="file:///etc/passwd" TargetMode="External"/><Relationship Id="rId8" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/>`,
		more:    map[string]string{"xl/vbaProject.bin": "\xd0\xcf\x11\xe0", "../../../etc/passwd": "x", "xl/worksheets/SHEET1.xml.bak": "y"},
	}.content(t)
	file, err := new(sheet.Book).ReadRates(content)
	require.NoError(t, err)
	require.Len(t, file.Entries, 1)
	require.Len(t, file.Problems, 2)
	for i, cell := range []string{"C3", "D3"} {
		require.Equal(t, "Rates "+cell, file.Problems[i].Sheet+" "+file.Problems[i].Cell)
		require.Contains(t, file.Problems[i].Message, "formula")
	}
}

// TestOfAThousandWrongCellsEachIsTold and of more, that there are more: a file of
// nothing but errors is not answered with all of it.
func TestOfAThousandWrongCellsEachIsTold(t *testing.T) {
	t.Parallel()
	rows := [][]any{{"Marketplace", "SKU", "Title", "P21 item", "Quantity", "Share of price", "Valid from", "Valid to", "Note"}}
	long := strings.Repeat("\u202e=1+1", 3000)
	for i := range 700 {
		rows = append(rows, []any{long, fmt.Sprint(i), "", "X", long})
	}
	file, err := sheet.ReadSKUMaps(table(t, "SKU maps", rows...))
	require.NoError(t, err)
	require.Len(t, file.Problems, 1001)
	require.Contains(t, file.Problems[1000].Message, "more is wrong")
	require.Less(t, len(file.Problems[0].Message), 2000)
}

// TestAHostileCSVFileIsRefused by its size, its rows, its fields or its letters.
func TestAHostileCSVFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, says string }{
		"too large":       {strings.Repeat("a,", 5<<20), "larger than 8 MB"},
		"one row":         {strings.Repeat("a,", 1<<20), "lacks the columns"},
		"one field":       {"Day,From,To,Rate\n\"" + strings.Repeat("x", 1<<20) + "\"\n", "Cell A2 holds more than 32767 characters"},
		"no end of quote": {"Day,From,To,Rate\n\"" + strings.Repeat("x\n", 100_000), "no CSV that can be read"},
		"many rows":       {"Day,From,To,Rate\n" + strings.Repeat("x\n", 20_001), "more than 20000 rows"},
		"UTF-16":          {"\xff\xfeD\x00a\x00y\x00", "UTF-8"},
		"NUL":             {"Day\x00,From,To,Rate\n", "UTF-8"},
		"Windows-1252":    {"Day,From,To,Rate,Reason\n2026-11-20,GBP,USD,1,M\xfcnchen\n", "UTF-8"},
	} {
		_, err := new(sheet.Book).ReadRates([]byte(c.content))
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
		require.Contains(t, fault.MessageOf(err), c.says, name)
	}
}
