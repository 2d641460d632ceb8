package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"tieout/app/fault"
	"tieout/app/markup"
)

// Bounds of an uploaded file: far more than people write, far less than what
// would hurt. A few packed bytes may claim gigabytes, so that what is unpacked,
// its parts and its cells are counted, and nothing but the cells is looked at:
// no formula is worked out, no link followed, no macro opened.
const (
	bookLimit   = 8 << 20
	unzipLimit  = 64 << 20  // bytes of one part of a workbook
	partLimit   = 4 << 20   // of the parts that only say where the others are
	pieceLimit  = 9_000_000 // tags and texts of one part
	sharedLimit = 1_000_000 // shared texts
	cellLimit   = 2_000_000 // with the empty ones between them
	columnLimit = 256       // what stands further right is not read
	lengthLimit = 32_767    // characters of a cell, Excel's own limit
)

// cell is what stands in a cell. A formula has no text: its value would depend on
// the program that saved the file last.
type cell struct {
	text    string
	formula bool
}

// blank reports whether nothing stands in it.
func (c cell) blank() bool { return !c.formula && strings.TrimSpace(c.text) == "" }

// table is an uploaded file with sheets, Excel or CSV.
type table struct {
	names []string
	// rows reads a sheet; an index is the row's number less one.
	rows func(sheet string, limit int) ([][]cell, error)
}

func (t *table) has(sheet string) bool {
	return slices.ContainsFunc(t.names, func(name string) bool { return strings.EqualFold(name, sheet) })
}

var errTooLarge = fault.New(fault.Invalid, "The file is larger than 8 MB, which no such list is.")

// openBook opens an uploaded workbook; hint says how to come by the right one.
func openBook(content []byte, hint string) (*table, error) {
	if len(content) > bookLimit {
		return nil, errTooLarge
	}
	b := &bookReader{}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err == nil {
		b.files = map[string]*zip.File{}
		for _, f := range archive.File {
			if b.files[partName(f.Name)] == nil {
				b.files[partName(f.Name)] = f
			}
		}
		err = b.index()
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "This is not an Excel workbook (.xlsx). %s", hint)
	}
	return &table{b.names, b.rows}, nil
}

// openTable opens an uploaded table, Excel or CSV; a CSV file becomes the sheet
// of that name.
func openTable(content []byte, sheet string, limit int, hint string) (*table, error) {
	if bytes.HasPrefix(content, []byte("PK")) {
		return openBook(content, hint)
	}
	if len(content) > bookLimit {
		return nil, errTooLarge
	}
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return nil, fault.New(fault.Invalid, "This is neither an Excel workbook (.xlsx) nor a CSV file in UTF-8. %s", hint)
	}
	rows, err := readCSV(bytes.TrimPrefix(content, []byte("\ufeff")), limit)
	if err != nil {
		return nil, err
	}
	return &table{[]string{sheet}, func(string, int) ([][]cell, error) { return rows, nil }}, nil
}

func readCSV(content []byte, limit int) ([][]cell, error) {
	reader := csv.NewReader(bytes.NewReader(content))
	reader.FieldsPerRecord, reader.ReuseRecord = -1, true
	first, _, _ := bytes.Cut(content, []byte("\n"))
	if bytes.Contains(first, []byte(";")) && !bytes.Contains(first, []byte(",")) {
		reader.Comma = ';' // as spreadsheets of some countries write it
	}
	g := grid{limit: limit, what: "file"}
	for row := 1; ; row++ {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return g.rows, nil
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "The file is no CSV that can be read: %v.", err)
		}
		line, _ := reader.FieldPos(0) // what is wrong is said by the line it stands in
		if row > limit || line > excelize.TotalRows {
			return nil, g.tooMany()
		}
		g.limit = max(g.limit, line) // a field may go over many lines
		for column, text := range fields {
			if err := g.put(max(line, row), column+1, cell{text: text}); err != nil {
				return nil, err
			}
		}
	}
}

