package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// rowWriter takes the rows of one sheet. excelize's writer keeps them until the
// workbook is written; rowStream sends them off as they come.
type rowWriter interface {
	SetRow(cell string, cells []any, opts ...excelize.RowOpts) error
	SetColWidth(first, last int, width float64) error
	SetPanes(panes *excelize.Panes) error
	Flush() error
}

// stream is a workbook whose rows leave while they are made, so that the first
// byte does not wait for the last row and memory stays flat. Sheets are written
// one after the other. All other parts of the workbook come from excelize, which
// holds the same sheets without their rows.
type stream struct {
	out    *zip.Writer // nil: rows wait until somebody takes them
	open   *rowStream
	sheets map[string]bool // paths of the sheets that are written here
}

// to begins to send the workbook to w.
func (s *stream) to(w io.Writer) {
	s.out = zip.NewWriter(w)
	s.out.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
}

// sheet begins the sheet that the package keeps at path.
func (s *stream) sheet(path string) *rowStream {
	s.sheets[path] = true
	r := &rowStream{of: s, path: path, first: len(s.sheets) == 1}
	return r
}

// finish writes the other parts, as excelize makes them.
func (s *stream) finish(file *excelize.File) error {
	var rest bytes.Buffer
	if err := file.Write(&rest); err != nil {
		return fmt.Errorf("make parts: %w", err)
	}
	parts, err := zip.NewReader(bytes.NewReader(rest.Bytes()), int64(rest.Len()))
	if err != nil {
		return fmt.Errorf("read parts: %w", err)
	}
	for _, part := range parts.File {
		if s.sheets[part.Name] {
			continue
		}
		if err := s.out.Copy(part); err != nil {
			return fmt.Errorf("write %s: %w", part.Name, err)
		}
	}
	if err := s.out.Close(); err != nil {
		return fmt.Errorf("end workbook: %w", err)
	}
	return nil
}

// batch is how many bytes of rows go to the compressor at once.
const batch = 64 << 10

// rowStream is a sheet that is sent off row by row.
type rowStream struct {
	of     *stream
	path   string
	first  bool // it is the one that is open when the workbook is opened
	to     io.Writer
	buf    []byte
	widths []byte
	frozen bool
	row    int
	begun  bool
	filter string // cells with a filter over them; empty: none
	names  []string
}

// SetColWidth notes a width; widths stand before the first row.
func (r *rowStream) SetColWidth(first, last int, width float64) error {
	r.widths = fmt.Appendf(r.widths, `<col min="%d" max="%d" width="%s" customWidth="1"/>`, first, last, strconv.FormatFloat(width, 'f', -1, 64))
	return nil
}

// SetPanes freezes the first row, whatever panes says: lists freeze nothing else.
func (r *rowStream) SetPanes(*excelize.Panes) error {
	r.frozen = true
	return nil
}

const (
	sheetHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView`
	sheetChosen = ` tabSelected="1"`
	sheetFrozen = `<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>`
)

func (r *rowStream) begin() {
	if r.begun {
		return
	}
	r.begun = true
	r.buf = append(r.buf, sheetHead...)
	if r.first {
		r.buf = append(r.buf, sheetChosen...)
	}
	r.buf = append(r.buf, ` workbookViewId="0">`...)
	if r.frozen {
		r.buf = append(r.buf, sheetFrozen...)
	}
	r.buf = append(r.buf, `</sheetView></sheetViews>`...)
	if len(r.widths) > 0 {
		r.buf = append(r.buf, `<cols>`...)
		r.buf = append(r.buf, r.widths...)
		r.buf = append(r.buf, `</cols>`...)
	}
	r.buf = append(r.buf, `<sheetData>`...)
}

// SetRow writes the next row; cell is where it begins, which is the next row's
// first cell.
func (r *rowStream) SetRow(_ string, cells []any, _ ...excelize.RowOpts) error {
	r.begin()
	r.row++
	r.buf = append(r.buf, `<row r="`...)
	r.buf = strconv.AppendInt(r.buf, int64(r.row), 10)
	r.buf = append(r.buf, `">`...)
	for i, cell := range cells {
		if err := r.cell(i, cell); err != nil {
			return err
		}
	}
	r.buf = append(r.buf, `</row>`...)
	if len(r.buf) >= batch {
		return r.send()
	}
	return nil
}

// send gives the compressor what is there; rows wait while nobody takes them.
func (r *rowStream) send() error {
	if r.of.out == nil {
		return nil
	}
	if r.to == nil {
		if r.of.open != nil {
			return fmt.Errorf("sheet %s is begun while %s is open", r.path, r.of.open.path)
		}
		to, err := r.of.out.Create(r.path)
		if err != nil {
			return fmt.Errorf("begin sheet: %w", err)
		}
		r.to, r.of.open = to, r
	}
	if _, err := r.to.Write(r.buf); err != nil {
		return fmt.Errorf("send rows: %w", err)
	}
	r.buf = r.buf[:0]
	return nil
}

// Flush ends the sheet.
func (r *rowStream) Flush() error {
	if r.of.out == nil {
		return errors.New("a sheet ends before anybody takes its rows")
	}
	r.begin()
	r.buf = append(r.buf, `</sheetData>`...)
	if r.filter != "" {
		r.buf = append(r.buf, `<autoFilter ref="`...)
		r.buf = append(r.buf, r.filter...)
		r.buf = append(r.buf, `"/>`...)
	}
	r.buf = append(r.buf, `</worksheet>`...)
	if err := r.send(); err != nil {
		return err
	}
	r.of.open = nil
	return nil
}

