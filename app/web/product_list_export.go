package web

import (
	"io"

	"tieout/app/catalog"
)

// productListExport sends the workbook of the filtered products.
func (s *server) productListExport(r *request) error {
	f, err := r.productFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.productFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, catalog.Key{}
	rows := rowsOf(func() ([]catalog.Product, error) { return s.Catalog.Products(r.ctx(), f) }, func(last catalog.Product) { f.After = last.Key })
	return r.workbook("products", func(w io.Writer) error { return s.Workbooks.ProductList(w, about, rows) })
}