// grid collects the cells of a sheet.
type grid struct {
	rows  [][]cell
	limit int
	cells int
	what  string // is too large
}

func (g *grid) tooMany() error {
	return fault.New(fault.Invalid, "The %s has more than %d rows.", g.what, g.limit)
}

// put takes a cell; rows and columns count from 1.
func (g *grid) put(row, column int, c cell) error {
	switch {
	case c.blank() || column > columnLimit:
		return nil
	case row > g.limit:
		return g.tooMany()
	case utf8.RuneCountInString(c.text) > lengthLimit:
		return fault.New(fault.Invalid, "Cell %s holds more than %d characters.", cellName(column, row), lengthLimit)
	}
	for len(g.rows) < row {
		g.rows = append(g.rows, nil)
	}
	at := &g.rows[row-1]
	for len(*at) < column {
		if g.cells++; g.cells > cellLimit {
			return fault.New(fault.Invalid, "The %s has more than %d cells.", g.what, cellLimit)
		}
		*at = append(*at, cell{})
	}
	(*at)[column-1] = c
	return nil
}

func cellName(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return fmt.Sprintf("row %d", row)
	}
	return name
}

// bookReader reads the parts of a workbook.
type bookReader struct {
	files   map[string]*zip.File
	names   []string
	parts   map[string]string // by a sheet's name in lower case
	texts   string            // part of the shared texts
	shared  []string
	fetched bool
}

// partName is a part's name as links to it are compared.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/"))
}

var errNoPart = errors.New("a part of the workbook is missing")

// walk goes through a part of the workbook, element by element.
func (b *bookReader) walk(part string, limit int64, token func(xml.Token) error) error {
	f := b.files[part]
	if f == nil {
		return errNoPart
	}
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("open %s: %w", part, err)
	}
	defer func() { _ = in.Close() }() // it was only read
	reader := markup.NewReader(in, markup.Limits{Bytes: limit, Pieces: pieceLimit}, nil)
	for {
		t, err := reader.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, markup.ErrLarge), errors.Is(err, markup.ErrMany):
			return fault.Wrap(err, fault.Invalid, "The workbook is larger than such a list is once it is unpacked. Copy the rows into an empty workbook and save that.")
		case err != nil:
			return fmt.Errorf("read %s, line %d: %w", part, reader.Line(), err)
		}
		if err := token(t); err != nil {
			return err
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// links are the parts that a part points to: by id, and the one of a kind.
func (b *bookReader) links(of string) (byID map[string]string, byKind map[string]string, err error) {
	byID, byKind = map[string]string{}, map[string]string{}
	folder, file := path.Split(of)
	err = b.walk(folder+"_rels/"+file+".rels", partLimit, func(t xml.Token) error {
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "Relationship" || attribute(e, "TargetMode") == "External" {
			return nil
		}
		target := attribute(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = folder + target
		}
		byID[attribute(e, "Id")] = partName(target)
		byKind[path.Base(attribute(e, "Type"))] = partName(target)
		return nil
	})
	return byID, byKind, err
}

// index finds the sheets.
func (b *bookReader) index() error {
	_, roots, err := b.links("")
	if err != nil {
		return err
	}
	book := roots["officeDocument"]
	byID, byKind, err := b.links(book)
	if err != nil {
		return err
	}
	b.parts, b.texts = map[string]string{}, byKind["sharedStrings"]
	err = b.walk(book, partLimit, func(t xml.Token) error {
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "sheet" {
			return nil
		}
		name, part := attribute(e, "name"), ""
		for _, a := range e.Attr {
			if a.Name.Local == "id" && a.Name.Space != "" {
				part = byID[a.Value]
			}
		}
		if key := strings.ToLower(name); part != "" && b.parts[key] == "" {
			b.names, b.parts[key] = append(b.names, name), part
		}
		return nil
	})
	if err == nil && len(b.names) == 0 {
		err = errNoPart
	}
	return err
}

// fetch reads the shared texts once. How a text is pronounced stands beside it
// and is no part of it.
func (b *bookReader) fetch() error {
	if b.fetched || b.files[b.texts] == nil { // where none is, no cell can name one
		return nil
	}
	b.fetched = true
	var text strings.Builder
	inText, spoken := false, 0
	return b.walk(b.texts, unzipLimit, func(t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "si":
				text.Reset()
			case "rPh":
				spoken++
			case "t":
				inText = spoken == 0
			}
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "t":
				inText = false
			case "rPh":
				spoken--
			case "si":
				if len(b.shared) == sharedLimit {
					return fault.New(fault.Invalid, "The workbook holds more than %d texts.", sharedLimit)
				}
				b.shared = append(b.shared, plain(text.String()))
			}
		}
		return nil
	})
}