// cell writes one cell; nil leaves it out.
func (r *rowStream) cell(column int, value any) error {
	style, formula := 0, ""
	if c, ok := value.(excelize.Cell); ok {
		style, formula, value = c.StyleID, c.Formula, c.Value
	}
	if value == nil && formula == "" && style == 0 {
		return nil
	}
	r.buf = append(r.buf, `<c r="`...)
	if err := r.place(column); err != nil {
		return err
	}
	if style != 0 {
		r.buf = append(r.buf, `" s="`...)
		r.buf = strconv.AppendInt(r.buf, int64(style), 10)
	}
	r.value(value, formula)
	return nil
}

func (r *rowStream) place(column int) error {
	for len(r.names) <= column {
		name, err := excelize.ColumnNumberToName(len(r.names) + 1)
		if err != nil {
			return fmt.Errorf("name column %d: %w", column+1, err)
		}
		r.names = append(r.names, name)
	}
	r.buf = append(r.buf, r.names[column]...)
	r.buf = strconv.AppendInt(r.buf, int64(r.row), 10)
	return nil
}

// value ends a cell's tag and writes what it holds.
func (r *rowStream) value(value any, formula string) {
	if formula != "" {
		r.buf = append(r.buf, `" t="str"><f>`...)
		r.text(formula)
		r.buf = append(r.buf, `</f></c>`...)
		return
	}
	switch v := value.(type) {
	case nil:
		r.buf = append(r.buf, `"/>`...)
	case int:
		r.integer(int64(v))
	case int16:
		r.integer(int64(v))
	case int32:
		r.integer(int64(v))
	case int64:
		r.integer(v)
	case float64:
		r.float(v)
	case time.Time:
		r.float(serial(v))
	case bool:
		r.bool(v)
	case string:
		r.string(v)
	default:
		r.string(fmt.Sprint(v))
	}
}

func (r *rowStream) integer(v int64) {
	r.buf = append(r.buf, `"><v>`...)
	r.buf = strconv.AppendInt(r.buf, v, 10)
	r.buf = append(r.buf, `</v></c>`...)
}

func (r *rowStream) float(v float64) {
	r.buf = append(r.buf, `"><v>`...)
	r.buf = strconv.AppendFloat(r.buf, v, 'f', -1, 64)
	r.buf = append(r.buf, `</v></c>`...)
}

func (r *rowStream) bool(v bool) {
	digit := `0`
	if v {
		digit = `1`
	}
	r.buf = append(append(append(r.buf, `" t="b"><v>`...), digit...), `</v></c>`...)
}

// daySeconds and epochDay turn Unix seconds into the days by which Excel counts,
// 1 being 1900-01-01 and 60 a day that never was; 25569 is 1970-01-01.
const (
	daySeconds = 86_400
	epochDay   = 25_569
)

func serial(t time.Time) float64 {
	seconds := t.Unix()
	day := seconds / daySeconds
	rest := seconds - day*daySeconds
	return float64(day+epochDay) + float64(rest)/daySeconds
}

// string writes a text where it stands: a text is never a formula.
func (r *rowStream) string(s string) {
	r.buf = append(r.buf, `" t="inlineStr"><is><t`...)
	if s != "" && (blank(s[0]) || blank(s[len(s)-1])) {
		r.buf = append(r.buf, ` xml:space="preserve"`...)
	}
	r.buf = append(r.buf, '>')
	r.text(s)
	r.buf = append(r.buf, `</t></is></c>`...)
}

func blank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// textLimit is how many UTF-16 units Excel takes in one cell.
const textLimit = 32_767

// text writes characters so that XML, and Excel's own escapes such as _x000D_,
// leave them as they are. What XML cannot hold becomes U+FFFD.
func (r *rowStream) text(s string) {
	plain := 0 // where what is not written yet begins
	units := 0
	for i := 0; i < len(s); {
		char, size := rune(s[i]), 1
		if char >= utf8.RuneSelf {
			char, size = utf8.DecodeRuneInString(s[i:])
		}
		units++
		if char > 0xffff {
			units++
		}
		if units > textLimit {
			s = s[:i]
			break
		}
		if instead := escaped(char, size, s[i:]); instead != "" {
			r.buf = append(r.buf, s[plain:i]...)
			r.buf = append(r.buf, instead...)
			plain = i + size
		}
		i += size
	}
	r.buf = append(r.buf, s[plain:]...)
}

// escaped is what stands for a character at the beginning of rest; empty: itself.
func escaped(char rune, size int, rest string) string {
	switch {
	case char == '_' && looksEscaped(rest):
		return "_x005F_"
	case char == '&':
		return "&amp;"
	case char == '<':
		return "&lt;"
	case char == '>':
		return "&gt;"
	case char == '\r':
		return "&#13;"
	case char < ' ' && char != '\t' && char != '\n', char == utf8.RuneError && size == 1, char == 0xfffe, char == 0xffff:
		return "\uFFFD"
	}
	return ""
}

// looksEscaped reports whether a text begins as _x000D_ does.
func looksEscaped(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}
