package sheet

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/fault"
	"tieout/app/money"
)

// ReadSKUMaps is the function of the same name, for those who hold a Book.
func (*Book) ReadSKUMaps(content []byte) (catalog.Written, error) { return ReadSKUMaps(content) }

// mapRowLimit is more SKUs than sellers have, and far less than what would hurt.
const mapRowLimit = 100_000

// ReadSKUMaps reads a workbook that SKUMaps wrote and a person edited. The error
// says why the file is no such workbook; what is wrong in its cells stands in
// Problems, all of it.
func ReadSKUMaps(content []byte) (catalog.Written, error) {
	book, err := openBook(content, "Export the SKU maps, edit that file and upload it.")
	if err != nil {
		return catalog.Written{}, err
	}
	x := mapReader{rowReader: rowReader{book: book, limit: mapRowLimit}, kits: map[kit]int{}}
	x.report = func(cell, message string) {
		x.file.Problems = append(x.file.Problems, catalog.CellProblem{Sheet: x.sheet, Cell: cell, Message: message})
	}
	var headings []string
	for _, c := range mapColumns() {
		if c.name != colListing {
			headings = append(headings, c.name)
		}
	}
	rows, err := x.open(mapsSheet, headings...)
	if err != nil {
		return catalog.Written{}, err
	}
	for i, cells := range rows {
		if i > 0 && x.enter(i, cells) {
			x.take()
		}
	}
	if len(x.file.Maps) == 0 && len(x.file.Problems) == 0 {
		return catalog.Written{}, fault.New(fault.Invalid, "The sheet %q holds no SKUs.", mapsSheet)
	}
	return x.file, nil
}

// kit is what the rows of one map have in common.
type kit struct{ marketplace, sku, from string }

// mapReader collects the maps of a sheet; rows of one kit become one map.
type mapReader struct {
	rowReader
	file catalog.Written
	kits map[kit]int // index into file.Maps
}

// take reads the row.
func (x *mapReader) take() {
	before := x.wrongs
	m := catalog.WrittenMap{Sheet: x.sheet, Cells: map[string]string{}}
	m.SKU, m.Marketplace, m.From, m.To, m.Note = x.text(colSKU), x.marketplace(), x.day(colFrom), x.day(colTo), x.text(colNote)
	if m.SKU == "" {
		x.wrong(colSKU, "Say which SKU this row is about.")
	}
	part, empty := x.part()
	if x.wrongs > before {
		return
	}
	key := kit{m.Marketplace, m.SKU, m.From.String()}
	at, known := x.kits[key]
	if !known {
		at = len(x.file.Maps)
		x.kits[key] = at
		for field, column := range map[string]string{"sku": colSKU, "from": colFrom, "to": colTo, "note": colNote, catalog.Field("code", 0): colItem} {
			m.Cells[field] = x.cell(column)
		}
		x.file.Maps = append(x.file.Maps, m)
	}
	x.join(at, m, part, empty, known)
}

// join adds the row's part to its map.
func (x *mapReader) join(at int, m catalog.WrittenMap, part catalog.Part, empty, known bool) {
	all := &x.file.Maps[at]
	if known && (all.To != m.To || all.Note != m.Note) {
		x.wrong(colTo, "The rows of a kit have the same end and the same note.")
	}
	if empty {
		if known {
			x.wrong(colItem, "Write an item, or delete this row: its SKU stands above.")
		}
		return
	}
	if known && len(all.Parts) == 0 {
		x.wrong(colSKU, "This SKU stands above without an item. Delete one of the rows.")
		return
	}
	n := len(all.Parts)
	all.Cells[catalog.Field("code", n)], all.Cells[catalog.Field("quantity", n)], all.Cells[catalog.Field("share", n)] = x.cell(colItem), x.cell(colQuantity), x.cell(colShare)
	all.Parts = append(all.Parts, part)
}

// part reads item, quantity and share; empty when the row has none of them.
func (x *mapReader) part() (part catalog.Part, empty bool) {
	part.Code = x.text(colItem)
	quantity, share := x.text(colQuantity), x.text(colShare)
	if part.Code == "" {
		if quantity != "" || share != "" {
			x.wrong(colItem, "Say which item of P21 it is.")
		}
		return part, true
	}
	part.Quantity = 1
	if quantity != "" {
		n, err := strconv.Atoi(quantity)
		if err != nil || n < 1 {
			x.wrong(colQuantity, "%q is no quantity. Write a whole number from 1 on.", quantity)
		}
		part.Quantity = n
	}
	if share != "" {
		value, err := parseShare(share)
		if err != nil {
			x.wrong(colShare, "%q is no share. Write a number from 0 to 1, such as 0.25.", share)
			return part, false
		}
		part.Share = catalog.ShareOf(value)
	}
	return part, false
}

// parseShare reads a number as Excel stores it, "2.5E-2" too, at eight decimals.
func parseShare(text string) (decimal.Decimal, error) {
	if len(text) > 40 {
		return decimal.Decimal{}, fmt.Errorf("%d characters are no share", len(text))
	}
	value, err := money.ParseNumber(text)
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("read share: %w", err)
	}
	if value.Exponent() > 2 {
		return decimal.Decimal{}, fmt.Errorf("%s is no share", text)
	}
	return value.Round(8), nil
}

func (x *mapReader) marketplace() string {
	text := x.text(colMarketplace)
	if text == "" || strings.EqualFold(text, allShops) {
		return catalog.EveryMarketplace
	}
	for _, m := range amazon.Marketplaces("") {
		if strings.EqualFold(text, m.Domain) || strings.EqualFold(text, m.ID) || strings.EqualFold(text, m.Name) {
			return m.ID
		}
	}
	x.wrong(colMarketplace, "%q is no marketplace. Write it as Amazon.com, or all.", text)
	return ""
}