var escapes = regexp.MustCompile(`_x([0-9A-Fa-f]{4})_`)

// plain undoes what workbooks write for characters that XML cannot hold.
func plain(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escapes.ReplaceAllStringFunc(text, func(code string) string {
		n, err := strconv.ParseUint(code[2:6], 16, 32)
		if err != nil || n == 0 {
			return code
		}
		return string(rune(n))
	})
}

// rows reads a sheet.
func (b *bookReader) rows(sheet string, limit int) ([][]cell, error) {
	if err := b.fetch(); err != nil {
		return nil, unreadableSheet(err, sheet)
	}
	s := sheetReader{shared: b.shared, grid: grid{limit: limit, what: fmt.Sprintf("sheet %q", sheet)}}
	if err := b.walk(b.parts[strings.ToLower(sheet)], unzipLimit, s.token); err != nil {
		return nil, unreadableSheet(err, sheet)
	}
	return s.grid.rows, nil
}

func unreadableSheet(err error, sheet string) error {
	if fault.Is(err, fault.Invalid) {
		return err
	}
	return fault.Wrap(err, fault.Invalid, "The sheet %q cannot be read. Save the workbook again as .xlsx.", sheet)
}

// sheetReader takes a sheet's cells as they come.
type sheetReader struct {
	grid
	shared      []string
	row, column int
	kind        string // of the cell: s is a shared text
	text        strings.Builder
	formula     bool
	inText      bool
	spoken      int
}

var errPlace = errors.New("a cell stands nowhere")

func (s *sheetReader) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return s.start(t)
	case xml.CharData:
		if s.inText {
			s.text.Write(t)
		}
	case xml.EndElement:
		switch t.Name.Local {
		case "v", "t":
			s.inText = false
		case "rPh":
			s.spoken--
		case "c":
			return s.end()
		}
	}
	return nil
}

func (s *sheetReader) start(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		s.row, s.column = s.row+1, 0
		if told := attribute(e, "r"); told != "" {
			n, err := strconv.Atoi(told)
			if err != nil || n < s.row || n > excelize.TotalRows {
				return errPlace
			}
			s.row = n
		}
	case "c":
		s.column++
		if told := attribute(e, "r"); told != "" {
			column, row, err := excelize.CellNameToCoordinates(told)
			if err != nil || row != s.row || column < s.column {
				return errPlace
			}
			s.column = column
		}
		s.kind, s.formula = attribute(e, "t"), false
		s.text.Reset()
	case "f":
		s.formula = true
	case "rPh":
		s.spoken++
	case "v", "t":
		s.inText = s.spoken == 0
	}
	return nil
}

func (s *sheetReader) end() error {
	c := cell{formula: s.formula}
	switch {
	case s.formula:
	case s.kind == "s":
		n, err := strconv.Atoi(strings.TrimSpace(s.text.String()))
		if err != nil || n < 0 || n >= len(s.shared) {
			return errors.New("a cell names a text that is not there")
		}
		c.text = s.shared[n]
	default:
		c.text = plain(s.text.String())
	}
	return s.put(s.row, s.column, c)
}
