package sheet

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/xuri/excelize/v2"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/period"
)

const mapsSheet = "SKU maps"

// Columns of the sheet of SKU maps, in the order in which they are written.
const (
	colSKU      = "SKU"
	colListing  = "Title"
	colItem     = "P21 item"
	colQuantity = "Quantity"
	colShare    = "Share of price"
	colFrom     = "Valid from"
	colTo       = "Valid to"
)

func mapColumns() []column {
	return []column{{colMarketplace, 16}, {colSKU, 26}, {colListing, 40}, {colItem, 22}, {colQuantity, 10}, {colShare, 14}, {colFrom, 12}, {colTo, 12}, {colNote, 40}}
}

// SKUMaps writes the SKU maps of a connection that hold today or later, and the
// SKUs without one, for editing in Excel. ReadSKUMaps reads the file back.
func (k *Book) SKUMaps(ctx context.Context, w io.Writer, connectionID int64, name string) error {
	b, err := newWorkbook()
	if err != nil {
		return err
	}
	if err := b.mapRows(ctx, k.catalog, connectionID); err != nil {
		return fmt.Errorf("workbook of SKU maps: %w", err)
	}
	if err := b.mapHelp(name); err != nil {
		return fmt.Errorf("workbook of SKU maps: %w", err)
	}
	return b.write(w)
}

func (b *workbook) mapRows(ctx context.Context, products *catalog.Service, connectionID int64) error {
	p, err := b.page(mapsSheet, mapColumns()...)
	if err != nil {
		return err
	}
	maps, err := products.InForce(ctx, connectionID)
	if err != nil {
		return err
	}
	for _, m := range maps {
		for _, part := range m.Parts {
			if err := p.add(b.mapRow(m, part)...); err != nil {
				return err
			}
		}
	}
	f := catalog.Filter{ConnectionID: connectionID, State: catalog.Unmapped, PageSize: 5000}
	for {
		list, err := products.Products(ctx, f)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.Title == "" && x.ASIN == "" {
				continue // an ended map of what is not listed: nothing to map
			}
			if err := p.add(b.str(shopName(x.Marketplace)), b.str(x.SKU), b.str(x.Title)); err != nil {
				return err
			}
			f.After = x.Key
		}
		if len(list) < int(f.PageSize) {
			return p.close()
		}
		f.After = list[len(list)-1].Key
	}
}

func (b *workbook) mapRow(m catalog.Mapping, part catalog.Part) []any {
	var share any
	if part.Share.Valid {
		value, _ := part.Share.Decimal.Float64() // eight decimals are exact in a cell's double
		share = value
	}
	return []any{b.str(shopName(m.Marketplace)), b.str(m.SKU), b.str(part.Description), b.str(part.Code), part.Quantity, share, b.dateOf(m.From), b.dateOf(m.To), b.str(m.Note)}
}

// dateOf is a day; none is an empty cell.
func (b *workbook) dateOf(d period.Date) excelize.Cell {
	if d == (period.Date{}) {
		return excelize.Cell{}
	}
	return b.day(d.Time())
}

func (b *workbook) mapHelp(name string) error {
	p, err := b.page(helpSheet)
	if err != nil {
		return err
	}
	if err := p.stream.SetColWidth(1, 1, 110); err != nil {
		return fmt.Errorf("set width: %w", err)
	}
	for _, line := range []string{
		"SKU maps of " + name + ": which P21 item one unit of an Amazon SKU stands for. Edit the rows and upload the file. You see what changes before anything is saved.",
		"A row without an item is an SKU that is not mapped yet. Write its item and quantity; without a day under Valid from the map holds from today.",
		"A multipack is one row with a quantity. A kit has a row for each of its items, with the same marketplace, SKU and Valid from.",
		"Share of price: for kits; the shares of all rows sum to 1. Leave all of them empty to split prices by list price.",
		"Valid to is the first day on which the map no longer holds. To end a map, write it there. Deleting a row changes nothing.",
		"Another item or quantity in a row holds from today, or from the day under Valid from when that lies ahead; until then the map stays as it was.",
		"Marketplace: as settlement reports write it, such as Amazon.com; \"all\" or empty is every marketplace. The column Title is for reading alone.",
	} {
		if err := p.add(b.str(line)); err != nil {
			return err
		}
	}
	return p.close()
}

// allShops is how the sheet calls a map that holds everywhere.
const allShops = "all"

func shopName(marketplace string) string {
	if marketplace == catalog.EveryMarketplace {
		return allShops
	}
	if m, ok := amazon.MarketplaceByID(marketplace); ok {
		return m.Domain
	}
	return marketplace
}

// ProductList writes a filtered list of products.
func (k *Book) ProductList(w io.Writer, about [][2]string, rows iter.Seq2[catalog.Product, error]) error {
	l, err := newList("Products", nil, column{"SKU", 24}, column{"Title", 44}, column{"Connection", 18}, column{"Marketplace", 16}, column{"ASIN", 14},
		column{"Channel", 9}, column{"Listing", 12}, column{"P21 items", 34}, column{"Valid from", 12}, column{"Valid to", 12}, column{"State", 12})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(x catalog.Product) ([]any, error) {
		b := l.book
		return []any{b.str(x.SKU), b.str(x.Title), b.str(x.ConnectionName), b.str(shopName(x.Marketplace)), b.str(x.ASIN), b.str(string(x.Channel)), b.str(x.Status),
			b.str(x.Parts.String()), b.dateOf(x.From), b.dateOf(x.To), b.str(strings.ToLower(string(x.State)))}, nil
	})
}
